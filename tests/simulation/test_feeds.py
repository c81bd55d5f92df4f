"""Feeds on both databases: numbers without holes, and a snapshot with the changes since is the snapshot of then."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hub.core import Hub
from storeapp.domain.catalogue import Sku
from storeapp.domain.kernel import Command
from storeapp.domain.order import order_id
from storeapp.domain.rules.custody import Deliver, HandOver, Proof
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.people import RegisterSku
from storeapp.domain.rules.stock import MoveStock
from storeapp.domain.stock import Movement
from storeapp.domain.words import Platform
from tests.simulation.mirrors import Mirror, taken
from tests.simulation.numbers import Numbering
from tests.support.hubs import FakeCounter, a_guide, an_order

STORES = ("XH", "HH")
FEEDS = (("XH", "brand"), ("XH", "store:XH"), ("HH", "store:HH"))


def something(chance: random.Random, store: str) -> Command:
    """A command about few things, so that rows change often, and one in four is refused or changes nothing."""
    number = f"T{chance.randrange(4)}"
    delivery = f"{order_id(Platform.TABLE, number)}-1"
    choices: list[Callable[[], Command]] = [
        lambda: an_order(number, store=store),
        lambda: a_guide("G01", store=store),
        lambda: AssignDelivery(delivery, "G01", chance.randrange(3)),
        lambda: HandOver(delivery, 1, "G01", Proof.TOKEN),
        lambda: Deliver(delivery, Proof.PICKUP_CODE),
        lambda: CancelOrder(order_id(Platform.TABLE, number), "customer"),
        lambda: MoveStock(store, "BL-001", Movement.RECEIVED, chance.randrange(1, 5)),
        lambda: RegisterSku(Sku("BL-001", "1", "x", chance.randrange(1, 4), 10, 10)),
    ]
    return chance.choice(choices)()


def agree(hub: Hub, mirrors: list[Mirror]) -> None:
    for mirror in mirrors:
        assert mirror.followed(hub) == taken(hub, store=mirror.store, feed=mirror.feed)


def test_a_snapshot_with_the_changes_since_is_the_snapshot_of_then(hub: Hub) -> None:
    chance = random.Random(20261122)
    counters = [FakeCounter(hub, device=f"dev-{n}", store=STORES[n % 2]) for n in range(3)]
    numbering, mirrors = Numbering(hub.db), []
    for _ in range(30):
        counter = chance.choice(counters)
        counter.do(*[something(chance, counter.store) for _ in range(chance.randrange(1, 4))])
        assert numbering.look(hub.db) == []
        if chance.random() < 0.2:
            store, feed = chance.choice(FEEDS)
            mirrors.append(taken(hub, store=store, feed=feed))
    assert mirrors
    agree(hub, mirrors)


def test_it_is_so_while_others_write(hub: Hub) -> None:
    ended = threading.Event()

    def write(n: int) -> None:
        chance = random.Random(n)
        counter = FakeCounter(hub, device=f"dev-{n}", store=STORES[n % 2])
        for _ in range(12):
            counter.do(something(chance, counter.store))

    def read(store: str, feed: str) -> list[Mirror]:
        mirrors = [taken(hub, store=store, feed=feed)]
        while not ended.is_set():
            mirrors = [*mirrors[:3], mirrors[-1].followed(hub)]
        return mirrors

    with ThreadPoolExecutor(6) as pool:
        reading = [pool.submit(read, store, feed) for store, feed in FEEDS]
        try:
            list(pool.map(write, range(3)))
        finally:
            ended.set()
        agree(hub, [mirror for each in reading for mirror in each.result()])
