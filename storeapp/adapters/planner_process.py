"""Plans in a process of its own, so that neither the window nor the database ever waits for a search.

The process is started once and asked again and again. It is killed when it does not answer in time or does not stop
when it should; then, and where it cannot be started at all, insertion plans here instead.
"""

import contextlib
import logging
import math
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock, Thread

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Limits, Plan, Problem, never

LOG = logging.getLogger(__name__)
START_S = 20.0
"""How long a cold machine may take to start the process."""
GRACE_S = 0.5
"""How much later than its budget the last plan may come before the process is given up."""
FIRST_S = 5.0
"""How long the first plan may take, on a machine that has other things to do."""
STOP_S = 0.05
"""How long the process may take to stop before it is killed."""
ASK_S = 0.02
"""How often somebody who waits for a plan is asked whether one is still wanted."""
_READY, _DONE, _STOP = "ready", "done", "stop"


class ProcessPlanner:
    """A planner that may be asked on any thread, one question at a time; closing the answers stops the search.

    Args:
        limits: when to stop.
        start_s: how long a cold machine may take to start the process.
        grace_s: how much later than its budget the last plan may come. Where nobody waits at a screen, a machine that
            has other things to do should rather be waited for.
    """

    def __init__(self, limits: Limits | None = None, *, start_s: float = START_S, grace_s: float = GRACE_S) -> None:
        self._limits = limits or Limits()
        self._start_s = start_s
        self._grace_s = grace_s
        self._lock = Lock()
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._ready = self._closed = False
        self.searched = False
        """Whether the last question was answered by the process, and not by insertion here."""

    def warm(self) -> None:
        """Start the process now, so that the first question need not wait for it."""
        with self._lock:
            self._begin()

    def close(self) -> None:
        """End the process; whoever is asking gets no further plan."""
        # Without the lock, because who holds it may be waiting for the answer that this ends.
        self._closed = True
        process = self._process
        if process is not None and process.is_alive():
            process.kill()
            process.join()

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        """The plans as the process finds them."""
        # Whoever holds it may be starting the process again after another stop.
        while not self._lock.acquire(timeout=ASK_S):
            if stopped():
                return
        try:
            count = 0
            for plan in self._ask(problem, stopped):
                count += 1
                yield plan
            self.searched = count > 0
            if not count and not stopped():
                yield from InsertionPlanner().plans(problem, stopped)
        finally:
            self._lock.release()

    # -- the process

    def _begin(self, stopped: Callable[[], bool] = never) -> Connection | None:
        if self._process is None or not self._process.is_alive():
            self._end()
            self._spawn()
        if self._closed:
            # Closed while it was being started, so nobody else ends it.
            self._end()
        if not self._ready and self._process is not None:
            # Where nobody wants a plan any more the process goes on starting, for whoever asks next.
            self._ready = self._answer(time.monotonic() + self._start_s, stopped) == _READY
        return self._connection if self._ready else None

    def _spawn(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), name="planner", daemon=True)
        try:
            self._process.start()
        except OSError as error:
            LOG.warning("the planner's process did not start: %s", type(error).__name__)
            self._process = None
            self._end()
        finally:
            theirs.close()

    def _end(self) -> None:
        process = self._let_go()
        if process is not None:
            process.join()

    def _let_go(self) -> BaseProcess | None:
        """Kill the process without waiting for its end; somebody must join it.

        Nobody closes it: whichever thread starts a process takes note of all that have ended, so `join` may come back
        before the object knows, and closing it then fails. What it holds is freed with it.
        """
        if self._connection is not None:
            self._connection.close()
        process = self._process
        if process is not None:
            process.kill()
        self._process = self._connection = None
        self._ready = False
        return process

    # -- questions

    def _ask(self, problem: Problem, stopped: Callable[[], bool]) -> Iterator[Plan]:
        connection = self._begin(stopped)
        if connection is None or stopped():
            return
        until = self._until(problem)
        first = max(until, time.monotonic() + FIRST_S)
        running = True
        try:
            connection.send((problem, self._limits))
            answer = self._answer(first, stopped)
            while isinstance(answer, Plan):
                yield answer
                answer = self._answer(until, stopped)
            running = answer is _STOP
        except OSError:
            running = False
            self._end()
        finally:
            if running:
                self._stop()

    def _until(self, problem: Problem) -> float:
        """When the last plan must be here."""
        budget_s = self._limits.budget_s if problem.budget_s is None else problem.budget_s
        if self._limits.budget_s is None or budget_s is None or problem.recipe is not None:
            return math.inf
        return time.monotonic() + budget_s + self._limits.prove_s + self._grace_s

    def _answer(self, until: float, stopped: Callable[[], bool]) -> object:
        """The next answer, or ``_STOP`` where none is wanted; None where none came in time or the process died."""
        connection = self._connection
        try:
            while connection is not None:
                if stopped():
                    return _STOP
                if connection.poll(max(0.0, min(ASK_S, until - time.monotonic()))):
                    return connection.recv()
                if time.monotonic() >= until:
                    break
            LOG.warning("the planner did not answer in time and was ended")
        except (EOFError, OSError):
            LOG.warning("the planner's process died")
        self._replace()
        return None

    def _stop(self) -> None:
        """Nobody wants further plans."""
        connection = self._connection
        if connection is None:
            return
        until = time.monotonic() + STOP_S
        try:
            connection.send(_STOP)
            while connection.poll(max(0.0, until - time.monotonic())):
                if connection.recv() == _DONE:
                    return
        except (EOFError, OSError):
            LOG.warning("the planner's process died")
        self._replace()

    def _replace(self) -> None:
        """Kill the process, and start another at once, so that whoever asks next need not wait for that."""
        dead = self._let_go()
        if dead is not None:
            Thread(target=self._bury, args=(dead,), name="planner-warm", daemon=True).start()

    def _bury(self, dead: BaseProcess) -> None:
        dead.join()
        if not self._closed:
            self.warm()


def serve(connection: Connection) -> None:
    """What the process does: answer until nobody is there any more."""
    # Imported here, in the process: the window needs no solver, and loading one takes it longer than opening.
    from storeapp.adapters.pyvrp_planner import PyvrpPlanner

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        # The window comes first; Windows has no such call.
        os.nice(5)
    with contextlib.suppress(EOFError, OSError):
        connection.send(_READY)
        while True:
            question = connection.recv()
            # A stop that came after the end of its search needs nothing.
            if question != _STOP:
                problem, limits = question
                for plan in PyvrpPlanner(limits).plans(problem, connection.poll):
                    connection.send(plan)
                connection.send(_DONE)
