"""Makes a counter's home in the middle of a busy day, for tests of the window and for its pictures."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.intake import Intake
from storeapp.domain.delivery import DeliveryState, Proof
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.kernel import Command
from storeapp.domain.moment import Window
from storeapp.domain.people import Guide, Staff
from storeapp.domain.rules.closing import ReportException
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, ReturnDelivery
from storeapp.domain.rules.people import RegisterStaff
from storeapp.domain.words import Mode, Role
from storeapp.services import dispatch
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.home import Home
from storeapp.services.intake import import_orders, read_files
from storeapp.services.orders import reschedule
from storeapp.services.queries import board
from storeapp.services.rows import OrderRow
from storeapp.services.setup import read_tables, set_up
from storeapp.services.slips import issue_badge, issue_slip
from storeapp.services.stock import adjust, count, receive, stock_rows
from storeapp.store.journal import Outcome, Status

DEMO = Path(__file__).parents[1] / "resources" / "demo"
NOON = datetime(2026, 11, 21, 6, 12, tzinfo=UTC)
"""14:12 on the store's clock: what the finished home shows as now."""
PASSPHRASE = "demo-passphrase"  # noqa: S105 - of a folder that is thrown away
MANAGER = Actor("manager", Role.MANAGER)
MANAGER_NAME, STAFF_NAME = "周店长", "小许"
MANAGER_PIN, STAFF_PIN = "2580", "1470"
FILES = ("orders-weixin-shop.json", "orders-woocommerce.json", "orders-shopify.csv", "orders-table.csv")
LATER = "orders-weixin-shop-later.json"
STEP = timedelta(minutes=5)
LEAVES_AHEAD = timedelta(minutes=25)
"""How long before its arrival a guide comes to the desk for a parcel."""
RECALLED, DAMAGED, SLOW = "371795229460000000", "4762", "371795240020000068"
"""What the customer calls off on its way, what comes back broken, and what takes longer than promised."""
AGREED = {
    "#1010": 2,
    "371795220040000036": 2,
    "371795222080000056": 3,
    "#1002": 3,
    "#1042": 7,
    "4770": 8,
    "4722": 7,
}
"""What was ordered for a time that nobody can keep, and the hour of the two that the customer agreed to (UTC)."""
DELAYS = {
    "4758": timedelta(minutes=25),
    "#1074": timedelta(minutes=15),
    "#1062": timedelta(minutes=35),
    "4710": timedelta(minutes=22),
    "#1026": timedelta(minutes=9),
}


@dataclass(slots=True)
class _Day:
    """The day as it is played: each step happens at its own time."""

    counter: Counter
    clock: FixedClock
    imported_until: datetime = NOON - timedelta(days=1)
    files: list[Intake] = field(default_factory=list)

    def at(self, hour: int, minute: int) -> None:
        self.clock.moment = NOON.replace(hour=hour - 8, minute=minute)

    def run(self, *commands: Command) -> None:
        with self.counter.transaction(MANAGER) as transaction:
            for command in commands:
                transaction.must(command)

    def orders(self) -> None:
        """What the platforms have taken since the last look."""
        since, until = self.imported_until, self.clock.now()
        new = [
            replace(file, orders=tuple(order for order in file.orders if since < order.created_at <= until))
            for file in self.files
        ]
        if any(file.orders for file in new):
            import_orders(self.counter, MANAGER, new)
        self.imported_until = until

    def plan(self, ahead: timedelta = timedelta(hours=1)) -> None:
        """Accept what the planner proposes for the time ahead; the rest is decided when it comes nearer."""
        if board(self.counter).waiting:
            soon = self.clock.now() + ahead
            proposal = dispatch.propose(self.counter, InsertionPlanner())
            near = tuple(item for item in proposal.assignments if item.eta is None or item.eta <= soon)
            dispatch.apply(self.counter, MANAGER, replace(proposal, assignments=near))

    def leave(self) -> None:
        """Guides who are at the desk take what is due."""
        now = self.clock.now()
        for row in board(self.counter).assigned:
            if row.eta is not None and row.eta - LEAVES_AHEAD <= now:
                issue_slip(self.counter, MANAGER, row.id)
                self.run(HandOver(row.id, 1, row.guide, Proof.TOKEN))

    def arrive(self) -> None:
        """Parcels reach their customers."""
        for row in board(self.counter).out:
            due = (row.eta or row.window.end) + DELAYS.get(row.order_no, timedelta(0))
            if row.state is DeliveryState.IN_CUSTODY and row.order_no not in _KEPT and due <= self.clock.now():
                self.run(Deliver(row.id, Proof.PICKUP_CODE))

    def find(self, order_no: str) -> OrderRow:
        shown = board(self.counter)
        rows = (*shown.waiting, *shown.assigned, *shown.out, *shown.back)
        return next(row for row in rows if row.order_no == order_no)


_KEPT = frozenset({RECALLED, DAMAGED, SLOW})


def make_demo_home(folder: Path) -> Home:
    """Make a store's home at 14:12 of its day.

    Most of the morning is delivered, a few things are late or short, guides are out and proposals wait; one parcel
    came back damaged, one was called off on its way, and the hub turned one assignment down.
    """
    clock = FixedClock(NOON.replace(hour=1, minute=30))
    made = set_up(folder, store="XH", tables_of=read_tables(DEMO), clock=clock, passphrase=PASSPHRASE)
    counter = made.home.open()
    try:
        _play(_Day(counter, clock))
    finally:
        counter.close()
    clock.moment = NOON
    return made.home


