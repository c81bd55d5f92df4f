"""Watches the sync for the window: how it stands, what the last exchanges brought, and how to join a hub."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Signal

from storeapp.services.counter import Counter, Open
from storeapp.services.ports import SyncPort, SyncRunner, SyncStatus, SyncStep
from ui.backend import Backend
from ui.kit.frame import SyncState

OFFLINE = "offline"
REMEMBERED = 30
_PASSING = frozenset({"", OFFLINE, "busy", "busy_elsewhere", "hub_trouble"})
"""Problems that mend themselves; every other one needs a person."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One exchange that ended: when, what was still to send, and why it failed if it did."""

    at: datetime
    pending: int
    problem: str = ""


class SyncWatch(QObject):
    """The running sync as the screens see it; without a port this counter stands alone."""

    changed = Signal()
    """The status, or the list of attempts, is another one."""

    def __init__(self, port: SyncPort | None, backend: Backend, open_counter: Open) -> None:
        super().__init__()
        self._port, self._backend, self._open = port, backend, open_counter
        self._runner: SyncRunner | None = None
        self.status = SyncStatus(step=SyncStep.ALONE)
        self.attempts: deque[Attempt] = deque(maxlen=REMEMBERED)
        backend.acted.connect(self.nudge)

    @property
    def can_enrol(self) -> bool:
        """Whether this program knows the way to a hub."""
        return self._port is not None

    def start(self) -> None:
        """Begin to keep in step; a counter that stands alone is looked at again once it is enrolled."""
        if self._port is not None and self._runner is None:
            self._runner = self._port.start(self._open, self._backend.tasks.relay(self._take))

    def stop(self) -> None:
        """End it; returns when its thread has ended."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.stop()

    def nudge(self) -> None:
        """Try now."""
        if self._runner is not None:
            self._runner.nudge()

    def enrol(self, url: str, code: str, *, done: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        """Join a hub, on a thread for the network."""

        def joined(_nothing: None) -> None:
            self._backend.reopen()
            self.nudge()
            done()

        self._backend.tasks.run_pooled(lambda: self._enrol(url, code), done=joined, failed=failed, owner=self)

    def _enrol(self, url: str, code: str) -> None:
        if self._port is None:
            return
        counter: Counter = self._open()
        try:
            self._port.enrol(counter, url=url, code=code)
        finally:
            counter.close()

    def _take(self, status: SyncStatus) -> None:
        before, self.status = self.status, status
        if status.step is SyncStep.WAITING and status.next_try_at != before.next_try_at and status.next_try_at:
            self.attempts.appendleft(Attempt(datetime.now(UTC), status.pending, status.problem))
        elif status.received_at is not None and status.received_at != before.received_at:
            self.attempts.appendleft(Attempt(status.received_at, status.pending))
        self.changed.emit()

    def state(self, *, enrolled: bool, pending: int) -> SyncState:
        """How the chip in the bar shows it."""
        status = self.status
        if not enrolled:
            return SyncState.ALONE
        if status.problem not in _PASSING:
            return SyncState.ATTENTION
        if status.problem:
            return SyncState.OFFLINE
        return SyncState.PENDING if pending or status.received_at is None else SyncState.OK
