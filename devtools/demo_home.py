"""Makes a counter's home in the middle of a busy day, for tests of the window and for its pictures."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from storeapp.adapters.intake import Intake
from storeapp.domain.delivery import Delivery, Proof
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.kernel import Command
from storeapp.domain.order import Order
from storeapp.domain.people import Guide, Staff
from storeapp.domain.rules.closing import ReportException
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery, IssueSlip
from storeapp.domain.rules.people import RegisterStaff
from storeapp.domain.words import Platform, Role
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.home import Home, device_key
from storeapp.services.intake import import_orders, read_files
from storeapp.services.queries import board
from storeapp.services.rows import OrderRow
from storeapp.services.setup import read_tables, set_up
from storeapp.services.stock import adjust, count

DEMO = Path(__file__).parents[1] / "resources" / "demo"
NOON = datetime(2026, 11, 21, 6, 12, tzinfo=UTC)
"""14:12 on the store's clock: what the finished home shows as now."""
PASSPHRASE = "demo-passphrase"  # noqa: S105 - of a folder that is thrown away
MANAGER = Actor("manager", Role.MANAGER)
MANAGER_NAME, STAFF_NAME = "周店长", "小许"
MANAGER_PIN, STAFF_PIN = "2580", "1470"
FILES = ("orders-weixin-shop.json", "orders-woocommerce.json", "orders-shopify.csv", "orders-table.csv")


@dataclass(slots=True)
class _Day:
    """The day as it is played: each step happens at its own time."""

    counter: Counter
    clock: FixedClock

    def at(self, hour: int, minute: int) -> None:
        self.clock.moment = NOON.replace(hour=hour - 8, minute=minute)

    def run(self, *commands: Command) -> None:
        with self.counter.transaction(MANAGER) as transaction:
            for command in commands:
                transaction.must(command)

    def waiting(self) -> list[OrderRow]:
        return [row for row in board(self.counter).waiting if row.created_at <= self.clock.now()]

    def assign(self, row: OrderRow, guide: str) -> None:
        delivery = self.counter.cache.get(Delivery, row.id)
        base = delivery.assignments if delivery else 0
        self.run(AssignDelivery(row.id, guide, base, eta=row.window.end - timedelta(minutes=12)))

    def print_slip(self, row: OrderRow) -> None:
        key = device_key(self.counter).key_id.hex()
        self.run(IssueSlip(row.id, 1, key, self.counter.policy.slip_hours))

    def hand_over(self, row: OrderRow, guide: str) -> None:
        self.run(HandOver(row.id, 1, guide, Proof.TOKEN))


def make_demo_home(folder: Path) -> Home:
    """Make a store's home at 14:12 of its day: orders in every state, a damaged return, a recall, low stock."""
    clock = FixedClock(NOON.replace(hour=1, minute=30))
    made = set_up(folder, store="XH", tables_of=read_tables(DEMO), clock=clock, passphrase=PASSPHRASE)
    counter = made.home.open()
    try:
        _play(_Day(counter, clock))
    finally:
        counter.close()
    clock.moment = NOON
    return made.home


def _play(day: _Day) -> None:
    _hire(day)
    day.at(11, 0)
    intakes = read_files(DEMO / name for name in FILES)
    import_orders(day.counter, MANAGER, [_until(intake, NOON) for intake in intakes])
    guides = cycle(_guides(day.counter))
    rows = day.waiting()
    _assign_some(day, rows, guides)
    _deliver_some(day)
    _trouble(day)
    day.at(14, 10)
    later = read_files([DEMO / "orders-weixin-shop-later.json"])
    import_orders(day.counter, MANAGER, [_until(intake, NOON) for intake in later])
    _shelves(day)


def _hire(day: _Day) -> None:
    store = day.counter.store
    day.run(
        RegisterStaff(Staff(MANAGER.id, MANAGER_NAME, Role.MANAGER, store)),
        RegisterStaff(Staff("xu", STAFF_NAME, Role.STAFF, store)),
    )
    day.counter.keys.pins.set(MANAGER.id, MANAGER_PIN)
    day.counter.keys.pins.set("xu", STAFF_PIN)


def _until(intake: Intake, moment: datetime) -> Intake:
    return replace(intake, orders=tuple(order for order in intake.orders if order.created_at <= moment))


def _guides(counter: Counter) -> list[str]:
    return [guide.id for guide in counter.cache.every(Guide) if guide.store == counter.store]


def _assign_some(day: _Day, rows: list[OrderRow], guides: Iterator[str]) -> None:
    for minute, row in enumerate(rows[: len(rows) * 2 // 3]):
        day.at(11, 20 + minute)
        day.assign(row, next(guides))
        if minute % 3:
            day.print_slip(row)


def _deliver_some(day: _Day) -> None:
    assigned = board(day.counter).assigned
    for number, row in enumerate(assigned[: len(assigned) * 2 // 3]):
        day.at(12, number * 2)
        day.hand_over(row, row.guide)
        if number % 2 == 0:
            day.at(12, 40 + number)
            day.run(Deliver(row.id, Proof.PICKUP_CODE))


def _trouble(day: _Day) -> None:
    """One parcel comes back damaged, one cannot be handed to anybody, one is reported late."""
    out = [row for row in board(day.counter).out if not _is_recalled_later(day.counter, row)]
    day.at(13, 40)
    if out:
        day.run(FailDelivery(out[0].id, ExceptionKind.DAMAGED, returning=True))
        day.run(ReturnDelivery(out[0].id, ExceptionKind.DAMAGED))
    if len(out) > 1:
        day.run(FailDelivery(out[1].id, ExceptionKind.UNREACHABLE, returning=True))
    if len(out) > 2:
        day.run(ReportException(out[2].id, ExceptionKind.LATE))


def _is_recalled_later(counter: Counter, row: OrderRow) -> bool:
    order = counter.cache.get(Order, row.order_id)
    return order is not None and order.platform is Platform.WEIXIN_SHOP


def _shelves(day: _Day) -> None:
    """One shelf was counted, one is short."""
    count(day.counter, MANAGER, "BL-002", 21)
    adjust(day.counter, MANAGER, "BL-001", -2, "damaged")
