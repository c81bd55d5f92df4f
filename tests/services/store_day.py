"""A counter of the demo store at some moment of the demo day."""

from datetime import datetime
from pathlib import Path

from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.words import Role
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.intake import import_orders, read_files
from storeapp.services.setup import read_tables, set_up

DEMO = Path(__file__).parents[2] / "resources" / "demo"
FILES = tuple(
    DEMO / name
    for name in ("orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv")
)
MANAGER = Actor("manager", Role.MANAGER)
STAFF = Actor("somebody", Role.STAFF)


def moment(hour: str) -> datetime:
    """An hour of the demo day on the store's clock."""
    return datetime.fromisoformat(f"2026-11-21T{hour}:00+08:00")


def open_counter(path: Path, *, orders: bool = True, at: str = "08:00") -> Counter:
    """A counter that has just taken the day's orders on."""
    clock = FixedClock(moment("08:00"))
    made = set_up(path / "home", store="XH", tables_of=read_tables(DEMO), clock=clock, passphrase="demo-passphrase")
    counter = made.home.open()
    if orders:
        import_orders(counter, MANAGER, read_files(FILES))
    clock.moment = moment(at)
    return counter


def move_clock(counter: Counter, at: str) -> None:
    """Let it be another hour."""
    assert isinstance(counter.clock, FixedClock)
    counter.clock.moment = moment(at)


def in_state(counter: Counter, state: DeliveryState) -> list[str]:
    """The deliveries in a state."""
    return [delivery.id for delivery in counter.cache.every(Delivery) if delivery.state is state]
