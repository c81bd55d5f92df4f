"""Rules by which the hub lends a guide to another store: one command at home, then one where the guide helps out.

Counters never make them: who has the word over two stores is the hub.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.catalogue import BRAND_POLICY, Policy
from storeapp.domain.held import HUB
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.lending import (
    Away,
    GuideAway,
    GuideLent,
    LentGuide,
    Loan,
    copy_of,
    lent_id,
    merged,
    overlap,
)
from storeapp.domain.moment import Window
from storeapp.domain.people import Guide

KEPT = timedelta(days=1)
"""How long a loan is kept after its end: until then somebody may still bring something back."""


class SendGuide(Struct, frozen=True, gc=False):
    """The guide's own store does without the guide in a window, and the other has the guide ``there`` within it.

    Without a window, all that was lent to that store ends. Without ``there`` the stores are next door.
    """

    KIND: ClassVar[str] = "guide.send"
    FACT: ClassVar[bool] = False
    guide: str
    to: str
    window: Window | None
    there: Window | None = None


class BorrowGuide(Struct, frozen=True, gc=False):
    """A store may plan with a guide of another one as far as that one does without; the hub copies the guide."""

    KIND: ClassVar[str] = "guide.borrow"
    FACT: ClassVar[bool] = False
    guide: str


def send(command: SendGuide, draft: Draft, ctx: Context) -> Refusal | None:
    """A guide is at one store at a time."""
    if ctx.device != HUB:
        return Refusal("hub_decides")
    guide = draft.get(Guide, command.guide)
    if guide is None or not guide.active or guide.store != ctx.store or command.to == ctx.store:
        return Refusal("unknown_guide", {"guide": command.guide})
    before = draft.get(Away, guide.id) or Away(guide.id, guide.store)
    loans = tuple(loan for loan in before.loans if loan.window.end > ctx.now - KEPT)
    others = tuple(loan for loan in loans if loan.store != command.to)
    mine: tuple[Loan, ...] = ()
    if command.window:
        refusal = _lend(draft, others, command.guide, command.window)
        if refusal:
            return refusal
        new = Loan(command.to, command.window, command.there or command.window)
        mine = _with(tuple(loan for loan in loans if loan.store == command.to), new)
    after = Away(guide.id, guide.store, (*others, *mine))
    if after != before:
        draft.emit(GuideAway(guide.id, after))
    return None


def _lend(draft: Draft, others: tuple[Loan, ...], guide: str, window: Window) -> Refusal | None:
    taken = next((loan for loan in others if overlap(loan.window, window)), None)
    if not (draft.get(Policy, BRAND_POLICY) or Policy()).cross_percent:
        return Refusal("guide_of_other_store", {"guide": guide})
    return Refusal("guide_away", {"guide": guide, "store": taken.store}) if taken else None


def _with(loans: tuple[Loan, ...], new: Loan) -> tuple[Loan, ...]:
    """The loans with one more; what overlaps it becomes one with it."""
    for loan in loans:
        if overlap(loan.window, new.window):
            new = new.united(loan)
    apart = [loan for loan in loans if not overlap(loan.window, new.window)]
    return tuple(sorted((*apart, new), key=lambda loan: loan.window.start))


def borrow(command: BorrowGuide, draft: Draft, ctx: Context) -> Refusal | None:
    """Only as far as the guide's own store does without."""
    if ctx.device != HUB:
        return Refusal("hub_decides")
    guide = draft.get(Guide, command.guide)
    if guide is None or guide.store == ctx.store:
        return Refusal("unknown_guide", {"guide": command.guide})
    before = draft.get(LentGuide, lent_id(guide.id, ctx.store))
    windows = lent_to(draft.get(Away, guide.id), ctx.store)
    if before is None and not windows:
        return Refusal("guide_not_lent", {"guide": guide.id, "store": guide.store})
    after = LentGuide(lent_id(guide.id, ctx.store), ctx.store, copy_of(guide), windows)
    if after != before:
        draft.emit(GuideLent(after.id, after))
    return None


def lent_to(away: Away | None, store: str) -> tuple[Window, ...]:
    """When a guide is at a store for its deliveries."""
    return merged(loan.there for loan in away.loans if loan.store == store) if away else ()


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = ((SendGuide, send), (BorrowGuide, borrow))
