"""The hub's calls without a network between, so that a test can lose any message without waiting."""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from hub import devices, feeds
from hub.core import Hub
from hub.decisions import decide
from hub.feeds import Reader
from hub.holding import Sender
from hub.problems import HubProblem
from storeapp.services import enrolment
from storeapp.services.counter import Counter
from storeapp.services.enrolment import Answer
from storeapp.services.exchange import Exchange
from storeapp.services.home import device_key, transport_key
from storeapp.services.ports import SyncReport
from sync.cycle import Cycle
from sync.engine import quiet
from sync.protocol.messages import BatchReply, ChangesPage, CommandBatch, EnrolRequest, Hello, HelloReply
from sync.transport import Offline, Rejected, Unauthorised
from tests.support.paging import pages_of

PAGE = 5
"""Small pages, so that a transaction of the hub is cut by them."""


class LossyClient:
    """The hub's calls without a network; ``losses`` says what happens to the next ones."""

    def __init__(self, hub: Hub, counter: Counter, losses: list[str]) -> None:
        self._hub = hub
        self._device = counter.device
        self._transport = transport_key(counter).public
        self._store = counter.store
        self._losses = losses

    def _carried(self, call: Callable[[], Any]) -> Any:
        loss = self._losses.pop(0) if self._losses else ""
        if loss == "request":
            raise Offline
        try:
            answer = call()
        except HubProblem as problem:
            raise Rejected(problem.problem) from problem
        if loss == "reply":
            raise Offline
        return answer

    def hello(self, hello: Hello) -> HelloReply:
        known = devices.find(self._hub, self._device)
        if known is None:
            raise Unauthorised("unknown_device")
        return self._carried(lambda: devices.hello(self._hub, known, hello))

    @staticmethod
    def packed(batch: CommandBatch) -> CommandBatch:
        return batch

    def commands(self, batch: CommandBatch) -> BatchReply:
        return self._carried(lambda: decide(self._hub, Sender(self._device, self._store, self._transport), batch))

    def pages(
        self, feed: str, *, epoch: str, after: int, limit: int, since_of: Callable[[int], int]
    ) -> Generator[ChangesPage, None, None]:
        reader = Reader(self._store, self._transport)

        def page(after: int) -> ChangesPage:
            read = partial(feeds.changes, self._hub, reader, feed=feed, epoch=epoch, limit=min(limit, PAGE))
            return self._carried(lambda: read(after=after, since=since_of(after)))

        return pages_of(page, after)


def enrol(hub: Hub, counter: Counter, *, store: str = "XH") -> None:
    offer = enrolment.offer(counter)
    reply = devices.enrol(
        hub,
        EnrolRequest(
            devices.new_code(hub, store=store), offer.device, device_key(counter).public, transport_key(counter).public
        ),
    )
    enrolment.accept(
        counter,
        Answer(
            url="direct",
            device=reply.device,
            store=reply.store,
            brand=reply.brand,
            certificate=reply.certificate,
            root_certificate=reply.root_certificate,
            transport_key=reply.transport_key,
        ),
    )


def exchange(hub: Hub, counter: Counter, *losses: str) -> SyncReport:
    """One exchange; each message is lost as its word says: ``request``, ``reply``, or empty for neither."""
    client: Any = LossyClient(hub, counter, list(losses))
    return Cycle(Exchange(counter), client).run(quiet)
