"""What an older version left on a disk is what the present one goes on with: counters, hubs, and both together."""

import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from hub import feeds
from hub.compaction import compact
from hub.core import DATABASE_FILE, Hub, database_url, open_hub
from hub.database import Database, sqlite_url
from hub.feeds import feeds_of
from hub.migrate import is_current, migrate
from hub.tables import command_result, floor, metadata, state
from storeapp import __version__
from storeapp.domain.certificate import parse
from storeapp.domain.kernel import Key
from storeapp.services.counter import Counter
from storeapp.services.doctor import examine
from storeapp.services.enrolment import Names
from storeapp.services.home import CACHE, JOURNAL, KEYS, Home
from storeapp.store.journal import Journal, suspicion
from storeapp.store.journal_schema import MIGRATIONS as JOURNAL_STEPS
from storeapp.store.keys_schema import MIGRATIONS as KEYS_STEPS
from storeapp.store.migrate import schema_version
from storeapp.store.salvage import open_journal
from storeapp.store.schema import MIGRATIONS as CACHE_STEPS
from sync import cycle
from tests.releases.make import EXPECTED, FOLDER, Expected, described, place
from tests.storeapp.store.homes import PAGE
from tests.support.counters import PASSPHRASE, TestClock, shown, sync
from tests.support.databases import Postgres, move
from tests.support.hubs import START, FakeCounter, TurnedClock, an_order
from tests.support.hubserver import serving

RELEASES = sorted(path.stem for path in FOLDER.glob("*.zip"))
SIX_WEEKS_LATER = START + timedelta(weeks=6)


@dataclass(frozen=True)
class Release:
    """The files of one release, taken out."""

    folder: Path
    expected: Expected

    def counter(self) -> Counter:
        return self.home().open()

    def home(self) -> Home:
        return Home(self.folder / "counter", TestClock(SIX_WEEKS_LATER)).unlock(environ={}, passphrase=PASSPHRASE)


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Release:
    with zipfile.ZipFile(FOLDER / f"{request.param}.zip") as packed:
        packed.extractall(tmp_path)
        expected = msgspec.json.decode(packed.read(EXPECTED), type=Expected)
    return Release(tmp_path, expected)


@pytest.fixture
def hub(release: Release, database: str) -> Iterator[Hub]:
    """The release's hub, upgraded, on either database, six weeks later."""
    home = release.folder / "hub"
    if database:
        move(sqlite_url(home / DATABASE_FILE), database)
    with closing(Database(database_url(home, database))) as db:
        migrate(db)
    with closing(open_hub(home, url=database, now=TurnedClock(SIX_WEEKS_LATER))) as opened:
        yield opened


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty PostgreSQL, or nothing for the release's own file."""
    if request.param == "sqlite":
        yield ""
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.fresh(migrated=False)
    yield url
    server.drop(url)


both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def test_the_present_version_is_among_them() -> None:
    assert __version__ in RELEASES


def test_the_newest_files_have_todays_schemas(tmp_path: Path) -> None:
    with zipfile.ZipFile(FOLDER / f"{__version__}.zip") as packed:
        packed.extractall(tmp_path)
    steps = {JOURNAL: JOURNAL_STEPS, CACHE: CACHE_STEPS, KEYS: KEYS_STEPS}
    for name, known in steps.items():
        with closing(sqlite3.connect(tmp_path / "counter" / name)) as db:
            assert schema_version(db) == len(known), f"{name}: make {__version__}.zip anew with tests.releases.make"
    with closing(Database(sqlite_url(tmp_path / "hub" / DATABASE_FILE))) as db:
        assert is_current(db)


def test_a_counter_goes_on_where_it_was(release: Release) -> None:
    with closing(release.counter()) as counter:
        counter.catch_up()
        assert described(counter) == release.expected
        assert counter.journal.audit_broken_at() is None
        place(counter, "new")
        assert counter.journal.last() == len(release.expected.commands) + 1
    assert examine(release.home()).well


def test_a_counter_without_its_cache_shows_the_same_once_it_has_met_its_hub(release: Release) -> None:
    for path in (release.folder / "counter").glob("cache.db*"):
        path.unlink()
    with closing(release.counter()) as counter:
        counter.catch_up()
        assert [entry.id for entry in counter.journal.after(0)] == release.expected.commands


