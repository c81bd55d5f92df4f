"""A store in memory for tests of the rules: commands in, events out, and the checks that always hold."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from storeapp.domain.catalogue import Sku
from storeapp.domain.delivery import CustodyMoved, Delivery, DeliveryState, Holder, Proof
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.held import HUB
from storeapp.domain.kernel import Command, Context, Event, Key, Refusal, State
from storeapp.domain.moment import Window
from storeapp.domain.order import Order, OrderLine, OrderStatus, delivery_id, order_id
from storeapp.domain.people import Guide
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, PassOn, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery, IssueSlip, SplitDelivery
from storeapp.domain.rules.lending import BorrowGuide, SendGuide
from storeapp.domain.rules.orders import CancelOrder, PlaceOrder
from storeapp.domain.rules.people import RegisterGuide, RegisterSku
from storeapp.domain.rules.registry import decide, evolve
from storeapp.domain.rules.stock import OpenStock
from storeapp.domain.statement import Statement
from storeapp.domain.stock import StockItem, StockMoved, stock_id
from storeapp.domain.words import Mode, Platform, TravelMode

S = TypeVar("S", bound=State)
STORE, MANAGER, DEVICE = "XH", "manager", "dev-1"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
AFTERNOON = Window(NOON, NOON + timedelta(hours=2))


def guide(name: str, *, store: str = STORE, active: bool = True) -> Guide:
    return Guide(name, f"guide {name}", store, TravelMode.WALK, 10, 20_000, active=active)


def sku(name: str) -> Sku:
    return Sku(name, "", f"article {name}", 1000, 200, 500)


def line(name: str, quantity: int = 1) -> OrderLine:
    return OrderLine(name, quantity, 1000)


def placing(number: str = "1", *lines: OrderLine, **changes: Any) -> PlaceOrder:
    command = PlaceOrder(
        platform=Platform.TABLE,
        order_no=number,
        store=STORE,
        mode=Mode.INSTANT,
        window=AFTERNOON,
        lines=lines or (line("A"),),
        created_at=NOON,
        updated_at=None,
        sealed="sealed",
        located=True,
    )
    return replace(command, **changes)


def an_order(number: str = "1") -> str:
    return order_id(Platform.TABLE, number)


def a_delivery(number: str = "1") -> str:
    return delivery_id(an_order(number))


@dataclass
class World:
    """States by key, all events so far, and a clock that is moved by hand."""

    states: dict[Key, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    now: datetime = NOON
    commands: int = 0

    def get(self, of: type[S], key_id: str) -> S | None:
        found: S | None = self.states.get(Key(of.KIND, key_id))
        return found

    def every(self, of: type[S]) -> list[S]:
        return [state for key, state in self.states.items() if key.kind == of.KIND]

    # Short ways to what a test looks at.

    def order(self, number: str = "1") -> Order:
        found = self.get(Order, an_order(number))
        assert found is not None
        return found

    def delivery(self, number: str = "1") -> Delivery:
        found = self.get(Delivery, a_delivery(number))
        assert found is not None
        return found

    def state(self, number: str = "1") -> DeliveryState:
        return self.delivery(number).state

    def stock(self, name: str = "A") -> tuple[int, int]:
        """Pieces on hand and reserved."""
        found = self.get(StockItem, stock_id(STORE, name))
        return (found.on_hand, found.reserved) if found else (0, 0)

    def cases(self) -> list[str]:
        """The codes of all open exceptions, in their order."""
        return [case.code for case in self.every(ExceptionCase) if case.open]

    def earned(self) -> dict[str, int]:
        """Who is paid for how many deliveries."""
        paid = Counter({s.guide: 0 for s in self.every(Statement)})
        for statement in self.every(Statement):
            paid[statement.guide] += len(statement.earnings)
        return {name: count for name, count in paid.items() if count}

    # Doing.

    def context(self) -> Context:
        return Context(self.now, f"c{self.commands}", STORE, DEVICE, MANAGER)

    def run(self, command: Command, ctx: Context | None = None) -> tuple[Event, ...] | Refusal:
        """Decide a command twice, check what always holds of a decision, and let its events happen."""
        before = dict(self.states)
        ctx = ctx or self.context()
        decided = decide(command, self, ctx)
        assert decide(command, self, ctx) == decided, "the same question has one answer"
        assert self.states == before, "deciding changes nothing"
        self.commands += 1
        if isinstance(decided, Refusal):
            assert not command.FACT, f"a fact was refused: {decided.code}"
            return decided
        self.happen(decided)
        return decided

    def happen(self, events: Iterable[Event]) -> None:
        for event in events:
            key = Key(event.OF.KIND, event.id)
            self._check_link(event)
            self.states[key] = evolve(self.states.get(key), event)
            self.events.append(event)

    def _check_link(self, event: Event) -> None:
        """Every handoff continues the chain of one parcel of the delivery."""
        if isinstance(event, CustodyMoved):
            before = self.get(Delivery, event.id)
            assert before is not None
            parcel = before.parcel(event.parcel)
            assert parcel is not None
            after = evolve(before, event).parcel(event.parcel)  # type: ignore[attr-defined]  # the union is untyped
            assert after.chain == (*parcel.chain, event.link)

    def must(self, command: Command) -> tuple[Event, ...]:
        decided = self.run(command)
        assert not isinstance(decided, Refusal), decided
        return decided

    def refused(self, command: Command) -> str:
        decided = self.run(command)
        assert isinstance(decided, Refusal), "it was not refused"
        return decided.code

    def assign(self, name: str, number: str = "1") -> None:
        self.must(AssignDelivery(a_delivery(number), name, self.delivery(number).assignments))

    def split(self, parcels: int, number: str = "1") -> None:
        self.must(SplitDelivery(a_delivery(number), parcels))

    def slip(self, parcel: int = 1, number: str = "1") -> None:
        self.must(IssueSlip(a_delivery(number), parcel, "00ff00ff", 24))

    def hand_over(self, name: str, parcel: int = 1, number: str = "1") -> None:
        self.must(HandOver(a_delivery(number), parcel, name, Proof.TOKEN))

    def deliver(self, parcel: int | None = None, number: str = "1") -> None:
        self.must(Deliver(a_delivery(number), Proof.PICKUP_CODE, parcel))

    def fail(self, reason: str = "unreachable", *, parcel: int | None = None, returning: bool = False) -> None:
        self.must(FailDelivery(a_delivery(), reason, returning, parcel))

    def give_back(self, reason: str = "unreachable", parcel: int | None = None, number: str = "1") -> None:
        self.must(ReturnDelivery(a_delivery(number), reason, parcel))

    def pass_on(self, holder: Holder, name: str = "point-1", parcel: int | None = None) -> None:
        self.must(PassOn(a_delivery(), holder, name, parcel))

    def cancel(self, number: str = "1", *, by_platform: bool = False) -> None:
        self.must(CancelOrder(an_order(number), "customer", by_platform))

    # What must hold after every command.

    def check(self) -> None:
        self.check_replay()
        self.check_stock()
        self.check_reservations()
        self.check_pay()
        for order in self.every(Order):
            self.check_order(order)

    def check_replay(self) -> None:
        again: dict[Key, Any] = {}
        for event in self.events:
            key = Key(event.OF.KIND, event.id)
            again[key] = evolve(again.get(key), event)
        assert again == self.states

    def check_stock(self) -> None:
        moved: Counter[str] = Counter()
        for event in self.events:
            if isinstance(event, StockMoved):
                moved[event.id] += event.quantity
        assert {item.id: item.on_hand for item in self.every(StockItem) if item.on_hand} == {
            key: count for key, count in moved.items() if count
        }

    def check_reservations(self) -> None:
        promised: Counter[str] = Counter()
        for order in self.every(Order):
            assert order.status is OrderStatus.OPEN or not any(x.reserved for x in order.lines)
            for x in order.lines:
                assert 0 <= x.reserved <= x.quantity
                promised[stock_id(order.store, x.sku)] += x.reserved
        assert all(item.reserved >= 0 for item in self.every(StockItem))
        assert {item.id: item.reserved for item in self.every(StockItem) if item.reserved} == {
            key: count for key, count in promised.items() if count
        }

    def check_pay(self) -> None:
        paid = Counter(e.delivery_id for s in self.every(Statement) for e in s.earnings)
        assert all(count == 1 for count in paid.values())
        finished = {d.id for d in self.every(Delivery) if d.state in {DeliveryState.DELIVERED, DeliveryState.COLLECTED}}
        assert set(paid) <= finished

    def check_order(self, order: Order) -> None:
        delivery = self.get(Delivery, order.delivery_id)
        assert delivery is not None
        done = {
            DeliveryState.DELIVERED: OrderStatus.COMPLETED,
            DeliveryState.COLLECTED: OrderStatus.COMPLETED,
            DeliveryState.CANCELLED: OrderStatus.CANCELLED,
        }
        assert order.status is done.get(delivery.state, OrderStatus.OPEN)
        assert (delivery.finished_at is not None) == (order.status is not OrderStatus.OPEN)
        self.check_goods(order, delivery)
        for parcel in delivery.parcels:
            assert parcel.chain[0].holder is Holder.STORE
            assert parcel.slip is None or parcel.round == max(0, parcel.round)
        slips = [parcel.slip.slip_id for parcel in delivery.parcels if parcel.slip]
        assert len(slips) == len(set(slips)), "two parcels share a slip"

    def check_goods(self, order: Order, delivery: Delivery) -> None:
        """What is booked off for an order is what its movements say, and nothing once all is in the store."""
        moved: Counter[str] = Counter()
        for event in self.events:
            if isinstance(event, StockMoved) and event.reference == order.id and event.movement != "damaged":
                moved[event.id.partition("/")[2]] -= event.quantity
        out: Counter[str] = Counter()
        for goods in delivery.goods:
            out[goods.sku] += goods.quantity
        assert +out == +moved
        in_store = len(delivery.held_by(Holder.STORE)) == len(delivery.parcels)
        assert bool(+out) is not in_store
        assert in_store or not any(x.reserved for x in order.lines)


def a_store(**on_hand: int) -> World:
    """A store with two guides and stock of the articles named."""
    world = World()
    for name in ("G1", "G2"):
        world.must(RegisterGuide(guide(name)))
    for name, quantity in (on_hand or {"A": 5}).items():
        world.must(RegisterSku(sku(name)))
        world.must(OpenStock(STORE, name, quantity))
    return world


def at_hub(world: World, command: Command, *, store: str = STORE) -> tuple[Event, ...] | Refusal:
    """Decide a command of the hub's own about a store."""
    return world.run(command, replace(world.context(), store=store, device=HUB, actor=HUB))


def lend(world: World, name: str, *, home: str, hours: int = 2) -> None:
    """Let the hub lend a guide of another store to this one from now on."""
    window = Window(world.now, world.now + timedelta(hours=hours))
    for store, command in ((home, SendGuide(name, STORE, window)), (STORE, BorrowGuide(name))):
        decided = at_hub(world, command, store=store)
        assert not isinstance(decided, Refusal), decided


def a_placed(*lines: OrderLine, **on_hand: int) -> World:
    """A store with one order."""
    world = a_store(**on_hand)
    world.must(placing("1", *lines))
    return world


DAY = date(2026, 3, 2)
