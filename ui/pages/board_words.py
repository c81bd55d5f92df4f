"""Turns deliveries, guides and proposals into the cards, lanes and sentences of the dispatch board."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.moment import STORE_ZONE
from storeapp.i18n import Translator
from storeapp.services.queries import Column
from storeapp.services.reasons import ReasonWords
from storeapp.services.rows import GuideRow, OrderRow
from ui.desk import clock_time
from ui.kit.cards import BlockKind, DeliveryCard, GuideCard, Lane, LaneBlock, Proposal, Urgency
from ui.pages.board_read import Proposed, Seen
from ui.pages.order_words import (
    NOT_LOCATED,
    SHORT_STOCK,
    card_number,
    customer,
    is_unconfirmed,
    priority_name,
    priority_of,
    time_left,
    urgency,
)

FILTERS = ("all", "soon", "short", "lost")
_BLOCK_MIN, _TAIL_MIN, _NARROWEST_MIN = 26, 4, 3
"""How long a delivery is drawn before and after the moment it arrives."""
_OUT = frozenset({DeliveryState.IN_CUSTODY, DeliveryState.PARTLY_DELIVERED})
_COMING_BACK = frozenset({DeliveryState.FAILED, DeliveryState.RETURNING})
_BACK = _COMING_BACK | {DeliveryState.RETURNED}
HOW_TIMED = frozenset({"time_estimated", "time_learned", "time_roads"})
PLAIN = HOW_TIMED | {"skill_any", "fair_even"}
"""Reasons that say nothing for or against anybody, and give way to those that do."""
UNSURE = PLAIN | {
    "next_best", "next_best_same", "only_guide", "late", "late_at_fee", "later_than_told", "kept", "detour",
    "fair_more",
}  # fmt: skip
"""Reasons that do not speak for the guide."""


_LATER = frozenset({"free"})
"""What speaks for a guide, but least where there is little room."""
_ARRIVAL = frozenset({"on_time", "late", "late_at_fee"})


def fits(row: OrderRow, kept: str, now: datetime) -> bool:
    """Whether a waiting delivery is shown under a filter."""
    if kept == "soon":
        return urgency(row, now) in (Urgency.SOON, Urgency.LATE)
    if kept == "short":
        return SHORT_STOCK in row.needs
    return kept != "lost" or NOT_LOCATED in row.needs


class BoardWords:
    """The words of the board in one language."""

    def __init__(self, words: Translator) -> None:
        self._words = words
        self._plain: dict[str, tuple[OrderRow, datetime, DeliveryCard]] = {}
        """What a card says whatever is proposed; a better plan comes several times a second, another row seldom."""

    def column(self, column: Column, seen: Seen, proposed: Proposed, kept: str) -> list[DeliveryCard]:
        """The cards of one column; the filter narrows what waits."""
        rows: Sequence[OrderRow] = getattr(seen.board, column)
        if column is not Column.WAITING:
            return [self.card(row, seen.now, chance=self.chance(row.id, proposed)) for row in rows]
        names = {guide.id: guide.name for guide in seen.guides}
        reasons = self.reason_words(seen)
        shown = [row for row in rows if fits(row, kept, seen.now)]
        self._plain = {row.id: (row, seen.now, self._card(row, seen.now)) for row in shown}
        return [
            replace(card, proposal=self._proposal(row, proposed, names, reasons))
            for row, _, card in self._plain.values()
        ]

    def _card(self, row: OrderRow, now: datetime) -> DeliveryCard:
        """The card of one that waits, without who is proposed; the one of before where nothing else has changed."""
        before, since, card = self._plain.get(row.id, (None, None, None))
        return card if card is not None and before is row and since == now else self.card(row, now)

    def card(self, row: OrderRow, now: datetime, *, chance: str = "") -> DeliveryCard:
        """One delivery; ``chance`` says how likely it is on time, where that is to be seen."""
        return DeliveryCard(
            id=row.id,
            number=card_number(row.order_no),
            customer=customer(self._words, row),
            area=row.person.area,
            goods=self._goods(row),
            promise=self._words.text("board.promise", time=clock_time(row.window.end)),
            left=self._left(row, now),
            urgency=Urgency.BACK if row.state in _BACK else urgency(row, now),
            guide="" if row.state is DeliveryState.WAITING else row.guide_name,
            progress=" · ".join(filter(None, (chance, self._progress(row)))),
            priority=priority_of(row),
            priority_name=priority_name(self._words, row),
            unsure=is_unconfirmed(row),
        )

    def _goods(self, row: OrderRow) -> str:
        """What is delivered; that it may be promised twice comes first, because the end of a line is cut."""
        return f"{self._words.text('board.unconfirmed')} · {row.goods}" if is_unconfirmed(row) else row.goods

    def _left(self, row: OrderRow, now: datetime) -> str:
        how = urgency(row, now)
        if how is Urgency.BLOCKED:
            return self._words.text("board.short")
        if how in (Urgency.DONE, Urgency.OFF) or row.state in _BACK:
            return self._words.text(f"state.{row.state}")
        return time_left(self._words, row.window.end, now)

    def _progress(self, row: OrderRow) -> str:
        if row.state in _BACK:
            return ""
        if row.finished_at is not None:
            return self._words.text("board.arrived", time=clock_time(row.finished_at))
        return self._words.text("board.eta", time=clock_time(row.eta)) if row.eta else ""

    def _proposal(self, row: OrderRow, proposed: Proposed, names: Mapping[str, str], reasons: ReasonWords) -> Proposal:
        """Who is proposed, or why nobody is; every waiting card has this line, so that none changes its height."""
        item = proposed.assignments.get(row.id)
        if item is None:
            left = proposed.left.get(row.id, ())
            return Proposal("", "", "", reasons.text(left[0]) if left else self._words.text("board.unplanned"))
        reason = reasons.text(item.reasons[0]) if item.reasons else ""
        reason = " · ".join(filter(None, (self.chance(row.id, proposed), reason)))
        return Proposal(item.guide, names.get(item.guide, item.guide), clock_time(item.eta), reason)

    def chance(self, delivery: str, proposed: Proposed) -> str:
        """How likely it is on time, where that is less than the rules ask for; nothing for all others."""
        found = proposed.chances.get(delivery)
        return "" if found is None else self._words.text("board.chance", n=int(100 * found))

    @staticmethod
    def numbers(seen: Seen) -> dict[str, str]:
        """What people call each delivery."""
        return {row.id: card_number(row.order_no) for row in seen.rows().values()}

    def reason_words(self, seen: Seen) -> ReasonWords:
        """Reasons with the names and numbers of this board."""
        guides = {guide.id: guide.name for guide in seen.guides}
        return ReasonWords(self._words, guides=guides, orders=self.numbers(seen))

    def guide(self, guide: GuideRow) -> GuideCard:
        """One guide with load and shift."""
        load = guide.assigned + guide.in_custody
        shift = f"{clock_time(guide.window.start)}–{clock_time(guide.window.end)}" if guide.window else ""
        off = "" if guide.on_shift else self._words.text("board.off_shift")
        how = self._words.text(f"travel.{guide.mode}")
        detail = self._words.text("board.load", how=how, load=load, capacity=guide.max_parcels)
        return GuideCard(guide.id, guide.name, off or detail, shift, load, guide.max_parcels, off)

    def away(self, guide: GuideRow) -> list[LaneBlock]:
        """When a guide helps out elsewhere today."""
        return away_blocks(guide, self._words, minute)

    def _standing(self, row: OrderRow) -> tuple[str, list[tuple[str, bool]]]:
        """What there is to say of a delivery that is not planned: its state, and what can be done."""
        state = self._words.text(f"state.{row.state}")
        title = self._words.text(
            "board.stands", number=card_number(row.order_no), customer=customer(self._words, row), state=state
        )
        code = f"board.todo.{row.state}"
        return title, [(self._words.text(code), False)] if self._words.has(code) else []

    def why(self, row: OrderRow, seen: Seen, proposed: Proposed) -> tuple[str, list[tuple[str, bool]]]:
        """The why panel: its title, and sentences with whether each speaks for it."""
        item = proposed.assignments.get(row.id)
        kept = row.guide_name
        number = card_number(row.order_no)
        if item is not None:
            kept = next((guide.name for guide in seen.guides if guide.id == item.guide), item.guide)
        if row.state is DeliveryState.WAITING and item is None:
            title = self._words.text("board.why_not" if proposed.proposal else "board.planning", number=number)
        elif row.id not in proposed.kept and item is None:
            return self._standing(row)
        else:
            title = self._words.text("board.why", number=number, customer=customer(self._words, row), guide=kept)
        words = self.reason_words(seen)
        # What says how the time was worked out speaks for nobody, and gives way to what does.
        reasons = sorted(proposed.reasons(row.id), key=lambda reason: (reason.code in PLAIN, reason.code in _LATER))
        good = row.state is not DeliveryState.WAITING or item is not None
        chance = self.chance(row.id, proposed)
        lines: list[tuple[str, bool]] = []
        for reason in reasons:
            text, speaks = words.text(reason), good and reason.code not in UNSURE
            lines.append((f"{chance} · {text}", False) if reason.code in _ARRIVAL and chance else (text, speaks))
        return title, lines


def lanes(words: BoardWords, seen: Seen, proposed: Proposed) -> list[Lane]:
    """The day of every guide, with what is done, on the way, planned and proposed."""
    rows = [row for row in seen.rows().values() if row.guide and row.state is not DeliveryState.RETURNED]
    waiting = {row.id: row for row in seen.board.waiting}
    made = []
    for guide in seen.guides:
        blocks = [_block(row, seen.now) for row in rows if row.guide == guide.id]
        blocks += [
            _around(item.eta, BlockKind.PROPOSAL, waiting[item.delivery_id])
            for item in proposed.assignments.values()
            if item.guide == guide.id and item.eta is not None and item.delivery_id in waiting
        ]
        start, end = (minute(guide.window.start), minute(guide.window.end)) if guide.window else (0, 0)
        shown = (*words.away(guide), *_side_by_side(blocks))
        made.append(Lane(words.guide(guide), start, end if end > start or not end else 24 * 60, shown))
    return made


def away_blocks(guide: GuideRow, words: Translator, minute_of: Callable[[datetime], int]) -> list[LaneBlock]:
    """When a guide helps out elsewhere: no delivery of this store fits there."""
    return [
        LaneBlock(minute_of(w.start), minute_of(w.end), words.text("board.away", store=store), BlockKind.AWAY)
        for store, w in guide.away
    ]


def _block(row: OrderRow, now: datetime) -> LaneBlock:
    if row.finished_at is not None:
        at = minute(row.finished_at)
        number = card_number(row.order_no)
        return LaneBlock(at - _BLOCK_MIN, at, number, BlockKind.DONE, sub=row.person.name, delivery_id=row.id)
    if row.state in _COMING_BACK:
        return _around(now, BlockKind.RETURN, row)
    arrives = row.eta or row.window.end
    if row.window.end <= now:
        return _around(max(arrives, now), BlockKind.LATE, row)
    if row.state in _OUT:
        return _around(max(arrives, now), BlockKind.LIVE, row)
    return _around(arrives, BlockKind.PLANNED, row)


def _around(arrives: datetime, kind: BlockKind, row: OrderRow) -> LaneBlock:
    at = minute(arrives)
    number = card_number(row.order_no)
    return LaneBlock(at - _BLOCK_MIN, at + _TAIL_MIN, number, kind, sub=row.person.name, delivery_id=row.id)


def _side_by_side(blocks: Iterable[LaneBlock]) -> tuple[LaneBlock, ...]:
    """Blocks in the order of arrival; one that would hide the one before begins where that ends.

    What is done ended when it did and only gets narrower; everything else moves on.
    """
    placed: list[LaneBlock] = []
    free_min = 0
    for block in sorted(blocks, key=lambda each: (each.start_min, each.delivery_id)):
        start = max(block.start_min, free_min)
        end = start + block.end_min - block.start_min
        if block.kind is BlockKind.DONE:
            end = max(block.end_min, free_min + _NARROWEST_MIN)
            start = min(start, end - _NARROWEST_MIN)
        placed.append(LaneBlock(start, end, block.label, block.kind, block.sub, block.delivery_id))
        free_min = end
    return tuple(placed)


def minute(moment: datetime) -> int:
    """Minutes after the store's midnight."""
    local = moment.astimezone(STORE_ZONE)
    return local.hour * 60 + local.minute


def span(now: datetime) -> tuple[int, int]:
    """The part of the day that the lanes show: an hour back, four and a half ahead."""
    first = max(0, minute(now) // 60 * 60 - 60)
    return (first, first + 330) if first + 330 <= 24 * 60 else (24 * 60 - 330, 24 * 60)
