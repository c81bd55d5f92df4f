"""Plans in a process of its own, so that neither the window nor the database ever waits for a search.

The process is started once and asked again and again. It is killed when it does not answer in time or does not stop
when it should; then, and where it cannot be started at all, insertion plans here instead.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import Limits, PyvrpPlanner
from storeapp.domain.dispatch import Plan, Problem

LOG = logging.getLogger(__name__)
START_S = 20.0
"""How long a cold machine may take to start the process."""
GRACE_S, GRACE_EACH_S = 1.0, 0.01
"""How much later than its budget the last plan may come: so much, and for each stop so much more."""
STOP_S = 0.08
"""How long the process may take to stop before it is killed."""
_READY, _DONE, _STOP = "ready", "done", "stop"


class ProcessPlanner:
    """A planner that may be asked on any thread, one question at a time; closing the answers stops the search."""

    def __init__(self, limits: Limits | None = None, *, start_s: float = START_S) -> None:
        self._limits = limits or Limits()
        self._start_s = start_s
        self._lock = Lock()
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def warm(self) -> None:
        """Start the process now, so that the first question need not wait for it."""
        with self._lock:
            self._begin()

    def close(self) -> None:
        """End the process; whoever is asking gets no further plan."""
        # Without the lock, because who holds it may be waiting for the answer that this ends.
        process = self._process
        if process is not None and process.is_alive():
            process.kill()
            process.join()

    def plans(self, problem: Problem, /) -> Iterator[Plan]:
        """The plans as the process finds them."""
        with self._lock:
            count = 0
            for plan in self._ask(problem):
                count += 1
                yield plan
            if not count:
                yield from InsertionPlanner().plans(problem)

    # -- the process

    def _begin(self) -> Connection | None:
        if self._process is not None and self._process.is_alive():
            return self._connection
        self._end()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), name="planner", daemon=True)
        try:
            self._process.start()
        except OSError as error:
            LOG.warning("the planner's process did not start: %s", type(error).__name__)
            self._process = None
            self._end()
            return None
        finally:
            theirs.close()
        return self._connection if self._answer(self._start_s) == _READY else None

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = self._connection = None

    # -- questions

    def _ask(self, problem: Problem) -> Iterator[Plan]:
        connection = self._begin()
        if connection is None:
            return
        budget_s = self._limits.budget_s
        until = None if budget_s is None else time.monotonic() + budget_s + GRACE_S + GRACE_EACH_S * len(problem.stops)
        running = True
        try:
            connection.send((problem, self._limits))
            while isinstance(answer := self._answer(None if until is None else until - time.monotonic()), Plan):
                yield answer
            running = False
        except OSError:
            running = False
            self._end()
        finally:
            if running:
                self._stop()

    def _answer(self, wait_s: float | None) -> object:
        """The next answer; None where none came in time or the process died, which ends it."""
        connection = self._connection
        try:
            if connection is not None and connection.poll(None if wait_s is None else max(0.0, wait_s)):
                return connection.recv()
            LOG.warning("the planner did not answer in time and was ended")
        except (EOFError, OSError):
            LOG.warning("the planner's process died")
        self._end()
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
        self._end()


def serve(connection: Connection) -> None:
    """What the process does: answer until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        # The window comes first; Windows has no such call.
        os.nice(5)
    connection.send(_READY)
    with contextlib.suppress(EOFError, OSError):
        while True:
            question = connection.recv()
            # A stop that came after the end of its search needs nothing.
            if question != _STOP:
                _plan(connection, *question)


def _plan(connection: Connection, problem: Problem, limits: Limits) -> None:
    for plan in PyvrpPlanner(limits, stop=connection.poll).plans(problem):
        connection.send(plan)
    connection.send(_DONE)
