"""A fresh counter joins a hub that knows much, over a slow line that is cut, while somebody works in its window."""

import gc

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from devtools.proxy import DOWN, HEALTHY, Proxy
from storeapp.domain.delivery import DeliveryState
from storeapp.services.home import Home
from storeapp.services.ports import SyncStep
from storeapp.services.queries import Column
from sync import cycle, snapshot, transport
from sync.engine import SyncEngine
from tests.support.counters import MANAGER, bare, join, run, stand_alone, sync
from tests.support.hubs import an_order, make_hub
from tests.support.hubserver import serving
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.run import make_window

ORDERS = 400
STEP_BYTES = 400
WAIT_MS = 60_000


@pytest.fixture(autouse=True)
def collected_on_this_thread():
    """No thread of a test may collect another's widgets; see ``ui.kit.collector``."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()


@pytest.fixture
def line(tmp_path, monkeypatch):
    """A hub that was given many orders, behind a line that the test rules."""
    monkeypatch.setattr(cycle, "SNAPSHOT_FROM", 100)
    monkeypatch.setattr(snapshot, "PAGE_ROWS", 40)
    monkeypatch.setattr(transport, "STREAM_BYTES", 256)
    hub = make_hub(tmp_path / "hub")
    one = stand_alone(tmp_path / "one")
    run(one, *[an_order(f"T{n:04}") for n in range(ORDERS)])
    with serving(hub) as server:
        join(one, hub, server.url)
        assert sync(one).problem == ""
        one.close()
        proxy = Proxy(server.port)
        yield hub, proxy
        proxy.close()
    hub.db.close()


@pytest.fixture
def window(qapp, qtbot, tmp_path, line, language):
    apply(qapp, load_theme("light"))
    hub, proxy = line
    fresh = bare(tmp_path / "two")
    join(fresh, hub, proxy.url)
    fresh.close()
    proxy.slow_down()
    proxy.allow(6_000)
    made = make_window(qapp, Home(tmp_path / "two", fresh.clock), language=language, sync=SyncEngine())
    crashes = []
    made.backend.tasks.crashed.connect(crashes.append)
    made.session.sign_in(MANAGER, "manager")
    made.start()
    qtbot.waitUntil(lambda: all(page.is_built for page in made._pages.values()), timeout=WAIT_MS)
    yield made
    proxy.allow(None)
    made.close()
    assert not crashes


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_work_goes_on_while_the_first_snapshot_comes_and_is_cut(window, line, qtbot):
    _hub, proxy = line
    watch, page, seen = window.desk.sync, window.page("sync"), []
    watch.progressed.connect(lambda: seen.append(watch.transfer))
    watch.changed.connect(lambda: seen.append(watch.transfer))

    def slowly(true):
        qtbot.waitUntil(lambda: proxy.allow(STEP_BYTES) or true(), timeout=WAIT_MS)

    window.go("sync")
    slowly(lambda: watch.transfer is not None and watch.transfer.share >= 30)
    qtbot.waitUntil(lambda: page.transfer.isVisible() and str(watch.transfer.share) in page.transfer._share.text())
    assert str(watch.transfer.share) in chip(window)

    first = assign_first(window, qtbot)
    proxy.become(DOWN)
    qtbot.waitUntil(lambda: watch.transfer is not None and watch.transfer.stopped, timeout=WAIT_MS)
    before = watch.transfer
    assert before.step is SyncStep.FETCHING
    assert 0 < before.done < before.total
    assert before.left_s is None
    qtbot.waitUntil(lambda: str(before.share) in chip(window), timeout=WAIT_MS)
    second = assign_first(window, qtbot)

    seen.clear()
    proxy.become(HEALTHY)
    window.desk.sync.nudge()
    slowly(lambda: any(each is not None and each.done > before.done for each in seen))
    running = [each for each in seen if each is not None and not each.stopped]
    assert min(each.done for each in running) >= before.done
    # What was done meanwhile comes back as rows, too.
    assert {each.total - before.total for each in running} <= {0, 1, 2, 3, 4}

    proxy.allow(None)
    qtbot.waitUntil(lambda: watch.status.step is SyncStep.RESTING and watch.transfer is None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: known(window, qtbot)[1] == 0, timeout=WAIT_MS)
    states, _ = known(window, qtbot)
    assert len(states) == ORDERS
    assert {each for each, state in states.items() if state is DeliveryState.ASSIGNED} == {first, second}


def chip(window):
    return window.shell._top._sync.text()


def assign_first(window, qtbot):
    """The person goes to the board and gives the first delivery that waits to the first guide, by keys."""
    window.go("board")
    page = window.page("board")
    cards = page.columns.panel(Column.WAITING).list
    # The keys count once the lanes show their numbers, a turn after the guides are known.
    qtbot.waitUntil(lambda: bool(cards.cards) and bool(page.columns.guide_ids), timeout=WAIT_MS)
    wanted = cards.cards[0].id
    page.columns.select(wanted)
    QTest.keyClick(cards, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: page._rows[wanted].state is DeliveryState.ASSIGNED, timeout=WAIT_MS)
    window.go("sync")
    return wanted


def known(window, qtbot):
    """Every delivery's state, and how many commands wait."""
    from storeapp.domain.delivery import Delivery
    from storeapp.services.queries import counts

    found = []
    window.backend.read(
        lambda c: ({job.id: job.state for job in c.cache.every(Delivery)}, counts(c).pending), done=found.append
    )
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    return found[0]
