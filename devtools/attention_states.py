"""Plays what waits for a person for the pictures: a lost race, what the hub set aside, a fact against the record."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from devtools.demo_home import MANAGER
from storeapp.codec import encode
from storeapp.domain.delivery import Proof
from storeapp.domain.feeds import store_feed
from storeapp.domain.held import Cause, HeldCommand
from storeapp.domain.rules.custody import HandOver, ReturnDelivery
from storeapp.services.counter import Counter
from storeapp.services.guides import guide_rows
from storeapp.services.queries import board
from storeapp.store.cache import Row
from storeapp.store.rebase import take_page
from ui.pages.attention import AttentionPage
from ui.window import Window

Settle = Callable[[Window], None]
_STATES = {
    "refused": "stale_base",
    "parked": "handler_failed",
    "quarantined": "revoked",
    "discrepancy": "handed_over_twice",
}
_PARKED, _QUARANTINED = "00000000-parked", "00000000-quarantined"


def _held(counter: Counter) -> list[HeldCommand]:
    """A handover that the hub failed on with two steps after it, and an order of a counter that was turned away."""
    store, now, row = counter.store, counter.clock.now(), board(counter).out[0]

    def one(name: str, kind: str, cause: Cause, code: str, *, root: str = "", minutes: int) -> HeldCommand:
        at, followers = now - timedelta(minutes=minutes), () if root else ("f1", "f2")
        return HeldCommand(
            name,
            store,
            "dev-2b7c",
            kind,
            cause,
            code,
            at,
            MANAGER.id,
            subject=row.id,
            root=root,
            followers=followers,
            data={"guide": row.guide} if kind == "delivery.hand_over" else {},
        )

    return [
        one(_PARKED, "delivery.hand_over", Cause.PARKED, "handler_failed", minutes=42),
        one("f1", "delivery.deliver", Cause.PARKED, "needs_parked", root=_PARKED, minutes=30),
        one("f2", "exception.report", Cause.PARKED, "needs_parked", root=_PARKED, minutes=12),
        one(_QUARANTINED, "order.cancel", Cause.QUARANTINED, "revoked", minutes=95),
    ]


def tell_of_matters(counter: Counter) -> None:
    """As if the store's feed had told of them, beside a fact that contradicts the record."""
    rows = [Row(HeldCommand.KIND, held.id, 1, encode(held)) for held in _held(counter)]
    feed, at = store_feed(counter.store), counter.clock.now().isoformat()
    take_page(counter.cache, rows, feed=feed, cursor=counter.cache.cursor(feed), epoch="", at=at)
    out, guide = board(counter).out[0], guide_rows(counter)[-1].id
    with counter.transaction(MANAGER) as tx:
        tx.run(HandOver(out.id, 1, guide, Proof.TOKEN))
        tx.run(ReturnDelivery(board(counter).waiting[0].id, "other"))


def attention_states(window: Window, settle: Settle) -> Iterator[str]:
    """Choose one after the other; yields each one's name while it is shown."""
    page = window.page("attention")
    if not isinstance(page, AttentionPage):
        raise TypeError("the page of what waits is another page")
    window.backend.act(lambda counter, _actor: tell_of_matters(counter))
    settle(window)
    page.refresh()
    settle(window)
    for name, code in _STATES.items():
        if page.show_code(code):
            settle(window)
            yield name
