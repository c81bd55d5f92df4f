"""Plans regions in the background of a serving hub: one job at a time, the searches in processes of their own.

Of several processes of the hub any one takes a job. One that dies leaves it to another; one that is told to end gives
it back.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from uuid import uuid4

from hub import jobs
from hub.core import Hub
from hub.database import DatabaseBusy
from hub.jobs import JobOutcome, JobState, Progress, RegionJob
from hub.region_job import Work
from storeapp.adapters.planner_process import ProcessPlanner
from storeapp.domain.dispatch import Limits, Planner

LOOK_S = 5.0
"""How often an idle process looks for a job that another one was asked for, or has left."""
PULSE_S = 0.5
"""How often a working one says how far it is, and asks whether it is still wanted."""
MOST_WORKERS = 4
GRACE_S = 5.0
"""How long a search that is late is waited for, within the budget of the whole."""
_log = logging.getLogger(__name__)

Planners = Callable[[ExitStack], Sequence[Planner]]


def processes(stack: ExitStack) -> Sequence[Planner]:
    """As many searches at once as leave half of the machine to the counters; they end with the stack."""
    count = max(1, min(MOST_WORKERS, (os.cpu_count() or 2) // 2))
    found = [ProcessPlanner(Limits(patient=True), grace_s=GRACE_S) for _ in range(count)]
    for planner in found:
        stack.callback(planner.close)
        planner.warm()
    return found


def work_on(
    hub: Hub,
    owner: str,
    job: RegionJob,
    *,
    planners: Planners = processes,
    told: Callable[[Progress], None] = lambda _: None,
    ending: threading.Event | None = None,
) -> RegionJob | None:
    """Do a job that is the owner's, and write down what came of it.

    Args:
        hub: the hub.
        owner: who has taken it.
        job: the job.
        planners: makes those who plan its parts.
        told: hears of every step, on this thread.
        ending: set where this process is to end; the job is given back then.

    Returns:
        The job as it is then, None where it was given back or taken over by another process.
    """
    ending = ending or threading.Event()
    with ExitStack() as stack:
        work = Work(hub, job, planners(stack), told=told)
        pulse = _Pulse(hub, owner, job, work, ending)
        pulse.start()
        try:
            ended, outcome = work.run()
        except DatabaseBusy:
            ended, outcome = JobState.FAILED, JobOutcome(code="busy")
        except Exception as error:
            _log.warning("a plan of a region failed: %s", type(error).__name__)
            ended, outcome = JobState.FAILED, JobOutcome(code="failed")
        finally:
            pulse.stop()
    if ended is JobState.CANCELLED and ending.is_set():
        jobs.give_back(hub, owner, job.id)
        return None
    return jobs.job(hub, job.id) if jobs.finish(hub, owner, job.id, ended, work.progress, outcome) else None


class _Pulse:
    """Says in the database that a job is worked on, and stops the work where it is no longer wanted."""

    def __init__(self, hub: Hub, owner: str, job: RegionJob, work: Work, ending: threading.Event) -> None:
        self._hub = hub
        self._owner = owner
        self._job = job
        self._work = work
        self._ending = ending
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="region-pulse", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """The work is over."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PULSE_S):
            if self._ending.is_set() or not self._beat():
                self._work.stop()

    def _beat(self) -> bool:
        try:
            return jobs.beat(self._hub, self._owner, self._job.id, self._work.progress)
        except DatabaseBusy:
            # The next one will be heard; a job is given up after many.
            return True


class RegionRunner:
    """Takes jobs one after the other on a thread of its own, as long as the hub serves."""

    def __init__(self, hub: Hub, *, planners: Planners = processes, look_s: float = LOOK_S) -> None:
        self._hub = hub
        self._owner = uuid4().hex
        self._planners = planners
        self._look_s = look_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="region-runner", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Give back what is under way, and end."""
        self._ending.set()
        self._hub.errands.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            self._hub.errands.clear()
            if not self._work():
                self._hub.errands.wait(self._look_s)

    def _work(self) -> bool:
        """Do one job, if there is one."""
        try:
            job = jobs.take(self._hub, self._owner)
            if job is not None:
                work_on(self._hub, self._owner, job, planners=self._planners, ending=self._ending)
        except DatabaseBusy:
            _log.warning("the database did not answer who asks for jobs")
            return False
        except Exception as error:
            # Whatever it was, somebody will ask for another plan.
            _log.error("could not work on a job: %s", type(error).__name__)
            return False
        return job is not None
