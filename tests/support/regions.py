"""Regions for tests: stores side by side, guides, and orders whose customers' places are sealed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from threading import Event
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from hub import jobs, tables
from hub.core import Hub
from hub.jobs import Progress, RegionJob
from hub.region_runner import work_on
from hub.tables import device, order_key
from storeapp.adapters import sealing
from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.transport_keys import key_purpose
from storeapp.codec import decode_state, encode
from storeapp.domain.catalogue import Policy, Store
from storeapp.domain.delivery import Delivery
from storeapp.domain.dispatch import Plan, Planner, Problem, never
from storeapp.domain.incoming import Person
from storeapp.domain.kernel import Command, State
from storeapp.domain.moment import STORE_ZONE, Window
from storeapp.domain.order import delivery_id, order_id
from storeapp.domain.people import Guide
from storeapp.domain.place import Position
from storeapp.domain.rules.people import RegisterGuide, RegisterStore, SetPolicy
from storeapp.domain.words import Platform, TravelMode
from sync.protocol.messages import WireCommand
from tests.support.hubs import START, FakeCounter, an_order, stock

REGION = "east"
NORTH_M = 111_195
GAP_M = 900
POLICY = Policy(cross_percent=130, courier_fen=5000)


def near(store: int, *, north_m: float = 0.0) -> Position:
    """A place north of a store; the stores stand in a row from west to east, `GAP_M` apart."""
    return Position(31.2 + north_m / NORTH_M, 121.43 + store * GAP_M / (NORTH_M * 0.855))


def job_of(number: str) -> str:
    return delivery_id(order_id(Platform.TABLE, number))


def a_guide(name: str, *, store: str, hours: tuple[int, int] = (8, 22)) -> RegisterGuide:
    start, end = hours
    made = Guide(name, f"guide {name}", store, TravelMode.EBIKE, 8, 15_000, hours=(time(start), time(end)))
    return RegisterGuide(made)


class RegionOfStores:
    """Some stores of one region with a counter each, which the hub has just heard of."""

    def __init__(self, hub: Hub, names: Sequence[str], *, policy: Policy = POLICY, region: str = REGION) -> None:
        self.hub = hub
        self.region = region
        self.names = list(names)
        self.placed: list[str] = []
        self.counters = {name: FakeCounter(hub, device=f"dev-{name}", store=name) for name in names}
        for number, (name, counter) in enumerate(self.counters.items()):
            self.heard_of(name)
            where = Store(name, name, "a street", near(number), region)
            counter.do(RegisterStore(where), SetPolicy(policy), replace(stock(quantity=1000), store=name))

    def heard_of(self, name: str, at: datetime | None = None) -> None:
        """Its counter has just said hello."""
        row = {
            "id": f"dev-{name}",
            "store": name,
            "name": "",
            "public_key": f"dev-{name}".encode(),
            "transport_key": self.counters[name].transport.public,
            "certificate": "",
            "enrolled_at": START.isoformat(),
            "seen_at": (at or self.hub.now()).isoformat(),
            "revoked_at": None,
        }
        with self.hub.db.writing() as connection:
            self.hub.db.put(connection, device, [row])

    def guides(self, store: str, *names: str, hours: tuple[int, int] = (8, 22)) -> None:
        for name in names:
            self.counters[store].do(a_guide(name, store=store, hours=hours))

    def order(self, number: str, *, store: str, at: Position | None) -> str:
        """An order of a customer at a place; without one, nobody knows where."""
        subject, key = order_id(Platform.TABLE, number), sealing.new_order_key()
        person = Person(name="x", phone="13800138000", position=at)
        placed = replace(
            an_order(number, store=store, sealed=sealing.seal(person, key, subject=subject)),
            window=Window(self.hub.now(), self.hub.now() + timedelta(hours=3)),
            located=at is not None,
        )
        check = sealing.sealed_with(placed.sealed)
        wrapped = self.hub.root.wrap(key, key_purpose(subject, check))
        with self.hub.db.writing() as connection:
            self.hub.db.add(connection, order_key, [{"subject": subject, "key_id": check, "wrapped": wrapped}])
        self.counters[store].do(placed)
        self.placed.append(job_of(number))
        return self.placed[-1]

    def delivery(self, key: str) -> Delivery:
        found = self.state(Delivery, key)
        assert isinstance(found, Delivery)
        return found

    def state(self, of: type[State], key: str) -> State | None:
        columns = tables.state.c
        query = tables.state.select().where(columns.kind == of.KIND, columns.id == key)
        with self.hub.db.reading() as connection:
            row = connection.execute(query).first()
        return decode_state(of.KIND, row.body) if row and row.body else None

    def plan(
        self,
        *,
        budget_s: int = 30,
        meanwhile: Callable[[], object] | None = None,
        patient: bool = False,
        dying: bool = False,
    ) -> RegionJob:
        """Start a job and do it here.

        Args:
            budget_s: how long it may take.
            meanwhile: done once there is a plan and before it is carried out.
            patient: the planner goes on until it is stopped.
            dying: end as a process does that is killed, once one store has its assignments.
        """
        started = jobs.start(self.hub, self.region, by="hq", budget_s=budget_s)
        taken = jobs.take(self.hub, "here", job_id=started.id)
        assert taken is not None

        def die(progress: Progress) -> None:
            if dying and progress.assigned:
                raise SystemExit

        planner = Patient(meanwhile) if patient else Interrupted(meanwhile)
        done = work_on(self.hub, "here", taken, planners=lambda _: [planner], told=die)
        assert done is not None
        return done


class Interrupted(InsertionPlanner):
    """Plans by insertion, at once; something happens when its plan is there."""

    def __init__(self, then: Callable[[], object] | None = None) -> None:
        self._then = then

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        yield from super().plans(problem, stopped)
        then, self._then = self._then, None
        if then is not None:
            then()


class Patient(Interrupted):
    """The same, and goes on until it is stopped."""

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        yield from super().plans(problem, stopped)
        pause = Event()
        while not stopped():
            pause.wait(0.01)


class Silent:
    """A search that is stopped before it has found anything."""

    def plans(self, _problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        pause = Event()
        while not stopped():
            pause.wait(0.01)
        yield from ()


def quick(_stack: ExitStack) -> Sequence[Planner]:
    """Without a search: the plan by insertion, at once."""
    return [InsertionPlanner()]


def own(hub: Hub, store: str, command: Command) -> WireCommand:
    """A command of the hub's own people about a store."""
    body = msgspec.Raw(encode(command))
    return WireCommand(1, str(uuid4()), command.KIND, hub.now(), "hq", "manager", store, body)


def day_of(moment: datetime = START) -> date:
    return moment.astimezone(STORE_ZONE).date()
