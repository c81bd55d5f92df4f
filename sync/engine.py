"""Keeps a counter in step with its hub: once for the command line, for ever for the window."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from storeapp.adapters.filelock import FileLock
from storeapp.services import enrolment
from storeapp.services.clock import SystemClock
from storeapp.services.counter import Counter, Open
from storeapp.services.enrolment import Answer
from storeapp.services.exchange import Exchange
from storeapp.services.home import device_key
from storeapp.services.ports import MapServices, SyncFailed, SyncReport, SyncStatus, SyncStep
from storeapp.store.errors import StoreError
from sync.backoff import Backoff
from sync.cycle import Cycle
from sync.listener import Listener
from sync.map_errand import MapErrand
from sync.pace import Advance, Pace, Progress
from sync.protocol.messages import EnrolRequest
from sync.transport import HubClient, HubTrouble, Signer

LOCK_FILE = "sync.lock"
LOOK_S = 2.0
"""How often to look whether the command line has saved something."""

REFRESH_S = 30.0
"""How often to exchange although nothing seems to have happened; the brand's feed is not listened to."""

TELL_EVERY_S = 0.25
ELSEWHERE_S = 5.0
FIRST_YEAR, LAST_YEAR = 2020, 2200
UNREAD = "rows_unread"
"""All went well, and some of what came only a newer version of this program can show."""
IGNORED_OFFSET = timedelta(seconds=2)
_log = logging.getLogger(__name__)


def _is_private(url: str) -> bool:
    """Whether nobody on the way can read along: TLS, or this very computer."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"})


def quiet(_advance: Advance) -> None:
    """Progress that nobody looks at."""


class SyncEngine:
    """The hub as the window and the command line see it."""

    def __init__(self, chance: random.Random | None = None, maps: MapServices | None = None) -> None:
        self._chance = chance or random.Random()  # noqa: S311 -- spreads retries, guards nothing
        self._maps = maps

    def enrol(self, counter: Counter, *, url: str, code: str) -> None:
        """Make the counter part of a hub.

        Raises:
            SyncFailed: the hub was not reached or refused; nothing was changed.
            EnrolmentFailed: the hub's answer is not for this counter; nothing was changed.
        """
        if not _is_private(url):
            raise SyncFailed("hub_not_https")
        offer = enrolment.offer(counter)
        client = HubClient(url, Signer(counter.device, device_key(counter), lambda: datetime.now(UTC)))
        try:
            reply = client.enrol(
                EnrolRequest(
                    code=code,
                    device=offer.device,
                    public_key=offer.public_key,
                    transport_key=offer.transport_key,
                    root_certificate=offer.root_certificate,
                    brands=offer.brands,
                )
            )
        finally:
            client.close()
        answer = Answer(
            url=url,
            device=reply.device,
            store=reply.store,
            brand=reply.brand,
            certificate=reply.certificate,
            root_certificate=reply.root_certificate,
            transport_key=reply.transport_key,
        )
        enrolment.accept(counter, answer)

    def once(self, counter: Counter, progress: Progress = quiet) -> SyncReport:
        """Give everything, take everything, and say what came of it; only one process at a time does."""
        if not counter.enrolled:
            return SyncReport(problem="not_enrolled")
        if enrolment.must_rejoin(counter):
            return _with_numbers(counter, SyncReport(problem="must_rejoin"))
        lock = FileLock(counter.home / LOCK_FILE)
        if not lock.acquire():
            return _with_numbers(counter, SyncReport(problem="busy_elsewhere"))
        worker = _Worker(counter)
        try:
            report = worker.run(progress)
        except SyncFailed as failed:
            report = replace(worker.cycle.report, problem=failed.code)
        finally:
            worker.put_in_order()
            worker.close()
            lock.release()
        return _with_numbers(counter, report)

    def start(self, open_counter: Open, on_change: Callable[[SyncStatus], None]) -> "Runner":
        """Keep the counter in step; ``on_change`` is called on the sync's thread."""
        runner = Runner(open_counter, on_change, Backoff(self._chance), MapErrand(self._maps))
        runner.start()
        return runner


