"""Watches the sync for the window: how it stands, what the last exchanges brought, and how to join a hub."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
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
LONG = 300
"""So many commands or rows are worth a bar; fewer are there before anybody has read it."""
_WORKING = frozenset({SyncStep.SENDING, SyncStep.FETCHING})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One exchange that ended: when, what was still to send, and why it failed if it did."""

    at: datetime
    pending: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A long exchange under way, as in `SyncStatus`; ``stopped`` while the line is cut, and it goes on from there."""

    step: SyncStep
    feed: str
    done: int
    total: int
    received_bytes: int = 0
    left_s: float | None = None
    stopped: bool = False

    @property
    def share(self) -> int:
        """How much of it is done, in percent; all only when it is."""
        return self.done * 100 // self.total


class SyncWatch(QObject):
    """The running sync as the screens see it; without a port this counter stands alone."""

    changed = Signal()
    """The status, or the list of attempts, is another one."""
    progressed = Signal()
    """Only how far a long exchange is has changed: there is nothing to read again."""

    def __init__(self, port: SyncPort | None, backend: Backend, open_counter: Open) -> None:
        super().__init__()
        self._port, self._backend, self._open = port, backend, open_counter
        self._runner: SyncRunner | None = None
        self.status = SyncStatus(step=SyncStep.ALONE)
        self.transfer: Transfer | None = None
        """What is told while it takes long; None for the small exchanges of every day."""
        self._receipt: datetime | None = None
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
        self.transfer = _transfer(status, self.transfer)
        if status.step is SyncStep.WAITING and status.next_try_at != before.next_try_at and status.next_try_at:
            self.attempts.appendleft(Attempt(datetime.now(UTC), status.pending, status.problem))
        elif status.step is SyncStep.RESTING and status.received_at not in (None, self._receipt):
            # Each page of a snapshot is received, too; the exchange has ended only now.
            self._receipt = status.received_at
            self.attempts.appendleft(Attempt(status.received_at, status.pending))
        (self.progressed if _moved_only(before, status) else self.changed).emit()

    def state(self, *, enrolled: bool, pending: int) -> SyncState:
        """How the chip in the bar shows it."""
        status = self.status
        if not enrolled:
            return SyncState.ALONE
        if status.problem not in _PASSING:
            return SyncState.ATTENTION
        if status.problem:
            fetching = self.transfer is not None and self.transfer.step is SyncStep.FETCHING
            return SyncState.CUT if fetching else SyncState.OFFLINE
        if self.transfer is not None:
            return SyncState.FETCHING if self.transfer.step is SyncStep.FETCHING else SyncState.SENDING
        return SyncState.PENDING if pending or status.received_at is None else SyncState.OK


def _transfer(status: SyncStatus, before: Transfer | None) -> Transfer | None:
    """What there is to tell of a long exchange: it stands still while the line is cut, and ends with a receipt."""
    if status.step in _WORKING:
        long = status.total >= LONG
        now = Transfer(status.step, status.feed, status.done, status.total, status.received_bytes, status.left_s)
        # Between two tries something small may come first, such as the brand's few changes.
        return now if long else before
    if status.step is SyncStep.WAITING and before is not None:
        return replace(before, stopped=True, left_s=None)
    return None


def _moved_only(before: SyncStatus, now: SyncStatus) -> bool:
    still = replace(before, done=now.done, total=now.total, received_bytes=now.received_bytes, left_s=now.left_s)
    return now.step in _WORKING and replace(still, pending=now.pending, received_at=now.received_at) == now
