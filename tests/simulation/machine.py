"""Lets hypothesis live in the world: every rule is something that a day, or bad luck, can bring."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from storeapp.domain.catalogue import Policy, Sku
from storeapp.domain.delivery import Delivery, Holder, Proof
from storeapp.domain.kernel import Command
from storeapp.domain.moment import Window
from storeapp.domain.order import order_id
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, PassOn, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery, IssueSlip, RetryDelivery, SplitDelivery, UnassignDelivery
from storeapp.domain.rules.orders import CancelOrder, RescheduleOrder, ReserveOrder
from storeapp.domain.rules.people import RegisterSku, SetPolicy
from storeapp.domain.rules.stock import CountStock, MoveStock
from storeapp.domain.stock import Movement
from storeapp.domain.words import Mode, Platform
from storeapp.services.counter import Counter
from tests.simulation.faults import Fault, Kind
from tests.simulation.invariants import check
from tests.simulation.world import PHONES, STORES, World
from tests.support.hubs import START, a_guide, an_order

ORDERS = ("T0", "T1")
"""Few, so that the counters meet over them."""
GUIDES = ("G01", "G02")
SKUS = ("BL-001", "BL-002")

LENDING = SetPolicy(Policy(cross_percent=130))
"""Guides help out at other stores."""

names = st.sampled_from(tuple(STORES))
orders = st.sampled_from(ORDERS)
guides = st.sampled_from(GUIDES)
skus = st.sampled_from(SKUS)
faults = st.lists(
    st.one_of(
        st.just(Fault()),
        st.builds(Fault, st.sampled_from(tuple(Kind)), st.integers(0, 20)),
    ),
    max_size=6,
)
moments_of_death = st.one_of(st.none(), st.none(), st.integers(0, 150))
REASONS = ("damaged", "unreachable")


def delivery_of(number: str) -> str:
    """The delivery of an order of the table."""
    return f"{order_id(Platform.TABLE, number)}-1"


def fact_of(kind: str, number: str, guide: str) -> Command:
    """What a guide tells, at the counter or by phone."""
    delivery = delivery_of(number)
    facts: dict[str, Command] = {
        "hand_over": HandOver(delivery, 1, guide, Proof.TOKEN),
        "deliver": Deliver(delivery, Proof.PICKUP_CODE),
        "fail": FailDelivery(delivery, "unreachable"),
        "return": ReturnDelivery(delivery, "unreachable"),
        "damaged": ReturnDelivery(delivery, "damaged"),
        "pass_on": PassOn(delivery, Holder.PICKUP_POINT, "P1"),
    }
    return facts[kind]


def jobs(counter: Counter, which: int) -> list[Command]:
    """What somebody does at a counter while it exchanges: several that hang together."""
    number, guide = ORDERS[which % 2], GUIDES[which // 2 % 2]
    delivery = delivery_of(number)
    known = counter.cache.get(Delivery, delivery)
    base = known.assignments if known else 0
    choices: list[list[Command]] = [
        [AssignDelivery(delivery, guide, base), fact_of("hand_over", number, guide)],
        [AssignDelivery(delivery, guide, base), UnassignDelivery(delivery, base + 1)],
        [CountStock(counter.store, "BL-001", which), an_order(number, store=counter.store, quantity=which + 1)],
        [fact_of("hand_over", number, guide), fact_of("deliver", number, guide)],
        [CancelOrder(order_id(Platform.TABLE, number), "customer")],
    ]
    return choices[which // 4 % len(choices)]


FACTS = ("hand_over", "deliver", "fail", "return", "damaged", "pass_on")


class Days(RuleBasedStateMachine):
    """Counters of two stores, phones and a hub, until it is quiet."""

    world: World
    make_world: Callable[[], World] = World
    """Where the hub keeps its database."""

    @initialize(met=st.booleans())
    def begin(self, met: bool) -> None:
        """On the first day, or in the middle of a day on which everybody has met."""
        self.world = type(self).make_world()
        self.world.jobs = jobs
        if met:
            for name, store in STORES.items():
                if name in {"one", "far"}:
                    self.do(name, LENDING, a_guide("G01", store="XH"), *(an_order(n, store=store) for n in ORDERS))
            self.world.settle()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.world.settle()
                check(self.world, quiet=True)
            finally:
                self.world.close()

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "world"):
            check(self.world)

    def do(self, name: str, *commands: Command, dies_at: int | None = None) -> None:
        for each in (name, f"{name}-copy"):
            if each in self.world.desks and (each == name or len(commands) > 1):
                self.world.desks[each].do(*commands, dies_at=dies_at)
        self.world.look()

    def base(self, name: str, number: str) -> int:
        known = self.world.desks[name].counter.cache.get(Delivery, delivery_of(number))
        return known.assignments if known else 0

    # -- a day's work

    @rule(name=names, number=orders, sku=skus, quantity=st.integers(1, 60), dies_at=moments_of_death)
    def place(self, name: str, number: str, sku: str, quantity: int, dies_at: int | None) -> None:
        store = STORES[name]
        self.do(name, an_order(number, store=store, sku=sku, quantity=quantity), dies_at=dies_at)

    @rule(name=names, number=orders, guide=guides)
    def assign(self, name: str, number: str, guide: str) -> None:
        self.do(name, AssignDelivery(delivery_of(number), guide, self.base(name, number)))

    @rule(name=names, number=orders)
    def unassign(self, name: str, number: str) -> None:
        self.do(name, UnassignDelivery(delivery_of(number), self.base(name, number)))

    @rule(name=names, number=orders, guide=guides, dies_at=moments_of_death)
    def hand_over(self, name: str, number: str, guide: str, dies_at: int | None) -> None:
        slip = IssueSlip(delivery_of(number), 1, "00000000", 24)
        self.do(name, slip, fact_of("hand_over", number, guide), dies_at=dies_at)

    @rule(name=names, number=orders, kind=st.sampled_from(FACTS))
    def tell(self, name: str, number: str, kind: str) -> None:
        self.do(name, fact_of(kind, number, "G01"))

    @rule(name=names, number=orders)
    def cancel(self, name: str, number: str) -> None:
        self.do(name, CancelOrder(order_id(Platform.TABLE, number), "customer"))

    @rule(name=names, number=orders, hours=st.integers(1, 5))
    def change(self, name: str, number: str, hours: int) -> None:
        order, delivery = order_id(Platform.TABLE, number), delivery_of(number)
        window = Window(START, START + timedelta(hours=hours))
        changes: dict[int, Command] = {
            1: RetryDelivery(delivery),
            2: SplitDelivery(delivery, 2),
            3: ReserveOrder(order),
        }
        self.do(name, changes.get(hours) or RescheduleOrder(order, Mode.SCHEDULED, window))

    @rule(name=names, sku=skus, quantity=st.integers(0, 30), dies_at=moments_of_death)
    def count(self, name: str, sku: str, quantity: int, dies_at: int | None) -> None:
        self.do(name, CountStock(STORES[name], sku, quantity), dies_at=dies_at)

    @rule(name=names, sku=skus, quantity=st.integers(1, 40))
    def sell(self, name: str, sku: str, quantity: int) -> None:
        self.do(name, MoveStock(STORES[name], sku, Movement.SOLD, -quantity))

    @rule(name=names, guide=guides, weight=st.integers(1, 3))
    def lay_down(self, name: str, guide: str, weight: int) -> None:
        """A guide changes stores, an article its weight, the brand its numbers."""
        sku = Sku("BL-001", "691", "x", weight, 10, 10)
        self.do(
            name,
            a_guide(guide, store=STORES[name]),
            RegisterSku(sku),
            SetPolicy(Policy(cross_percent=65 * (weight - 1))),
        )

    @rule(
        which=st.integers(0, len(PHONES) - 1),
        number=orders,
        kind=st.sampled_from((*FACTS, "unknown")),
        odd=st.booleans(),
    )
    def by_phone(self, which: int, number: str, kind: str, odd: bool) -> None:
        phone = self.world.phones[which]
        if kind == "unknown":
            phone.note_unknown()
        else:
            phone.note(fact_of(kind, number, "G02"), strange=odd)

    # -- the line

    @rule(name=names, faults=faults, dies_at=moments_of_death, afresh=st.booleans(), copy=st.booleans())
    def exchange(self, name: str, faults: list[Fault], dies_at: int | None, afresh: bool, copy: bool) -> None:
        for each in (name, f"{name}-copy") if copy else (name,):
            if each in self.world.desks:
                # A hub that was set back to before it joined does not know it until it joins again.
                expected = {"", "not_enrolled"} | ({"unknown_device"} if self.world.is_forgotten(each) else set())
                code = self.world.exchange(each, faults, dies_at=dies_at, afresh=afresh)
                assert code in expected or faults or dies_at is not None or self.world.desks[each].left or copy, code

    @rule(name=names)
    def exchange_well(self, name: str) -> None:
        self.exchange(name, [], None, afresh=False, copy=True)

    @rule(name=names, which=st.integers(0, 20), calls=st.integers(1, 4))
    def work_while_it_exchanges(self, name: str, which: int, calls: int) -> None:
        self.exchange(name, [Fault(Kind.WORKED, which + n) for n in range(calls)], None, afresh=False, copy=False)

    @rule(which=st.integers(0, len(PHONES) - 1), faults=faults)
    def phone_sends(self, which: int, faults: list[Fault]) -> None:
        self.world.phones[which].send(*faults)

    @rule(which=st.integers(0, 9))
    def late_arrives(self, which: int) -> None:
        self.world.late_arrives(which)

    # -- bad luck

    @rule()
    def the_late_joins(self) -> None:
        self.world.join()

    @rule(name=names)
    def lose_the_cache(self, name: str) -> None:
        self.world.desks[name].lose_the_cache()

    @rule(name=names)
    def end_process(self, name: str) -> None:
        self.world.desks[name].again()

    @rule()
    def end_hub(self) -> None:
        self.world.end_hub()

    @rule(name=names, minutes=st.integers(-100_000, 100_000))
    def turn_clock(self, name: str, minutes: int) -> None:
        self.world.desks[name].clock.moment = START + timedelta(minutes=minutes)

    @rule(name=names, keep=st.booleans())
    def image(self, name: str, keep: bool) -> None:
        if keep:
            self.world.desks[name].keep_image()
        else:
            self.world.restore_desk(name)

    @rule(keep=st.booleans())
    def hub_backup(self, keep: bool) -> None:
        if keep:
            self.world.hq.back_up()
        else:
            self.world.restore_hub()

    @rule(name=st.sampled_from(("one", "far")))
    def copy_disk(self, name: str) -> None:
        self.world.copy_desk(name)

    @rule(name=st.sampled_from(("two", "far")), sure=st.sampled_from((False, False, True)))
    def turn_away(self, name: str, sure: bool) -> None:
        if sure:
            self.world.revoke(name)

    @rule(retry=st.booleans())
    def tend(self, retry: bool) -> None:
        self.world.tend(retry=retry)

    @rule(number=orders, guide=guides, hours=st.integers(-2, 3), dies_at=moments_of_death)
    def plan_region(self, number: str, guide: str, hours: int, dies_at: int | None) -> None:
        self.world.plan_region(delivery_of(number), guide, hours=hours, dies_at=dies_at)

    @rule(feed=st.sampled_from(("brand", "store:XH", "store:HH")))
    def mirror(self, feed: str) -> None:
        self.world.mirror(feed, store=feed.removeprefix("store:") if ":" in feed else "XH")