def copy_demo_home(made: Home, folder: Path) -> Home:
    """A copy that may be changed, opened with the demo's passphrase."""
    shutil.copytree(made.path, folder)
    return Home(folder, FixedClock(NOON)).unlock(passphrase=PASSPHRASE)


def _play(day: _Day) -> None:
    day.files = read_files(DEMO / name for name in FILES)
    _hire(day)
    _open(day)
    later: dict[datetime, Callable[[_Day], None]] = {
        NOON.replace(hour=1, minute=40): _agree_on_times,
        NOON.replace(hour=4, minute=5): _come_back_damaged,
        NOON.replace(hour=5, minute=10): _agree_on_times,
        NOON.replace(hour=5, minute=40): _find_nobody,
        NOON.replace(hour=6, minute=5): _call_off,
    }
    moment = NOON.replace(hour=1, minute=35)
    while moment <= NOON:
        day.clock.moment = moment
        day.orders()
        day.arrive()
        if moment.minute % 15 == 0 and moment < NOON.replace(hour=5, minute=45):
            day.plan()
        day.leave()
        later.get(moment, _nothing)(day)
        moment += STEP
    _shelves(day)
    _lose_a_race(day)


def _nothing(_day: _Day) -> None:
    """Nothing out of the ordinary."""


def _hire(day: _Day) -> None:
    store = day.counter.store
    day.run(
        RegisterStaff(Staff(MANAGER.id, MANAGER_NAME, Role.MANAGER, store)),
        RegisterStaff(Staff("xu", STAFF_NAME, Role.STAFF, store)),
    )
    day.counter.keys.pins.set(MANAGER.id, MANAGER_PIN)
    day.counter.keys.pins.set("xu", STAFF_PIN)


def _open(day: _Day) -> None:
    """Badges are printed and the morning's goods put away; one guide forgot the badge at home, so has none yet."""
    for guide in _guides(day.counter)[:-1]:
        issue_badge(day.counter, MANAGER, guide)
    for sku, quantity in (("BL-001", 8), ("BL-013", 2), ("BL-011", 6), ("BL-014", 5)):
        receive(day.counter, MANAGER, sku, quantity)


def _guides(counter: Counter) -> list[str]:
    return [guide.id for guide in counter.cache.every(Guide) if guide.store == counter.store]


def _agree_on_times(day: _Day) -> None:
    """Customers whose promise nobody can keep were called."""
    for row in board(day.counter).waiting:
        if row.order_no in AGREED and row.window.start < (start := NOON.replace(hour=AGREED[row.order_no], minute=0)):
            window = Window(start, start + timedelta(hours=2))
            reschedule(day.counter, MANAGER, row.order_id, window, Mode.SCHEDULED)


def _come_back_damaged(day: _Day) -> None:
    _take(day, DAMAGED)
    row = day.find(DAMAGED)
    day.run(
        FailDelivery(row.id, ExceptionKind.DAMAGED, returning=True),
        ReturnDelivery(row.id, ExceptionKind.DAMAGED),
    )


def _find_nobody(day: _Day) -> None:
    _take(day, RECALLED)
    day.run(FailDelivery(day.find(RECALLED).id, ExceptionKind.UNREACHABLE, returning=True))


def _take(day: _Day, order_no: str) -> None:
    """Make sure that a guide has it."""
    row = day.find(order_no)
    guide = row.guide or _guides(day.counter)[0]
    if row.state is DeliveryState.WAITING:
        dispatch.assign(day.counter, MANAGER, row.id, guide)
    if row.state in {DeliveryState.WAITING, DeliveryState.ASSIGNED}:
        day.run(HandOver(row.id, 1, guide, Proof.TOKEN))


def _call_off(day: _Day) -> None:
    """The platform's next export calls one order off; a guide says that another takes longer."""
    later = read_files([DEMO / LATER])
    import_orders(day.counter, MANAGER, [_only(intake, {RECALLED}) for intake in later])
    _take(day, SLOW)
    day.run(ReportException(day.find(SLOW).id, ExceptionKind.LATE))
    day.plan(timedelta(minutes=75))
    metro, afternoon = _guides(day.counter)[1], NOON.replace(hour=7, minute=20)
    dispatch.assign(day.counter, MANAGER, day.find("4722").id, metro, eta=afternoon)


def _only(intake: Intake, numbers: Iterable[str]) -> Intake:
    wanted = set(numbers)
    return replace(intake, orders=tuple(order for order in intake.orders if order.order_no in wanted))


def _shelves(day: _Day) -> None:
    """Two shelves were counted, one of them short, and a broken piece was written off."""
    on_hand = {row.sku: row.on_hand for row in stock_rows(day.counter)}
    count(day.counter, MANAGER, "BL-002", on_hand["BL-002"] - 1)
    count(day.counter, MANAGER, "BL-006", on_hand["BL-006"])
    adjust(day.counter, MANAGER, "BL-004", -1, "damaged")


def _lose_a_race(day: _Day) -> None:
    """The hub heard of another counter's assignment first; everything else it has confirmed."""
    counter = day.counter
    ours, theirs = _guides(counter)[:2]
    row = max(board(counter).waiting, key=lambda each: each.window.end)
    dispatch.assign(counter, MANAGER, row.id, ours)
    lost = counter.journal.after(counter.journal.last() - 1)[0]
    problem = {"code": "stale_base", "data": {"guide": theirs, "state": "assigned"}}
    refused = Outcome(id=lost.id, status=Status.REFUSED, problem=msgspec.json.encode(problem))
    with counter.journal.writing():
        counter.journal.enrol()
        counter.journal.settle([refused])