def _with_numbers(counter: Counter, report: SyncReport) -> SyncReport:
    numbers = Exchange(counter).numbers()
    problem = report.problem or (UNREAD if numbers.unread else "")
    return replace(report, problem=problem, pending=numbers.pending, received_at=numbers.received_at)


class _Worker:
    """An open counter with a connection to its hub."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.exchange = Exchange(counter)
        self._offset = timedelta(0)
        self.signer = Signer(counter.device, device_key(counter), self._now)
        self.client = HubClient(self.exchange.url, self.signer)
        self.cycle = Cycle(self.exchange, self.client, self._right_the_clock)

    def _now(self) -> datetime:
        """The computer's clock, set right by the hub's."""
        return datetime.now(UTC) + self._offset

    def run(self, progress: Progress) -> SyncReport:
        """One exchange; from the greeting on, the clock is right."""
        return self.cycle.run(progress)

    def put_in_order(self) -> None:
        """Do what an exchange leaves to be done when nobody waits any more; what fails, the next one does."""
        try:
            self.exchange.fold()
        except StoreError as failed:
            _log.warning("the cache was not put in order: %s", failed.code)

    def _right_the_clock(self, hub_time: datetime) -> None:
        if not FIRST_YEAR <= hub_time.year <= LAST_YEAR:
            return  # Nobody's clock: to believe it would leave this counter without any.
        offset = hub_time - datetime.now(UTC)
        if abs(offset - self._offset) > IGNORED_OFFSET:
            self._offset = offset
        clock = self._counter.clock
        if isinstance(clock, SystemClock):
            clock.offset = self._offset

    def close(self) -> None:
        self.client.close()


class Runner:
    """A running sync, working on a thread of its own."""

    def __init__(
        self, open_counter: Open, on_change: Callable[[SyncStatus], None], backoff: Backoff, errand: MapErrand
    ) -> None:
        self._open = open_counter
        self._errand = errand
        self._on_change = on_change
        self._backoff = backoff
        self._wake = threading.Event()
        self._ending = False
        self._status = SyncStatus(step=SyncStep.ALONE)
        self._thread = threading.Thread(target=self._work, name="sync", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def nudge(self) -> None:
        """Something was saved, or a person asked: try now."""
        self._wake.set()

    def stop(self) -> None:
        """End it; returns when its thread has ended."""
        self._ending = True
        self._wake.set()
        self._thread.join()

    def _tell(self, status: SyncStatus) -> None:
        if status != self._status:
            self._status = status
            self._on_change(status)

    def _work(self) -> None:
        counter: Counter | None = None
        while not self._ending:
            try:
                if counter is None or counter.journal.is_replaced:
                    counter = self._opened_instead_of(counter)
                self._live(counter)
            except StoreError as failed:
                self._recover(failed.code)
            except Exception as error:
                # Whatever it was, the next try is set: a bug must not leave a counter silent for ever.
                _log.error("the sync failed: %s", type(error).__name__)
                self._recover("sync_failed")
        if counter is not None:
            counter.close()

    def _opened_instead_of(self, counter: Counter | None) -> Counter:
        """After a salvage the journal is another file; what is given to the old one nobody would see."""
        if counter is not None:
            counter.close()
        return self._open()

    def _recover(self, code: str) -> None:
        """Not even the figures can be read now: the last ones are told once more, with why they are old."""
        self._tell(replace(self._status, step=SyncStep.WAITING, problem=code))
        self._wake.clear()
        self._wake.wait(0 if self._ending else self._backoff.next_s())

    def _live(self, counter: Counter) -> None:
        lock = FileLock(counter.home / LOCK_FILE)
        try:
            while not self._ending:
                self._wake.clear()
                counter.reload()
                if not counter.enrolled:
                    self._tell(SyncStatus(step=SyncStep.ALONE))
                    self._go(counter)
                    self._wake.wait(LOOK_S)
                elif enrolment.must_rejoin(counter):
                    self._tell(self._counted(counter, SyncStep.WAITING, problem="must_rejoin"))
                    self._wake.wait(LOOK_S)
                elif not lock.acquire():
                    self._tell(self._counted(counter, SyncStep.WAITING, problem="busy_elsewhere"))
                    self._wake.wait(ELSEWHERE_S)
                else:
                    self._serve(counter)
        finally:
            lock.release()

    def _serve(self, counter: Counter) -> None:
        """Exchange until the end, or until this counter belongs to another hub."""
        worker = _Worker(counter)
        listener = Listener(HubClient(worker.exchange.url, worker.signer), self.nudge)
        try:
            while not self._ending:
                self._wake.clear()
                self._exchange(counter, worker, listener)
        finally:
            listener.stop()
            worker.close()

    def _exchange(self, counter: Counter, worker: _Worker, listener: Listener) -> None:
        pace, told, told_at = Pace(time.monotonic), Advance(SyncStep.RESTING, 0, 0), 0.0

        def progress(now: Advance) -> None:
            nonlocal told, told_at
            left_s, at = pace.left_s(now), time.monotonic()
            # A slow line brings many pieces for one page: nobody reads faster than that.
            if now._replace(received_bytes=0) == told and at - told_at < TELL_EVERY_S:
                return
            told, told_at = now._replace(received_bytes=0), at
            status = self._counted(counter, now.step)
            done, total, received = now.done, now.total, now.received_bytes
            self._tell(replace(status, done=done, total=total, received_bytes=received, left_s=left_s, feed=now.feed))

        try:
            worker.run(progress)
        except SyncFailed as failed:
            worker.cycle.forget_greeting()
            least_s = failed.retry_after_s if isinstance(failed, HubTrouble) else 0.0
            self._wait_to_retry(counter, worker, failed.code, least_s=least_s)
        except StoreError as failed:
            if counter.journal.is_replaced:
                raise
            self._wait_to_retry(counter, worker, failed.code)
        except Exception as error:
            _log.error("the sync failed: %s", type(error).__name__)
            worker.cycle.forget_greeting()
            self._wait_to_retry(counter, worker, "sync_failed")
        else:
            self._backoff.reset()
            listener.listen(*worker.cycle.place())
            self._tell(self._counted(counter, SyncStep.RESTING))
            worker.put_in_order()
            self._go(counter)
            self._rest(counter)

    def _go(self, counter: Counter) -> None:
        """Ask the map service where it is time; whatever happens there, the sync goes on."""
        try:
            self._errand.run(counter)
        except StoreError as failed:
            _log.warning("what the map service said was not kept: %s", failed.code)

    def _wait_to_retry(self, counter: Counter, worker: _Worker, code: str, *, least_s: float = 0) -> None:
        delay_s = max(least_s, self._backoff.next_s())
        next_try_at = counter.clock.now() + timedelta(seconds=delay_s)
        self._tell(replace(self._counted(counter, SyncStep.WAITING, problem=code), next_try_at=next_try_at))
        worker.put_in_order()
        self._wake.wait(delay_s)

    def _rest(self, counter: Counter) -> None:
        """Until somebody nudges, the command line saved something, or it is time anyway."""
        seen = counter.journal.data_version()
        for _ in range(int(REFRESH_S / LOOK_S)):
            if self._wake.wait(LOOK_S) or counter.journal.data_version() != seen:
                return

    def _counted(self, counter: Counter, step: SyncStep, *, problem: str = "") -> SyncStatus:
        numbers = Exchange(counter).numbers()
        if step is SyncStep.RESTING and numbers.unread:
            problem = problem or UNREAD
        return SyncStatus(
            step=step,
            pending=numbers.pending,
            rejected=numbers.rejected,
            received_at=numbers.received_at,
            problem=problem,
        )
