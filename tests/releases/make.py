"""Makes the files that a release leaves on the disks of a counter and a hub, for the tests of every later release.

``python -m tests.releases.make`` adds the present version to this folder and touches no other; before the version in
``pyproject.toml`` rises, its files must be here. The two oldest were made from the first steps of the schemas; 0.0.3 is
what disks held in the middle of the first version. While a version is not out, a new step of a schema makes its files
anew: take its archive away first.
"""

import shutil
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from hub.core import DATABASE_FILE
from hub.database import Database, sqlite_url
from hub.migrate import upgrade
from storeapp import __version__
from storeapp.domain.incoming import IncomingLine
from storeapp.domain.order import Order, OrderStatus, order_id
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.words import Platform
from storeapp.services import dispatch, handoff, orders, slips, stock
from storeapp.services.counter import Counter
from storeapp.services.home import CACHE, JOURNAL, KEYS
from storeapp.store.migrate import Migration, open_database, remove_database
from storeapp.store.schema import MIGRATIONS as CACHE_STEPS
from tests.support.counters import MANAGER, PASSPHRASE, bare, join, run, shown, stand_alone, sync
from tests.support.hubs import START, TurnedClock, make_hub
from tests.support.hubserver import serving
from tests.support.mortal import person_of

FOLDER = Path(__file__).parent
ENROLLED = START - timedelta(days=330)
"""Long enough ago that the certificate must be renewed soon."""

EXPECTED = "expected.json"
NUMBERS = tuple(f"T{n}" for n in range(8))


class Expected(msgspec.Struct, frozen=True):
    """What must be found in the files again."""

    commands: list[str]
    pending: int
    refused: int
    people: dict[str, str]
    """Names of customers by the number of their open orders."""
    states: list[tuple[str, str]]


@dataclass(frozen=True)
class Older:
    """A release with the schemas of earlier steps."""

    name: str
    cache: int
    hub: str


OLDEST = (Older("0.0.1", 1, "0001"), Older("0.0.2", 2, "0002"))


def place(counter: Counter, number: str) -> None:
    line = IncomingLine("BL-001", 1, 100)
    orders.place(counter, MANAGER, orders.NewOrder(order_no=number, person=person_of(number), lines=(line,)))


def delivery(number: str) -> str:
    return f"{order_id(Platform.COUNTER, number)}-1"


def hand_over(counter: Counter, number: str) -> None:
    dispatch.assign(counter, MANAGER, delivery(number), "G01")
    slip = slips.issue_slip(counter, MANAGER, delivery(number))
    badge = slips.issue_badge(counter, MANAGER, "G01")
    assert isinstance(slip, slips.SlipPaper)
    assert isinstance(badge, slips.BadgePaper)
    handoff.scan(counter, MANAGER, badge.token, slip.token)


def live(folder: Path) -> Expected:
    """A store day of two counters that ends while one of them has no network."""
    clock = TurnedClock(ENROLLED)
    hub = make_hub(folder / "hub", now=clock)
    one, two = stand_alone(folder / "counter", passphrase=PASSPHRASE), bare(folder / "two")
    with serving(hub) as server:
        for number in NUMBERS[:3]:
            place(one, number)
        hand_over(one, NUMBERS[0])
        for counter in (one, two):
            join(counter, hub, server.url)
        clock.moment = START
        for counter in (one, two):
            assert sync(counter).problem == ""
        quarrel(one, two)
    afterwards(one)
    expected = described(one)
    for opened in (one, two, hub):
        opened.close()
    shutil.rmtree(folder / "two")
    return expected


def quarrel(one: Counter, two: Counter) -> None:
    """Both assign the same delivery; the second to arrive is refused."""
    for counter, guide in ((two, "G02"), (one, "G01")):
        run(counter, AssignDelivery(delivery(NUMBERS[1]), guide, 0))
    for counter in (two, one):
        assert sync(counter).problem == ""


