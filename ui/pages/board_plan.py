"""Keeps the proposal in step with the board: plans anew beside everybody's work, and shows better plans calmly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from storeapp.domain.dispatch import Planner
from storeapp.services.counter import Counter
from storeapp.services.dispatch import Proposal, propose
from storeapp.services.queries import COLUMN_LIMIT
from storeapp.services.risk import plan_chances
from ui.desk import Desk
from ui.pages.board_read import Proposed, Seen

PAUSE_MS = 150
"""How long the board must stay as it is before it is planned anew."""
CALM_MS = 400
"""How long a shown plan stays before a better one takes its place."""
Signature = tuple[object, ...]


@runtime_checkable
class ClosablePlanner(Protocol):
    """A planner that works somewhere else and has to be ended."""

    def close(self) -> None:
        """End it."""


class Search:
    """One run of the planner; whoever sets ``stopped`` ends it within a tenth of a second."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self.stopped = False
        self.first_fen: int | None = None


class Planning(QObject):
    """The last proposal, and the search for a better one."""

    planned = Signal()
    """Another proposal is to be shown."""
    turned = Signal()
    """A search began or ended."""

    def __init__(self, desk: Desk, planner: Planner, parent: QObject) -> None:
        super().__init__(parent)
        self.proposed = Proposed()
        self._desk, self._planner = desk, planner
        self._seen: Seen | None = None
        self._search: Search | None = None
        self._latest: Proposed | None = None
        self._held = False
        self._planned_for: Signature = ()
        self._ended = False
        self.stopped = False
        """Whether the last search was ended before it had come to its own end."""
        self._pause = self._timer(PAUSE_MS, self._plan)
        self._calm = self._timer(CALM_MS, self._show_latest)

    def _timer(self, delay_ms: int, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(delay_ms)
        timer.timeout.connect(call)
        return timer

    @property
    def running(self) -> bool:
        """Whether a better plan is being looked for."""
        return self._search is not None and not self._search.stopped

    @property
    def settled(self) -> bool:
        """Whether the proposal is about the board as it is now, and its search came to its own end."""
        known = self._seen is not None and self._seen.signature() == self._planned_for
        return known and self._search is None and not self.stopped

    def look(self, seen: Seen) -> None:
        """This is the board now; plan if neither the last proposal nor the present search is about it."""
        self._seen = seen
        signature = seen.signature()
        if self._search is not None:
            # What is being searched is of no use any more; the next search begins when this one has ended.
            self._search.stopped |= self._search.signature != signature
        elif signature != self._planned_for:
            self._pause.start()

    def stop(self) -> None:
        """Enough: the best plan so far is the one."""
        if self._search is not None:
            self._search.stopped = True
            self.turned.emit()

    def forget(self) -> None:
        """Plan anew although nothing has changed."""
        self._planned_for = ()

    def hold(self, *, on: bool) -> None:
        """Show nothing new while somebody has a card in hand."""
        self._held = on
        if not on:
            self._show_latest()

    def close(self) -> None:
        """Nothing is wanted any more."""
        self._ended = True
        self._pause.stop()
        self._calm.stop()
        if self._search is not None:
            self._search.stopped = True
        if isinstance(self._planner, ClosablePlanner):
            self._planner.close()

    @Slot()
    def _plan(self) -> None:
        if self._seen is None or self._search is not None or self._ended:
            return
        search = self._search = Search(self._seen.signature())
        if self.proposed.proposal is not None:
            # What is shown stays until the new search has had time to find something as good.
            self._calm.start()
        better = self._desk.backend.tasks.relay(lambda found: self._found(search, found))
        planner = self._planner

        def work(counter: Counter) -> Proposed:
            return _proposed(
                counter,
                propose(
                    counter,
                    planner,
                    most_waiting=COLUMN_LIMIT,
                    better=lambda proposal: better(_proposed(counter, proposal)),
                    stopped=lambda: search.stopped,
                ),
            )

        self._desk.backend.aside(
            work,
            done=lambda found: self._done(search, found),
            failed=lambda error: self._failed(search, error),
            owner=self,
        )
        self.turned.emit()

    def _found(self, search: Search, found: Proposed) -> None:
        if search is not self._search or found.proposal is None:
            return
        if search.first_fen is None:
            search.first_fen = found.proposal.cost_fen
        self._latest = replace(found, saved_fen=search.first_fen - found.proposal.cost_fen)
        if not self._calm.isActive():
            self._show_latest()

    @Slot()
    def _show_latest(self) -> None:
        if self._held or self._latest is None:
            return
        self.proposed, self._latest = self._latest, None
        self._calm.start()
        self.planned.emit()

    def _done(self, search: Search, found: Proposed) -> None:
        if search.first_fen is None and not search.stopped:
            self._found(search, found)
        self._search, self._planned_for, self.stopped = None, search.signature, search.stopped
        self.turned.emit()
        if self._seen is not None and not self._ended:
            self.look(self._seen)

    def _failed(self, search: Search, error: Exception) -> None:
        # The board works without a proposal; it is tried again when something changes.
        self._search, self._planned_for = None, search.signature
        self.turned.emit()
        self._desk.failed(error)


def _proposed(counter: Counter, proposal: Proposal) -> Proposed:
    problem, least = proposal.problem, counter.policy.alert_percent
    chances = plan_chances(counter, problem, proposal.plan) if problem else {}
    return Proposed(
        proposal,
        {item.delivery_id: item for item in proposal.assignments},
        {item.delivery_id: item for item in proposal.kept},
        {item.delivery_id: item.reasons for item in proposal.unassigned},
        chances={key: chance for key, chance in chances.items() if 100 * chance < least},
    )
