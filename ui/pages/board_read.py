"""Reads what the dispatch board shows, and keeps a proposal by delivery."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.dispatch import Reason
from storeapp.services.counter import Counter
from storeapp.services.dispatch import Assignment, Proposal
from storeapp.services.guides import guide_rows
from storeapp.services.queries import Column, board
from storeapp.services.rows import Board, GuideRow, OrderRow

_PLANNED = frozenset({DeliveryState.WAITING, DeliveryState.ASSIGNED, DeliveryState.IN_CUSTODY})


@dataclass(frozen=True, slots=True)
class Seen:
    """The board at one moment: deliveries by column, the guides in the order of their keys, and the time."""

    board: Board
    guides: tuple[GuideRow, ...]
    now: datetime

    def rows(self) -> Mapping[str, OrderRow]:
        """Every delivery on the board."""
        return {row.id: row for column in Column for row in getattr(self.board, column)}

    def signature(self) -> tuple[object, ...]:
        """What a proposal depends on; while it is the same, the last proposal still holds."""
        rows = ((r.id, r.state, r.guide, r.window, r.needs, r.located) for r in self.rows().values())
        guides = tuple((guide.id, guide.window, guide.active) for guide in self.guides)
        return (guides, *(row for row in rows if row[1] in _PLANNED))


def read_board(counter: Counter) -> Seen:
    """Everything at once, so that all zones show one moment."""
    guides = (guide for guide in guide_rows(counter) if guide.active)
    return Seen(board(counter), tuple(guides), counter.clock.now())


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with its parts by delivery."""

    proposal: Proposal | None = None
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    kept: Mapping[str, Assignment] = field(default_factory=dict)
    left: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    saved_fen: int = 0
    """How much cheaper it is than the first that was found."""

    def reasons(self, delivery_id: str) -> tuple[Reason, ...]:
        """Why a delivery goes where it goes, or why it goes nowhere."""
        found = self.assignments.get(delivery_id) or self.kept.get(delivery_id)
        return found.reasons if found else self.left.get(delivery_id, ())