@both_databases
def test_a_hub_has_the_tables_of_today_and_all_its_rows(release: Release, hub: Hub) -> None:
    assert is_current(hub.db)
    with hub.db.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        known = set(connection.scalars(sa.select(command_result.c.id)))
    sent = len(release.expected.commands) - release.expected.pending
    assert known >= set(release.expected.commands[:sent])


@both_databases
def test_a_counter_that_was_off_for_six_weeks_meets_its_hub(release: Release, hub: Hub) -> None:
    with serving(hub) as server, closing(release.counter()) as counter:
        with counter.journal.writing():
            counter.journal.identify(hub=server.url)
        counter.reload()
        before = parse(counter.identity[Names.DEVICE_CERTIFICATE]).not_after
        report = sync(counter)
        assert (report.problem, report.pending) == ("", 0)
        assert report.applied == release.expected.pending
        assert parse(counter.identity[Names.DEVICE_CERTIFICATE]).not_after > before
        assert shown(counter) == projection(hub)
        assert described(counter).people == release.expected.people
        with hub.db.reading() as connection:
            known = list(connection.scalars(sa.select(command_result.c.id)))
    assert set(known) >= set(release.expected.commands)
    assert len(known) == len(set(known))


@both_databases
def test_a_counter_whose_cursor_is_below_what_was_compacted_reads_a_snapshot(
    release: Release, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr(cycle, "SNAPSHOT_FROM", 1)
    monkeypatch.setattr(feeds, "snapshot", noting(feeds.snapshot, read))
    weeks_of_others(hub)
    with serving(hub) as server, closing(release.counter()) as counter:
        with counter.journal.writing():
            counter.journal.identify(hub=server.url)
        counter.reload()
        counter.catch_up()
        assert 0 < counter.cache.cursor("store:XH") < floor_of(hub)
        report = sync(counter)
        assert (report.problem, report.pending) == ("", 0)
        assert shown(counter) == projection(hub)
    assert 0 in read


def weeks_of_others(hub: Hub) -> None:
    """Another counter of the store works, and a month later the hub drops what it no longer needs."""
    assert isinstance(hub.now, TurnedClock)
    hub.now.moment = START + timedelta(days=1)
    other = FakeCounter(hub, device="dev-of-others")
    other.do(*[an_order(f"W{n}") for n in range(5)])
    compact(hub)
    hub.now.moment = SIX_WEEKS_LATER
    compact(hub)


def floor_of(hub: Hub) -> int:
    with hub.db.reading() as connection:
        return int(connection.scalar(sa.select(floor.c.seq).where(floor.c.feed == "store:XH")) or 0)


def noting(snapshot: Callable[..., Iterator[bytes]], read: list[int]) -> Callable[..., Iterator[bytes]]:
    def noted(*args: Any, after: int = 0, **kwargs: Any) -> Iterator[bytes]:
        read.append(after)
        return snapshot(*args, after=after, **kwargs)

    return noted


def projection(hub: Hub) -> dict[Key, bytes]:
    with hub.db.reading() as connection:
        columns = (state.c.kind, state.c.id, state.c.body)
        rows = connection.execute(sa.select(*columns).where(state.c.feed.in_(feeds_of("XH"))))
        return {Key(kind, key_id): bytes(body) for kind, key_id, body in rows if body}


def needs_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        has_any = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'need'").fetchone()
        return int(db.execute("SELECT count(*) FROM need").fetchone()[0]) if has_any else 0


@pytest.mark.parametrize("upgraded", [False, True])
@pytest.mark.parametrize("harm", ["a page of commands", "the first page"])
def test_a_damaged_journal_of_any_age_is_salvaged(release: Release, harm: str, upgraded: bool) -> None:
    path = release.folder / "counter" / "journal.db"
    if upgraded:
        Journal(path).close()
    known = needs_in(path)
    content = bytearray(path.read_bytes())
    page = content.rindex(release.expected.commands[-20].encode()) // PAGE if harm != "the first page" else 0
    content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)
    suspicion(path).touch()
    journal, salvaged = open_journal(path, expect=lambda: len(release.expected.commands))
    with closing(journal):
        found = {entry.n: entry.id for entry in journal.after(0, limit=10_000)}
    assert salvaged is not None
    assert needs_in(path) == known
    assert all(release.expected.commands[n - 1] == command_id for n, command_id in found.items())
    told = {n for first, last in salvaged.gaps for n in range(first, last + 1)}
    assert told == set(range(1, len(release.expected.commands) + 1)) - set(found)
    assert len(told) <= (0 if harm == "the first page" else 25)
