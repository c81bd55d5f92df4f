"""Reads what the dispatch board shows, and keeps a proposal by delivery."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.dispatch import Reason
from storeapp.services.counter import Counter
from storeapp.services.dispatch import Assignment, Proposal
from storeapp.services.guides import guide_rows
from storeapp.services.queries import Column, board
from storeapp.services.rows import Board, GuideRow, OrderRow

_PLANNED = frozenset({DeliveryState.WAITING, DeliveryState.ASSIGNED, DeliveryState.IN_CUSTODY})


class Wish(NamedTuple):
    """What staff ask of the planner for one delivery: only this guide, none of those, before others."""

    pinned: str = ""
    banned: tuple[str, ...] = ()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """The board at one moment: deliveries by column, the guides in the order of their keys, and the time."""

    board: Board
    guides: tuple[GuideRow, ...]
    now: datetime
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    """What staff ask of the planner, by delivery; those of whom nothing is asked are not in it."""

    def rows(self) -> Mapping[str, OrderRow]:
        """Every delivery on the board."""
        return {row.id: row for column in Column for row in getattr(self.board, column)}

    def signature(self) -> tuple[object, ...]:
        """What a proposal depends on; while it is the same, the last proposal still holds."""
        rows = ((r.id, r.state, r.guide, r.window, r.needs, r.located) for r in self.rows().values())
        guides = tuple((guide.id, guide.window, guide.active) for guide in self.guides)
        return (guides, tuple(self.wishes.items()), *(row for row in rows if row[1] in _PLANNED))


def read_board(counter: Counter) -> Seen:
    """Everything at once, so that all zones show one moment."""
    guides = (guide for guide in guide_rows(counter) if guide.active)
    shown = board(counter)
    return Seen(shown, tuple(guides), counter.clock.now(), _wishes(counter, (*shown.waiting, *shown.assigned)))


def _wishes(counter: Counter, rows: Iterable[OrderRow]) -> Mapping[str, Wish]:
    jobs = counter.cache.many(Delivery, [row.id for row in rows])
    found = {key: Wish(job.pinned, job.banned, job.priority) for key, job in jobs.items()}
    return {key: wish for key, wish in found.items() if wish != Wish()}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with its parts by delivery."""

    proposal: Proposal | None = None
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    kept: Mapping[str, Assignment] = field(default_factory=dict)
    left: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    saved_fen: int = 0
    """How much cheaper it is than the first that was found."""
    chances: Mapping[str, float] = field(default_factory=dict)
    """How likely each delivery is on time, of those that are less so than the rules ask for."""

    def reasons(self, delivery_id: str) -> tuple[Reason, ...]:
        """Why a delivery goes where it goes, or why it goes nowhere."""
        found = self.assignments.get(delivery_id) or self.kept.get(delivery_id)
        return found.reasons if found else self.left.get(delivery_id, ())
