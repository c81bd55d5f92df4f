"""Real homes of counters, set up from small tables, and a sync that needs no waiting."""

from datetime import datetime, time
from pathlib import Path

from hub.core import Hub
from hub.devices import new_code
from storeapp.domain.kernel import Command, Key
from storeapp.domain.place import Position
from storeapp.domain.reference import GuideRow, SkuRow, StockRow, StoreRow
from storeapp.domain.words import Role, TravelMode
from storeapp.services.clock import SystemClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.home import Home, create_home
from storeapp.services.ports import SyncReport
from storeapp.services.setup import StoreTables, set_up
from sync.engine import SyncEngine
from tests.support.hubs import START

MANAGER = Actor("manager", Role.MANAGER)
PASSPHRASE = "only for tests"
HERE = Position(31.2, 121.43)


class TestClock(SystemClock):
    """A real clock as far as anybody can tell, standing still; only the test moves it."""

    __test__ = False

    def __init__(self, moment: datetime = START) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def tables(store: str = "XH") -> StoreTables:
    def guide(name: str) -> GuideRow:
        return GuideRow(
            guide=name,
            name=name,
            store=store,
            mode=TravelMode.EBIKE,
            shift_start=time(10),
            shift_end=time(18),
            commute_home=False,
            home=None,
            max_parcels=8,
            max_weight_g=15000,
            certificates=(),
        )

    return StoreTables(
        stores=(StoreRow("XH", "XH", "a street", HERE), StoreRow("HH", "HH", "a street", HERE)),
        skus=tuple(SkuRow(f"BL-00{n}", f"69{n}", "x", 100, 10, 10) for n in (1, 2)),
        stock=tuple(StockRow(store, f"BL-00{n}", 100, "A1") for n in (1, 2)),
        guides=(guide("G01"), guide("G02")),
        buildings=(),
        errors=(),
    )


def stand_alone(path: Path, *, store: str = "XH", passphrase: str | None = None) -> Counter:
    return set_up(path, store=store, tables_of=tables(store), clock=TestClock(), passphrase=passphrase).home.open()


def bare(path: Path, *, passphrase: str | None = None) -> Counter:
    return create_home(path, clock=TestClock(), environ={}, passphrase=passphrase).home.open()


def again(counter: Counter) -> Counter:
    """The same home in another process, as far as it can tell."""
    return Home(counter.home, counter.clock).open()


def run(counter: Counter, *commands: Command) -> None:
    with counter.transaction(MANAGER) as tx:
        for command in commands:
            tx.must(command)


def sync(counter: Counter) -> SyncReport:
    return SyncEngine().once(counter)


def join(counter: Counter, hub: Hub, url: str, *, store: str = "XH") -> None:
    SyncEngine().enrol(counter, url=url, code=new_code(hub, store=store))


def shown(counter: Counter) -> dict[Key, bytes]:
    """What the counter shows, every state of it."""
    rows = counter.cache.db.execute("SELECT kind, id, body FROM state WHERE body <> x''")
    return {Key(kind, key_id): bytes(body) for kind, key_id, body in rows}
