"""The world of a simulation: counters of two stores, phones and a hub, and what everybody was shown as saved."""

import atexit
import hashlib
import itertools
import secrets
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec

from hub import devices, revocations, waiting
from hub.core import Hub
from hub.decisions import decide_told
from hub.problems import HubProblem
from hub.states import States
from storeapp.codec import encode
from storeapp.domain.delivery import Delivery
from storeapp.domain.kernel import Command
from storeapp.domain.moment import Window
from storeapp.domain.people import Guide
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.lending import BorrowGuide, SendGuide
from storeapp.services import counter as counters
from storeapp.services.counter import Counter
from storeapp.services.enrolment import may_join
from storeapp.services.ports import SyncFailed
from sync import cycle, snapshot
from sync.protocol.messages import CommandBatch, WireCommand
from sync.transport import Offline
from tests.simulation.desks import Desk
from tests.simulation.faults import LIVES, Fault, mortal_counters
from tests.simulation.headquarters import Headquarters
from tests.simulation.lines import OneByOne, in_turn
from tests.simulation.mirrors import Mirror, taken
from tests.simulation.phones import Phone
from tests.simulation.records import Reader, Records
from tests.support.counters import bare, stand_alone
from tests.support.direct import enrol
from tests.support.hubs import make_hub

STORES = {"one": "XH", "two": "XH", "late": "XH", "far": "HH"}
"""The counters; one joins late, with a day of its own."""

PHONES = {"phone-near": "XH", "phone-far": "HH"}
MEMORY = Path("/dev/shm")
SNAPSHOT_FROM = 12
PAGE_ROWS = 4
ROUNDS = 4
"""How often everybody exchanges in quiet at most: in the last one there was nothing to write."""


def _folder() -> Path:
    """A folder that needs no disk where there is such a thing."""
    return Path(tempfile.mkdtemp(prefix="simulation-", dir=MEMORY if MEMORY.is_dir() else None))


