"""Keeps the window from ever waiting: one thread for the database, a pool for the network, results on the UI thread."""

from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QThread, QThreadPool, Signal, Slot
from shiboken6 import isValid
from typing_extensions import override

_T = TypeVar("_T")
_POOL_THREADS = 4


@dataclass(slots=True, eq=False)
class Ticket:
    """What the caller of a task holds to give it up."""

    cancelled: bool = False

    def cancel(self) -> None:
        """Skip the task if it has not begun; in any case drop its result."""
        self.cancelled = True


@dataclass(slots=True, eq=False)
class _Job:
    call: Callable[[], Any]
    done: Callable[[Any], None] | None
    failed: Callable[[Exception], None] | None
    owner: QObject | None
    ticket: Ticket = field(default_factory=Ticket)
    result: Any = None
    error: Exception | None = None

    def wanted(self) -> bool:
        return not self.ticket.cancelled and (self.owner is None or isValid(self.owner))

    def work(self) -> None:
        try:
            self.result = self.call()
        except Exception as error:
            self.error = error


class _Courier(QObject):
    """Carries calls to the UI thread: only a QObject method with a slot may receive across threads (PYSIDE-3124)."""

    posted = Signal(object)
    """A callable to run on the UI thread."""

    def __init__(self) -> None:
        super().__init__()
        self.posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _run(self, call: Callable[[], None]) -> None:
        call()


class _DatabaseThread(QThread):
    """Runs jobs one after another in the order they came."""

    def __init__(self, finished: Callable[[_Job], None]) -> None:
        super().__init__()
        self.setObjectName("database")
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._finished = finished

    def put(self, job: _Job | None) -> None:
        self._jobs.put(job)

    @override
    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.wanted():
                job.work()
            self._finished(job)


class Tasks(QObject):
    """Runs work off the UI thread; every callback arrives on the UI thread, in the order the work ended.

    A task whose ``owner`` was destroyed or whose ticket was cancelled calls nobody. Made on the UI thread, once.
    """

    crashed = Signal(object)
    """An exception of a task that gave no ``failed`` callback."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open: set[_Job] = set()
        self._closed = False
        self._courier = _Courier()
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(_POOL_THREADS)
        self._database = _DatabaseThread(self._post)
        self._database.start()

    def run(
        self,
        call: Callable[[], _T],
        *,
        done: Callable[[_T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
    ) -> Ticket:
        """Run a call on the database thread, after all calls given before it."""
        job = _Job(call, done, failed, owner)
        return self._begin(job, self._database.put)

    def run_pooled(
        self,
        call: Callable[[], _T],
        *,
        done: Callable[[_T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
    ) -> Ticket:
        """Run a call on any of the pool's threads: for the network, never for the database."""
        job = _Job(call, done, failed, owner)
        return self._begin(job, lambda wanted: self._pool.start(lambda: self._work_pooled(wanted)))

    def relay(self, call: Callable[..., None]) -> Callable[..., None]:
        """A version of a UI callback that any thread may call, such as for the progress of long work."""
        return lambda *data: self._courier.posted.emit(lambda: self._relayed(call, data))

    def pending(self) -> int:
        """How many tasks have not delivered their result yet."""
        return len(self._open)

    def shutdown(self, wait_ms: int = 10_000) -> bool:
        """Drop what has not begun and wait for what has, so that no transaction is cut.

        Returns:
            Whether all threads ended in time.
        """
        if self._closed:
            return True
        self._closed = True
        for job in self._open:
            job.ticket.cancel()
        self._database.put(None)
        ended = self._database.wait(wait_ms)
        return self._pool.waitForDone(wait_ms) and ended

    def _begin(self, job: _Job, start: Callable[[_Job], None]) -> Ticket:
        if self._closed:
            job.ticket.cancel()
            return job.ticket
        self._open.add(job)
        start(job)
        return job.ticket

    def _work_pooled(self, job: _Job) -> None:
        if job.wanted():
            job.work()
        self._post(job)

    def _post(self, job: _Job) -> None:
        self._courier.posted.emit(lambda: self._deliver(job))

    def _relayed(self, call: Callable[..., None], data: tuple[object, ...]) -> None:
        if not self._closed:
            call(*data)

    def _deliver(self, job: _Job) -> None:
        self._open.discard(job)
        if not job.wanted():
            return
        if job.error is None:
            if job.done:
                job.done(job.result)
        elif job.failed:
            job.failed(job.error)
        else:
            self.crashed.emit(job.error)
