"""Keeps the proposal in step with the board: plans anew, off the UI thread, when something it depends on changed."""

from PySide6.QtCore import QObject, QTimer, Signal

from storeapp.domain.dispatch import Planner
from ui.desk import Desk
from ui.kit.worker import Ticket
from ui.pages.board_read import Proposed, Seen, read_proposal

PAUSE_MS = 250
"""How long the board must stay as it is before it is planned anew."""


class Planning(QObject):
    """The last proposal, and the planning of the next."""

    planned = Signal()
    """There is a new proposal."""

    def __init__(self, desk: Desk, planner: Planner, parent: QObject) -> None:
        super().__init__(parent)
        self.proposed = Proposed()
        self._desk = desk
        self._planner = planner
        self._seen: Seen | None = None
        self._planned_for: tuple[object, ...] = ()
        self._running: Ticket | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._plan)

    def look(self, seen: Seen) -> None:
        """This is the board now; plan if the last proposal is not about it."""
        self._seen = seen
        if seen.signature() != self._planned_for:
            self._pause.start()

    def _plan(self) -> None:
        if self._seen is None or self._running is not None:
            return
        asked, planner = self._seen.signature(), self._planner
        self._running = self._desk.backend.aside(
            lambda counter: read_proposal(counter, planner),
            done=lambda proposed: self._done(asked, proposed),
            failed=lambda error: self._failed(asked, error),
            owner=self,
        )

    def _done(self, asked: tuple[object, ...], proposed: Proposed) -> None:
        self._running, self._planned_for, self.proposed = None, asked, proposed
        self.planned.emit()
        if self._seen is not None:
            self.look(self._seen)

    def _failed(self, asked: tuple[object, ...], error: Exception) -> None:
        # The board works without a proposal; it is tried again when something changes.
        self._running, self._planned_for = None, asked
        self._desk.failed(error)
