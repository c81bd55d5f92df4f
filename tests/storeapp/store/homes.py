"""A counter's files without a keyring, and random commands to fill them with."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from storeapp.codec import encode
from storeapp.domain.delivery import Delivery, Holder, Proof
from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.domain.kernel import Command, Key
from storeapp.domain.order import Order
from storeapp.domain.rules.closing import ReportException
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, PassOn, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery, IssueSlip, RetryDelivery, SplitDelivery
from storeapp.domain.rules.orders import CancelOrder, ForgetOrder, RescheduleOrder
from storeapp.domain.rules.people import RegisterGuide, RegisterSku
from storeapp.domain.rules.stock import CountStock, MoveStock, OpenStock
from storeapp.domain.stock import Movement
from storeapp.domain.words import Mode, Role
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.privacy import Privacy
from storeapp.store.cache import open_cache
from storeapp.store.journal import Journal, suspicion
from storeapp.store.keys import Keys
from storeapp.store.salvage import open_journal
from storeapp.store.salvage_rows import Salvaged
from storeapp.store.views import words
from tests.storeapp.world import AFTERNOON, DEVICE, NOON, STORE, a_delivery, an_order, guide, line, placing, sku

MANAGER = Actor("manager", Role.MANAGER)


def open_counter(home: Path, **identity: str) -> Counter:
    """A stand-alone counter, or with ``hub="…"`` an enrolled one."""
    home.mkdir(exist_ok=True)
    journal = Journal(home / "journal.db")
    with journal.writing():
        journal.identify(store=STORE, device=DEVICE, **identity)
    keys = Keys.open(home / "keys.db")
    return Counter(
        home,
        journal=journal,
        cache=open_cache(home / "cache.db"),
        keys=keys,
        privacy=Privacy(keys),
        clock=FixedClock(NOON),
    )


def run(counter: Counter, *commands: Command) -> None:
    """One use-case; what is refused leaves no trace."""
    with counter.transaction(MANAGER) as tx:
        for command in commands:
            tx.run(command)


BASICS: tuple[Command, ...] = (
    RegisterGuide(guide("G1")),
    RegisterGuide(guide("G2")),
    RegisterSku(sku("A")),
    RegisterSku(sku("B")),
    OpenStock(STORE, "A", 1000),
    OpenStock(STORE, "B", 1000),
)

_number = st.sampled_from(["1", "2", "3"])
_delivery = _number.map(a_delivery)
_order = _number.map(an_order)
_guide = st.sampled_from(["G1", "G2"])
_parcel = st.sampled_from([None, 1, 2])
_lines = st.lists(st.builds(line, st.sampled_from(["A", "B"]), st.integers(1, 3)), min_size=1, max_size=2)

COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda number, lines: placing(number, *lines), _number, _lines),
    st.builds(lambda number, lines: placing(number, *lines, revise=True), _number, _lines),
    st.builds(CancelOrder, _order, st.just("customer"), st.booleans()),
    st.builds(RescheduleOrder, _order, st.sampled_from(Mode), st.just(AFTERNOON)),
    st.builds(ForgetOrder, _order),
    st.builds(AssignDelivery, _delivery, _guide, st.integers(0, 3)),
    st.builds(IssueSlip, _delivery, st.sampled_from([1, 2]), st.just("00ff00ff"), st.just(24)),
    st.builds(SplitDelivery, _delivery, st.integers(1, 3)),
    st.builds(RetryDelivery, _delivery),
    st.builds(HandOver, _delivery, st.sampled_from([1, 2]), _guide, st.just(Proof.TOKEN)),
    st.builds(Deliver, _delivery, st.just(Proof.PICKUP_CODE), _parcel),
    st.builds(FailDelivery, _delivery, st.sampled_from(["refused", "damaged"]), parcel=_parcel),
    st.builds(ReturnDelivery, _delivery, st.sampled_from(["refused", "damaged"]), _parcel),
    st.builds(PassOn, _delivery, st.just(Holder.COURIER), st.just("c"), _parcel),
    st.builds(CountStock, st.just(STORE), st.sampled_from(["A", "B"]), st.integers(500, 900)),
    st.builds(MoveStock, st.just(STORE), st.just("A"), st.just(Movement.RECEIVED), st.integers(1, 9)),
    st.builds(ReportException, _delivery, st.just(ExceptionKind.LATE)),
)


def shown(counter: Counter) -> dict[Key, bytes]:
    """Every state that the screens can see."""
    rows = counter.cache.db.execute("SELECT kind, id, body FROM state WHERE body <> x''")
    return {Key(kind, key_id): bytes(body) for kind, key_id, body in rows}


def encoded(states: dict[Key, Any]) -> dict[Key, bytes]:
    return {key: encode(state) for key, state in states.items()}


def check_views(counter: Counter) -> None:
    """Lists, search, slips and cases say what the states say, and nothing else."""
    db, cache = counter.cache.db, counter.cache
    orders = {order.id: order for order in cache.every(Order)}
    deliveries = {delivery.id: delivery for delivery in cache.every(Delivery)}
    listed = {row[0]: row[1:] for row in db.execute("SELECT id, order_id, state, status, guide FROM delivery_view")}
    assert listed == {
        d.id: (d.order_id, d.state.value, orders[d.order_id].status.value, d.guide)
        for d in deliveries.values()
        if d.order_id in orders
    }
    said = dict(db.execute("SELECT order_id, words FROM delivery_view"))
    assert said == {order.id: words(order) for order in orders.values() if order.delivery_id in deliveries}
    # Full text holds these words, and none besides.
    db.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
    slips = {row[0]: row[1:] for row in db.execute("SELECT slip_id, delivery_id, parcel FROM slip_view")}
    assert {delivery_id for delivery_id, _ in slips.values()} == set(deliveries)
    for delivery in deliveries.values():
        for parcel in delivery.parcels:
            assert parcel.slip is None or slips[parcel.slip.slip_id] == (delivery.id, parcel.number)
    cases = dict(db.execute("SELECT id, is_open FROM case_view"))
    assert cases == {case.id: int(case.open) for case in cache.every(ExceptionCase)}


ORDERS = 400
PAGE = 4096
TOTAL = len(BASICS) + ORDERS
"""Commands in the home that `conftest` makes."""


def damage(path: Path, *, page: int, filler: bytes = b"\xa5") -> None:
    """Overwrite one page, counted from 0."""
    with path.open("rb+") as file:
        file.seek(page * PAGE)
        file.write((filler * PAGE)[:PAGE])


def opened(path: Path, expect: int = 0) -> Salvaged | None:
    """Open a journal and close it again; what was salvaged, if anything."""
    journal, salvaged = open_journal(path, expect=lambda: expect)
    journal.close()
    return salvaged


def suspected(path: Path) -> None:
    """Have all of a journal read when it is opened next."""
    suspicion(path).touch()
