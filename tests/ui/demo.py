"""A store in the middle of its demo day, so that every page has something of each kind to show."""

from datetime import timedelta
from pathlib import Path

from devtools.demo_home import DEMO, MANAGER, NOON, PASSPHRASE
from storeapp.domain.delivery import Proof
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.services import guides, intake, queries
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Counter
from storeapp.services.home import Home
from storeapp.services.setup import read_tables, set_up

FILES = ("orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv")


def make_home(path: Path) -> Home:
    """Set the demo store up and play half a day, by the rules alone."""
    clock = FixedClock(NOON - timedelta(hours=4))
    made = set_up(path, store="XH", tables_of=read_tables(DEMO), clock=clock, passphrase=PASSPHRASE)
    counter = made.home.open()
    try:
        intake.import_orders(counter, MANAGER, intake.read_files(DEMO / name for name in FILES))
        _play(counter, clock)
    finally:
        counter.close()
    return made.home


def again(path: Path) -> Home:
    """A copied home, opened with the demo passphrase."""
    return Home(path, FixedClock(NOON)).unlock(passphrase=PASSPHRASE)


def _play(counter: Counter, clock: FixedClock) -> None:
    open_ones = [row.id for row in queries.board(counter).waiting]
    names = [row.id for row in guides.guide_rows(counter)]
    for number, delivery in enumerate(open_ones[:22]):
        clock.moment = NOON - timedelta(minutes=150 - 6 * number)
        guide = names[number % len(names)]
        with counter.transaction(MANAGER) as tx:
            tx.must(AssignDelivery(delivery, guide, 0, NOON + timedelta(minutes=20 * number - 150)))
            if number < 16:
                tx.must(HandOver(delivery, 1, guide, Proof.TOKEN))
            if number < 7:
                tx.must(Deliver(delivery, Proof.PICKUP_CODE))
            elif number == 7:
                tx.must(FailDelivery(delivery, "unreachable"))
            elif number == 8:
                tx.must(ReturnDelivery(delivery, "damaged"))
    clock.moment = NOON
