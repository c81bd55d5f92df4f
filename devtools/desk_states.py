"""Plays the handoff desk for the pictures: what the page looks like after a badge, a good scan, and the bad ones."""

from collections.abc import Callable, Iterator

from devtools.demo_home import MANAGER
from storeapp.domain.kernel import Refusal
from storeapp.services import custody_desk, slips
from storeapp.services.counter import Counter
from storeapp.services.guides import guide_rows
from ui.pages.handoff import HandoffPage
from ui.window import Window

Settle = Callable[[Window], None]


def _papers(counter: Counter) -> tuple[str, list[str], str]:
    """The badge of a guide with parcels ready, their slips, and the slip of another guide."""
    ready = custody_desk.deliveries_in(counter)
    guide = next(row.guide for row in ready if row.guide)
    badge = slips.issue_badge(counter, MANAGER, guide)
    mine = [row for row in ready if row.guide == guide]
    other = next(row for row in ready if row.guide not in {"", guide})
    papers = [slips.issue_slip(counter, MANAGER, row.id) for row in (*mine, other)]
    tokens = [paper.qr_text for paper in (badge, *papers) if not isinstance(paper, Refusal)]
    return tokens[0], tokens[1:-1], tokens[-1]


def handoff_states(window: Window, settle: Settle) -> Iterator[str]:
    """Bring the desk from state to state; yields each one's name while it is shown."""
    page = window.page("handoff")
    if not isinstance(page, HandoffPage):
        raise TypeError("the handoff desk is another page")
    found: list[tuple[str, list[str], str]] = []
    window.backend.read(_papers, done=found.append)
    settle(window)
    badge, mine, other = found[0]
    for name, text in (("badge", badge), ("pass", mine[0]), ("hold", other), ("stop", mine[0]), ("unread", "6901234")):
        page.take_scan(text)
        settle(window)
        yield name
    page.take_back()
    settle(window)
    yield "undone"
    yield from _rescue(page, window, settle)


def _badges(counter: Counter) -> tuple[str, str]:
    """The badges of a guide who carries parcels, and of another."""
    guides = guide_rows(counter)
    giver = next(row for row in guides if row.in_custody)
    taker = next(row for row in guides if row.id != giver.id)
    papers = [slips.issue_badge(counter, MANAGER, row.id) for row in (giver, taker)]
    first, second = (paper.qr_text for paper in papers if not isinstance(paper, Refusal))
    return first, second


def _rescue(page: HandoffPage, window: Window, settle: Settle) -> Iterator[str]:
    """One guide takes over from another; the giver's badge is scanned twice first."""
    found: list[tuple[str, str]] = []
    window.backend.read(_badges, done=found.append)
    settle(window)
    giver, taker = found[0]
    page.begin_rescue()
    settle(window)
    yield "rescue"
    for name, text in (("giver", giver), ("same", giver), ("moved", taker)):
        page.take_scan(text)
        settle(window)
        yield f"rescue-{name}"
    window.desk.take_back()
    settle(window)
