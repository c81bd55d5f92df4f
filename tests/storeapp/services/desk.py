"""A store to test with: two guides, three articles, a manager and a member of staff, and orders on request."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from storeapp.domain.delivery import Delivery
from storeapp.domain.incoming import IncomingLine, Person
from storeapp.domain.kernel import Refusal
from storeapp.domain.order import Order
from storeapp.domain.place import Position
from storeapp.domain.reference import GuideRow, SkuRow, StockRow, StoreRow
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.words import Role, TravelMode
from storeapp.services import orders, slips, staff
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.home import Home
from storeapp.services.setup import StoreTables, set_up

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PASSPHRASE = "counter-test-1"
MANAGER = Actor("manager", Role.MANAGER)
CLERK = Actor("clerk", Role.STAFF)
PERSON = Person(
    name="陈小娜",
    phone="13800138012",
    address="上海市徐汇区肇嘉浜路573弄10号1404室",
    note="请放门卫",
    position=Position(31.199083, 121.45082),
)
OPEN, CLOSE = time(10), time(18, 30)
HERE = Position(31.1951, 121.4333)
TABLES = StoreTables(
    stores=(StoreRow("XH", "徐家汇店", "上海市徐汇区虹桥路1号", HERE), StoreRow("HH", "淮海路店", "", HERE)),
    skus=tuple(SkuRow(f"BL-00{n}", f"690123450000{n}", f"香水{n}", 10000, 300, 500) for n in (1, 2, 3)),
    stock=tuple(StockRow("XH", f"BL-00{n}", 20, f"A{n}") for n in (1, 2)),
    guides=(
        GuideRow("G01", "赵艳芳", "XH", TravelMode.EBIKE, OPEN, CLOSE, False, None, 8, 15000, ("basic",)),
        GuideRow("G02", "郭磊怡", "XH", TravelMode.WALK, OPEN, CLOSE, False, None, 3, 4000, ("basic",)),
    ),
    buildings=(),
    errors=(),
)


@dataclass(frozen=True)
class Template:
    """A home that was set up once, to be copied."""

    path: Path
    root: bytes
    recovery_key: str


def make_template(path: Path, tables: StoreTables = TABLES) -> Template:
    done = set_up(path, store="XH", tables_of=tables, clock=FixedClock(NOW), passphrase=PASSPHRASE)
    assert done.home.root is not None
    return Template(path, done.home.root, done.recovery_key)


@dataclass
class Store:
    """One open counter with its clock in hand."""

    counter: Counter
    clock: FixedClock
    home: Home
    recovery_key: str

    def place(self, order_no: str = "C1", person: Person = PERSON, sku: str = "BL-001", quantity: int = 1) -> str:
        line = IncomingLine(sku, quantity, 10000)
        return granted(orders.place(self.counter, MANAGER, orders.NewOrder(person, (line,), order_no=order_no)))

    def assigned(self, order_no: str = "C1", guide: str = "G01") -> str:
        delivery = self.place(order_no)
        self.assign(delivery, guide)
        return delivery

    def assign(self, delivery: str, guide: str) -> None:
        with self.counter.transaction(MANAGER) as tx:
            tx.must(AssignDelivery(delivery, guide, self.delivery(delivery).assignments))

    def slip(self, delivery: str) -> slips.SlipPaper:
        return granted(slips.issue_slip(self.counter, MANAGER, delivery))

    def badge(self, guide: str = "G01") -> slips.BadgePaper:
        return granted(slips.issue_badge(self.counter, MANAGER, guide))

    def delivery(self, delivery: str) -> Delivery:
        return present(self.counter.cache.get(Delivery, delivery))

    def order(self, delivery: str) -> Order:
        return present(self.counter.cache.get(Order, self.delivery(delivery).order_id))

    def later(self, **span: int) -> None:
        self.clock.moment += timedelta(**span)

    def hire(self, actor: Actor = CLERK) -> None:
        granted(staff.register(self.counter, MANAGER, actor.id, name=actor.id, role=actor.role))

    def opened_again(self) -> Counter:
        return self.home.open()

    def audit(self) -> list[tuple[str, str]]:
        """Action and subject of the audit chain."""
        return [(action, subject) for _, _, _, action, subject, _ in self.counter.journal.audit_entries()]


def open_copy(template: Template, path: Path) -> Store:
    shutil.copytree(template.path, path)
    clock = FixedClock(NOW)
    home = Home(path, clock, template.root)
    counter = home.open()
    counter.catch_up()
    return Store(counter, clock, home, template.recovery_key)


def granted(answer: Any) -> Any:
    assert not isinstance(answer, Refusal), answer
    return answer


def refused(answer: Any) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code


def present(value: Any) -> Any:
    assert value is not None
    return value


Open = Callable[[], Store]