def afterwards(one: Counter) -> None:
    """What the hub has not heard of yet."""
    for number in NUMBERS[3:]:
        place(one, number)
    orders.correct(one, MANAGER, order_id(Platform.COUNTER, NUMBERS[3]), person=person_of(NUMBERS[4]))
    orders.cancel(one, MANAGER, order_id(Platform.COUNTER, NUMBERS[5]), "customer")
    hand_over(one, NUMBERS[4])
    stock.receive(one, MANAGER, "BL-002", 7)
    with one.transaction(MANAGER) as tx:
        tx.audit("reveal", order_id(Platform.COUNTER, NUMBERS[3]))


def described(counter: Counter) -> Expected:
    kept = [order for order in counter.cache.every(Order) if order.status is OrderStatus.OPEN and order.sealed]
    people = counter.privacy.people(kept)
    entries = counter.journal.after(0, limit=10_000)
    return Expected(
        commands=[entry.id for entry in entries],
        pending=len(counter.journal.pending()),
        refused=len(counter.journal.rejected()),
        people={order.order_no: people[order.id].name for order in kept},
        states=sorted((key.kind, key.id) for key in shown(counter)),
    )


def age_cache(path: Path, steps: Sequence[Migration]) -> None:
    """Put a cache in the place of this one that has the same rows and seen only these steps."""
    old = path.with_name("newer.db")
    path.replace(old)
    with closing(open_database(path, migrations=steps, synchronous="NORMAL", secure_delete=True)) as target:
        copy_rows(old, target.conn)
    remove_database(old)


def age_hub(path: Path, revision: str) -> None:
    """The same for a hub."""
    old = path.with_name("newer.db")
    path.replace(old)
    with closing(Database(sqlite_url(path))) as db:
        with db.alone() as connection:
            upgrade(connection, revision)
        db.fold()
    with closing(sqlite3.connect(path)) as target:
        copy_rows(old, target, but=("alembic_version",))
        target.commit()
    remove_database(old)


def copy_rows(source: Path, target: sqlite3.Connection, but: Sequence[str] = ()) -> None:
    """All rows of all tables, as far as the target has their columns."""
    target.execute("ATTACH ? AS source", (str(source),))
    tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT GLOB 'search_*'"
    for (table,) in target.execute(f"{tables} AND name <> 'sqlite_sequence'").fetchall():
        columns = [name for _, name, *_ in target.execute(f"PRAGMA main.table_info({table})")]
        listed = ", ".join(["rowid", *columns] if table == "search" else columns)
        if table not in but:
            target.execute(f"INSERT INTO main.{table} ({listed}) SELECT {listed} FROM source.{table}")
    if target.in_transaction:
        target.commit()
    target.execute("DETACH source")


def pack(folder: Path, expected: Expected, archive: Path) -> None:
    """One file a release; what SQLite needs beside its files was folded into them when they were closed."""
    names = [f"counter/{name}" for name in (JOURNAL, CACHE, KEYS)] + [f"hub/{DATABASE_FILE}", "hub/root.key"]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(EXPECTED, msgspec.json.format(msgspec.json.encode(expected)))
        for name in names:
            assert not (folder / f"{name}-wal").exists()
            packed.write(folder / name, name)


def make(name: str, age: Callable[[Path], None] = lambda _: None) -> None:
    archive = FOLDER / f"{name}.zip"
    if archive.exists():
        print(f"{archive.name} is there and stays as it is")
        return
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        expected = live(folder)
        age(folder)
        pack(folder, expected, archive)
    print(f"{archive.name}: {archive.stat().st_size} bytes")


def main() -> None:
    """Make what is missing."""
    for older in OLDEST:

        def age(folder: Path, older: Older = older) -> None:
            age_cache(folder / "counter" / CACHE, CACHE_STEPS[: older.cache])
            age_hub(folder / "hub" / DATABASE_FILE, older.hub)

        make(older.name, age)
    make(__version__)


if __name__ == "__main__":
    sys.exit(main())
