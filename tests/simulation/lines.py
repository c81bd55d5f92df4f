"""The line between one counter and the hub: the hub's own handlers without a network, and every fault of one."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from hub import api, certificates, devices, feeds
from hub.core import Hub
from hub.database import DatabaseBusy
from hub.devices import EnrolledDevice
from hub.feeds import Reader
from hub.problems import HubProblem
from storeapp.services.ports import SyncFailed
from sync.ahead import Source
from sync.protocol.messages import (
    BatchReply,
    ChangesPage,
    CommandBatch,
    Hello,
    HelloReply,
    Limits,
    Problem,
    RenewReply,
    encode,
)
from sync.snapshot import Snapshot, SnapshotBroken, SnapshotCut
from sync.transport import HubTrouble, Offline, Rejected, Unauthorised
from tests.simulation.faults import HEALTHY, Fault, Kind
from tests.support.paging import pages_of

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
LIMITS = Limits(commands=4, rows=5)
"""Small ones, so that a day is many batches and a transaction of the hub is cut by pages."""

_TAUGHT = {
    Kind.UNAUTHORISED: lambda: Unauthorised("bad_signature"),
    Kind.TROUBLE: lambda: HubTrouble("busy", 5),
    Kind.TROUBLE_AFTER: HubTrouble,
}


@contextmanager
def in_turn(source: Source[T], *, most: int) -> Iterator[Iterator[list[T]]]:
    """Pages as a cycle takes them, each fetched only once the one before was kept: nothing is left to chance."""
    assert most >= 1
    yield ([item] for item in source(lambda: None))


class Answer:
    """What the hub says to a batch, once it has arrived there."""

    def __init__(self, send: Callable[[], Any]) -> None:
        self._send = send
        self._found: tuple[Any, SyncFailed | None] | None = None

    def arrive(self) -> None:
        """Let the hub have it."""
        if self._found is None:
            try:
                self._found = self._send(), None
            except SyncFailed as error:
                self._found = None, error

    def result(self) -> Any:
        """Wait for the answer."""
        self.arrive()
        assert self._found is not None
        reply, error = self._found
        if error is not None:
            raise error
        return reply


class OneByOne:
    """Stands for the threads of a cycle that gives: a batch arrives when it is sent, or after the one behind it."""

    def __init__(self, _most: int, _name: str) -> None:
        self._late: Answer | None = None

    def __enter__(self) -> "OneByOne":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # Whoever has died waits for nothing.
        if self._late is not None and (kind is None or issubclass(kind, Exception)):
            self._late.arrive()

    def submit(self, call: Callable[..., Any], batch: CommandBatch) -> Answer:
        line: Line = call.__self__  # type: ignore[attr-defined]  # a cycle gives a method of its line
        answer, late = Answer(partial(call, batch)), self._late
        self._late = answer if late is None and line.is_slow() else None
        if self._late is None:
            answer.arrive()
        if late is not None:
            late.arrive()
        return answer


class Line:
    """Speaks to the hub for one device, as `sync.transport.HubClient` does; ``faults`` happen to the next calls."""

    def __init__(self, world: "World", device: str) -> None:
        self._world = world
        self._device = device
        self.faults: list[Fault] = []
        self.work: Callable[[int], None] | None = None
        """Somebody else at the same counter."""
        self.delivered: set[str] = set()
        """The commands whose results have come back."""

    # -- calls

    def hello(self, hello: Hello) -> HelloReply:
        def call(hub: Hub) -> bytes:
            return encode(devices.hello(hub, self._known(hub, revoked=True, over=True), _wired(hello)))

        reply = msgspec.json.decode(self._carry(call), type=HelloReply)
        return msgspec.structs.replace(reply, limits=LIMITS)

    def renew(self) -> RenewReply:
        return self._carry(lambda hub: RenewReply(certificates.renew(hub, self._known(hub, over=True).id)))

    @staticmethod
    def packed(batch: CommandBatch) -> CommandBatch:
        return batch

    def commands(self, batch: CommandBatch) -> BatchReply:
        self._world.note_sent(self._device, batch)
        content = encode(batch)
        answer = self._carry(lambda hub: api._decide(hub, self._known(hub, revoked=True), content))
        reply = msgspec.json.decode(answer, type=BatchReply)
        self.delivered |= {result.id for result in reply.results}
        return reply

    def pages(self, feed: str, *, epoch: str, after: int, limit: int, since_of: Any) -> Iterator[ChangesPage]:
        def page(after: int) -> ChangesPage:
            reader, since = partial(feeds.changes, feed=feed, epoch=epoch, limit=limit), since_of(after)
            return _wired(self._carry(lambda hub: reader(hub, self._reader(hub), after=after, since=since)))

        return pages_of(page, after)

    @contextmanager
    def snapshot(self, feed: str, *, epoch: str, after: int) -> Iterator[Snapshot]:
        cut = self.faults[0] if self.faults and self.faults[0].kind is Kind.CUT else None
        if cut:
            self.faults[0] = HEALTHY
        zipped = self._carry(
            lambda hub: b"".join(feeds.snapshot(hub, self._reader(hub), feed=feed, epoch=epoch, after=after))
        )
        whole = zlib.decompress(zipped, wbits=31)
        pieces = [whole[: cut.at * 37]] if cut else [whole]
        try:
            yield Snapshot(iter(pieces), lambda: len(zipped))
        except SnapshotBroken as error:
            raise HubTrouble from error
        except SnapshotCut as error:
            raise Offline from error

    def is_slow(self) -> bool:
        """Whether the batch behind this one arrives before it."""
        if self.faults and self.faults[0].kind is Kind.BEHIND:
            self.faults.pop(0)
            return True
        return False

    # -- how they are carried

    def _carry(self, call: Callable[[Hub], T]) -> T:
        """One request and its reply, with what happens to them."""
        fault = self.faults.pop(0) if self.faults else HEALTHY
        if fault.kind is Kind.LATE:
            self._world.late.append(lambda: self._ask(call))
        if fault.kind in {Kind.DROP, Kind.LATE}:
            raise Offline
        if fault.kind in {Kind.UNAUTHORISED, Kind.TROUBLE}:
            raise _TAUGHT[fault.kind]()
        if fault.kind is Kind.OVERTAKEN:
            self._world.hq.meanwhile = lambda: self._world.phone_sends(fault.at)
        answer = self._ask(call, dies_at=fault.at if fault.kind is Kind.HUB_DIES else None)
        if fault.kind is Kind.WORKED and self.work is not None:
            self.work(fault.at)
        if fault.kind is Kind.TWICE:
            answer = self._ask(call)
        if fault.kind is Kind.HUB_DIES_AFTER:
            self._world.hq.reopen()
        if fault.kind in {Kind.CUT, Kind.HUB_DIES_AFTER}:
            raise Offline
        if fault.kind is Kind.TROUBLE_AFTER:
            raise _TAUGHT[fault.kind]()
        return answer

    def _ask(self, call: Callable[[Hub], T], *, dies_at: int | None = None) -> T:
        try:
            return self._world.hq.ask(call, dies_at=dies_at)
        except HubProblem as error:
            raise failure(error.problem) from error
        except DatabaseBusy as error:
            raise HubTrouble("busy", 5) from error
        except SyncFailed:
            raise
        except Exception as error:
            # The hub's API would answer 500, and log an error.
            self._world.hq.failures.append(error)
            raise HubTrouble("failed") from error

    # -- whom the hub takes the device for

    def _known(self, hub: Hub, *, revoked: bool = False, over: bool = False) -> EnrolledDevice:
        known = devices.find(hub, self._device)
        if known is None:
            raise HubProblem("unknown_device")
        if known.revoked and not revoked:
            raise HubProblem("revoked")
        if not over and hub.now() >= known.certificate_ends:
            raise HubProblem("certificate_over")
        return known

    def _reader(self, hub: Hub) -> Reader:
        known = self._known(hub)
        return Reader(known.store, known.transport_key, boxed=True)


def _wired(message: Any) -> Any:
    """A message as it arrives."""
    return msgspec.json.decode(encode(message), type=type(message))


def failure(problem: Problem) -> SyncFailed:
    """What the counter makes of a problem."""
    if problem.status in {401, 403}:
        return Unauthorised(problem.code, problem.data)
    if problem.status >= 500 or problem.status == 429:
        return HubTrouble(problem.code)
    return Rejected(problem)
