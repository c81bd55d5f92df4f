"""Makes homes of any size for measurements: a store set up from the demo tables, with invented orders."""

import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storeapp.adapters.intake.result import Intake
from storeapp.domain.incoming import IncomingLine, IncomingOrder, Person
from storeapp.domain.moment import Window, store_day
from storeapp.domain.people import Guide, Shift, shift_id
from storeapp.domain.place import Position
from storeapp.domain.rules.people import RegisterGuide, SetShift
from storeapp.domain.words import Mode, Platform, Role, TravelMode
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor
from storeapp.services.home import Home
from storeapp.services.intake import import_orders
from storeapp.services.setup import read_tables, set_up
from storeapp.services.stock import receive
from storeapp.store import journal_schema, schema

DAY = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
DEMO = Path(__file__).parents[1] / "resources" / "demo"
MANAGER = Actor("manager", Role.MANAGER)
PASSPHRASE = "bench-passphrase"
STREETS = ("衡山路", "永嘉路", "建国西路", "复兴中路", "武康路", "天平路", "吴兴路", "宛平路", "岳阳路", "华山路")
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"


def orders(count: int, *, seed: int = 1) -> list[IncomingOrder]:
    """Invented orders of one store, one a minute, with goods of the demo catalogue."""
    rng = random.Random(seed)
    return [_order(rng, n) for n in range(count)]


def _order(rng: random.Random, n: int) -> IncomingOrder:
    created = DAY - timedelta(minutes=n)
    street, number = rng.choice(STREETS), rng.randint(1, 900)
    person = Person(
        name=rng.choice(SURNAMES) + rng.choice(GIVEN),
        phone=f"138001380{rng.randint(0, 99):02d}",
        address=f"上海市徐汇区{street}{number}弄{rng.randint(1, 30)}号{rng.randint(1, 18)}0{rng.randint(1, 4)}室",
        position=Position(31.2 + rng.gauss(0, 0.01), 121.45 + rng.gauss(0, 0.01)),
    )
    lines = tuple(
        IncomingLine(f"BL-{k:03d}", rng.choice((1, 1, 2)), 12_300, "眼部精华15ml")
        for k in rng.sample(range(1, 16), rng.choice((1, 2, 3)))
    )
    return IncomingOrder(
        platform=Platform.TABLE,
        order_no=f"T{10_000_000 + n}",
        cancelled=False,
        created_at=created,
        updated_at=None,
        lines=lines,
        person=person,
        mode=Mode.INSTANT,
        window=Window(created, created + timedelta(hours=1)),
    )


def home_with(count: int, folder: Path) -> Home:
    """A home with so many orders; one that exists already is used again."""
    # Another schema is another home: an old one would be migrated or refused instead of measured.
    path = folder / f"home-{count}-{len(journal_schema.MIGRATIONS)}-{len(schema.MIGRATIONS)}"
    clock = FixedClock(DAY)
    if (path / "done").exists():
        return Home(path, clock).unlock(passphrase=PASSPHRASE)
    made = set_up(path, store="XH", tables_of=read_tables(DEMO), clock=clock, passphrase=PASSPHRASE)
    counter = made.home.open()
    import_orders(counter, MANAGER, [Intake(tuple(orders(count)), ())], progress=_show)
    counter.close()
    (path / "done").touch()
    return made.home


def home_of_waiting(count: int, folder: Path, *, now: datetime) -> Home:
    """A home in which so many orders wait that can be delivered within the next hours, with guides and goods enough."""
    path = folder / f"waiting-{count}-{len(journal_schema.MIGRATIONS)}-{len(schema.MIGRATIONS)}"
    clock = FixedClock(now)
    if (path / "done").exists():
        return Home(path, clock).unlock(passphrase=PASSPHRASE)
    made = set_up(path, store="XH", tables_of=read_tables(DEMO), clock=clock, passphrase=PASSPHRASE)
    counter = made.home.open()
    for number in range(1, 16):
        receive(counter, MANAGER, f"BL-{number:03d}", 10 * count)
    hours = Window(now - timedelta(hours=1), now + timedelta(hours=8))
    with counter.transaction(MANAGER) as tx:
        for number in range(max(4, count // 9)):
            guide = Guide(f"W{number:02}", f"W{number:02}", "XH", TravelMode.EBIKE, max_parcels=8, max_weight_g=30_000)
            tx.must(RegisterGuide(guide))
            tx.must(SetShift(Shift(shift_id(guide.id, store_day(now)), guide.id, "XH", store_day(now), hours)))
    spread = [_within(order, now, n) for n, order in enumerate(orders(count, seed=7))]
    import_orders(counter, MANAGER, [Intake(tuple(spread), ())])
    counter.close()
    (path / "done").touch()
    return made.home


def _within(order: IncomingOrder, now: datetime, n: int) -> IncomingOrder:
    """The same order with two hours of promise somewhere in the next six."""
    start = now + timedelta(minutes=5 * (n % 48))
    return replace(order, mode=Mode.SCHEDULED, window=Window(start, start + timedelta(hours=2)))


def _show(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done}/{total} orders")