class _Ids:
    """Ids that are the same in every run."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._numbers = itertools.count(1)

    def token(self, nbytes: int = 32) -> str:
        return hashlib.sha256(f"{self._name} {next(self._numbers)}".encode()).hexdigest()[: 2 * nbytes]

    def command(self) -> str:
        return str(UUID(self.token(16)))


@cache
def template() -> Path:
    """The world before the first day, made once."""
    path = _folder()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    ids = _Ids("template")
    with patch.object(secrets, "token_hex", ids.token), patch.object(counters, "new_command_id", ids.command):
        hub = make_hub(path / "hub")
        for name, store in STORES.items():
            counter = bare(path / name) if name == "two" else stand_alone(path / name, store=store)
            if name != "late":
                enrol(hub, counter, store=store)
            counter.close()
        hub.close()
    return path


class World:
    """Everything that exists, and the faults that befall it; use it in a ``with``."""

    def __init__(self, url: str = "") -> None:
        self._url = url
        self._stack = ExitStack()
        self.path = _folder()
        self._stack.callback(shutil.rmtree, self.path)
        self.ids = _Ids("world")
        self.shown: set[str] = set()
        """Every command of which somebody was told that it is saved."""
        self.ever: set[str] = set()
        """Every command that stood in a journal at any time."""
        self.lost: set[str] = set()
        """What an old backup has cost, and nothing else may be missing."""
        self.sent: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        """Which commands were offered under which number: device, incarnation, number."""
        self.late: list[Callable[[], Any]] = []
        self.bodies: dict[str, tuple[str, bytes]] = {}
        """Kind and content of every command that was offered."""
        self.jobs: Callable[[Counter, int], Sequence[Command]] = lambda _counter, _which: ()
        """What somebody does at a counter while it exchanges."""
        self.mirrors: list[Mirror] = []
        self.deaths = 0
        self._reader = Reader()
        self._begin()

    def _begin(self) -> None:
        shutil.copytree(template(), self.path, dirs_exist_ok=True)
        enter = self._stack.enter_context
        enter(mortal_counters())
        enter(patch.object(secrets, "token_hex", self.ids.token))
        enter(patch.object(counters, "new_command_id", self.ids.command))
        enter(patch.object(waiting, "uuid4", self.ids.command))
        enter(patch.object(cycle, "SNAPSHOT_FROM", SNAPSHOT_FROM))
        enter(patch.object(snapshot, "PAGE_ROWS", PAGE_ROWS))
        enter(patch.object(cycle, "ahead", in_turn))
        enter(patch.object(cycle, "ThreadPoolExecutor", OneByOne))
        self.hq = Headquarters(self.path / "hub", self._url)
        self._stack.callback(lambda: self.hq.close())
        self.desks: dict[str, Desk] = {}
        for name, store in STORES.items():
            self._open_desk(name, store)
        self.phones = [Phone(self, name, store=store) for name, store in PHONES.items()]
        for phone in self.phones:
            phone.enrol()
        self.shown |= {entry.id for desk in self.desks.values() for entry in desk.entries()}
        self.look()

    def _open_desk(self, name: str, store: str) -> None:
        desk = self.desks[name] = Desk(self, self.path / name, store=store)
        self._stack.callback(desk.close)
        self._stack.callback(LIVES.pop, desk.home)

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fresh_id(self) -> str:
        return self.ids.command()

    def note_sent(self, device: str, batch: CommandBatch) -> None:
        """What a device offers, whether or not it arrives."""
        for command in batch.commands:
            self.sent[device, batch.incarnation, command.seq].add(command.id)
            self.bodies[command.id] = (command.kind, bytes(command.body))

    # -- what there is

    def __iter__(self) -> Iterator[Desk]:
        return iter(self.desks.values())

    def records(self) -> Records:
        """What the hub has written so far."""
        return self._reader.read(self.hq.hub, activity=self.hq.activity)

    def look(self) -> None:
        """Remember every command that stands in a journal now."""
        self.ever |= self.journalled()

    def journalled(self) -> set[str]:
        kept = {entry.id for desk in self for entry in desk.entries()}
        return kept | {command.id for phone in self.phones for command in phone.queue}

    # -- what happens to it

    def exchange(self, name: str, faults: Sequence[Fault] = (), **how: Any) -> str:
        """One exchange of a counter that is enrolled."""
        desk = self.desks[name]
        if not desk.counter.enrolled:
            return "not_enrolled"
        code = desk.exchange(faults, **how)
        self.look()
        return code

    def join(self) -> None:
        """The late counter becomes one of the hub's, and whoever was forgotten by a restored hub does so again."""
        for desk in self:
            if may_join(desk.counter) and not desk.left:
                enrol(self.hq.hub, desk.counter, store=desk.store)

    def is_forgotten(self, name: str) -> bool:
        """Whether the hub knows nothing of a counter that takes itself for one of its own."""
        counter = self.desks[name].counter
        return counter.enrolled and devices.find(self.hq.hub, counter.device) is None

    def phone_sends(self, which: int) -> None:
        """Send a phone's whole queue, answered or not; nobody waits for the reply."""
        with suppress(SyncFailed):
            self.phones[which % len(self.phones)].send_batch()

    def end_hub(self) -> None:
        """The hub's process ends between two requests."""
        self.hq.reopen()

    def late_arrives(self, which: int) -> None:
        """One of the messages that seemed lost arrives."""
        if self.late:
            with suppress(SyncFailed):
                self.late.pop(which % len(self.late))()

    def revoke(self, name: str) -> None:
        """Turn a counter away."""
        desk = self.desks[name]
        if desk.counter.enrolled and not desk.left:
            device = desk.counter.device
            revocations.revoke(self.hq.hub, device)
            for each in self:
                each.left = each.left or each.counter.device == device

    def restore_desk(self, name: str) -> None:
        """Set a counter back to an old image of its disk: what only it had since is lost."""
        desk = self.desks[name]
        if desk.image.exists():
            before = self.journalled()
            desk.restore_image()
            self.lost |= before - self.journalled() - self.hq.ids()

    def restore_hub(self) -> None:
        """Set the hub back to its old backup: what no journal has any more is lost."""
        if self.hq.has_backup:
            before = self.hq.ids()
            self.hq.restore()
            self.lost |= before - self.hq.ids() - self.journalled()

    def copy_desk(self, name: str) -> None:
        """Copy a counter's disk; both copies go on."""
        copy = f"{name}-copy"
        if copy not in self.desks:
            desk = self.desks[name]
            desk.close()
            shutil.copytree(desk.home, self.path / copy)
            desk.open()
            self._open_desk(copy, desk.store)
            self.desks[copy].left, self.desks[copy].met = desk.left, desk.met

    def mirror(self, feed: str, *, store: str) -> None:
        """Begin to read a feed with a snapshot, as somebody does who hears of the rest later."""
        self.mirrors = [*self.mirrors[-2:], taken(self.hq.hub, store=store, feed=feed)]

    def settle(self) -> None:
        """Let everything late arrive, and everybody exchange without faults."""
        while self.late:
            self.late_arrives(0)
        for _ in range(ROUNDS):
            self.join()
            before = self.records()
            for phone in self.phones:
                phone.send()
            for desk in list(self):
                self.exchange(desk.name)
            if self.records() == before:
                return

    def plan_region(self, delivery: str, guide: str, *, hours: int, dies_at: int | None) -> None:
        """The hub does what a plan of a region leads to: it lends a guide where that is needed, and assigns.

        It may die in between, or after it has read how things stand and before it says what it wants.
        """
        with suppress(Offline):
            self.hq.ask(lambda hub: self._plan_region(hub, delivery, guide, hours), dies_at=dies_at)

    def _plan_region(self, hub: Hub, delivery: str, guide: str, hours: int) -> None:
        with hub.db.reading() as connection:
            states = States(hub.db, connection, store="XH")
            job, known = states.get(Delivery, delivery), states.get(Guide, guide)
        if job is None or known is None:
            return
        window = Window(hub.now(), hub.now() + timedelta(hours=hours)) if hours > 0 else None
        if known.store != job.store:
            self._by_hub(hub, known.store, SendGuide(guide, job.store, window))
            self._by_hub(hub, job.store, BorrowGuide(guide))
        self._by_hub(hub, job.store, AssignDelivery(delivery, guide, job.assignments))

    def _by_hub(self, hub: Hub, store: str, command: Command) -> None:
        body = msgspec.Raw(encode(command))
        decide_told(
            hub, store, [WireCommand(1, self.ids.command(), command.KIND, hub.now(), "hq", "manager", store, body)]
        )

    def tend(self, *, retry: bool) -> None:
        """A person of the hub deals with what waits."""
        for one in waiting.listed(self.hq.hub):
            # What hangs on another one is settled with that.
            with suppress(HubProblem):
                (waiting.retry if retry else waiting.discard)(self.hq.hub, one.id, by="it")
