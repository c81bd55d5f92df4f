import io
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.__main__ import main
from hub.core import open_hub
from hub.tables import command_result, state
from storeapp.domain.rules import registry
from storeapp.domain.rules.stock import CountStock
from tests.support.counters import join, run, shown, stand_alone, sync
from tests.support.databases import Postgres
from tests.support.hubs import FakeCounter, TurnedClock, an_order, broken, make_hub
from tests.support.hubserver import HubProcess, free_port

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo"


@pytest.fixture
def empty(database: str, postgres: Postgres) -> Iterator[str]:
    """A database in which nobody has made anything."""
    url = postgres.fresh(migrated=False) if database else ""
    yield url
    if url:
        postgres.drop(url)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(arguments) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_hub_is_made_filled_and_copied_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty: str
) -> None:
    home = ("--home", str(tmp_path / "hub"), "--database", empty)
    assert main([*home, "enrol-code", "--store", "XH"]) == 3
    assert answer(capsys, *home, "migrate") == {"status": "migrated"}
    assert main([*home, "import", str(tmp_path / "nothing")]) == 3
    assert capsys.readouterr().err == "storehub: system_failed: ENOTDIR\n"
    counts = answer(capsys, *home, "import", str(DEMO))
    assert (counts["stores"], counts["errors"]) == (3, 0)
    assert len(str(answer(capsys, *home, "enrol-code", "--store", "XH")["code"])) == 14
    # A typing error would make a feed that no store reads.
    assert main([*home, "enrol-code", "--store", "XHH"]) == 1
    assert capsys.readouterr().err == "storehub: unknown_store\n"
    assert answer(capsys, *home, "enrol-code", "--store", "NEW", "--new")["store"] == "NEW"
    assert answer(capsys, *home, "backup", str(tmp_path / "copy.db")) == {"commands": 0}
    assert answer(capsys, *home, "restore", str(tmp_path / "copy.db")) == {"status": "restored"}
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    assert answer(capsys, *home, "console-user", "hq") == {"status": "added"}
    assert main([*home, "revoke", "nobody"]) == 1


def test_rows_that_cannot_be_read_are_named_and_the_others_entered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], empty: str
) -> None:
    home = ("--home", str(tmp_path / "hub"), "--database", empty)
    answer(capsys, *home, "migrate")
    tables = shutil.copytree(DEMO, tmp_path / "tables")
    skus = (tables / "skus.csv").read_text("utf-8").splitlines(keepends=True)
    skus[2] = skus[2].replace(skus[2].split(",")[3], "dear", 1)
    (tables / "skus.csv").write_text("".join(skus), "utf-8")
    told = answer(capsys, *home, "import", str(tables))
    assert (told["stores"], told["skus"], told["errors"]) == (3, len(skus) - 2, 1)
    assert told["wrong"] == [{"file": "skus.csv", "row": 3, "field": "price_fen", "code": "not_whole_number"}]


def test_a_simulated_command_that_waits_is_decided_again_as_on_a_hub_for_demos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub(tmp_path / "hub")
    hub.demo = True
    counter = FakeCounter(hub)
    first, second = (counter.wire(an_order(number), simulated=True) for number in ("T1", "T2"))
    with monkeypatch.context() as patch:
        patch.setitem(registry._HANDLERS, type(an_order("T1")), broken)
        counter.send(first, second)
    hub.close()
    retry = ("--home", str(tmp_path / "hub"), "retry")
    assert answer(capsys, *retry, first.id) == {"status": "refused", "code": "simulated"}
    assert answer(capsys, *retry, second.id, "--demo") == {"status": "applied", "code": ""}


def test_importing_the_same_tables_again_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], empty: str
) -> None:
    home = ("--home", str(tmp_path / "hub"), "--database", empty)
    answer(capsys, *home, "migrate")
    versions = []
    for _ in range(2):
        answer(capsys, *home, "import", str(DEMO))
        hub = open_hub(tmp_path / "hub", url=empty)
        with hub.db.reading() as connection:
            versions.append(sorted(map(tuple, connection.execute(sa.select(state.c.id, state.c.feed, state.c.seq)))))
        hub.close()
    assert versions[0] == versions[1]
    assert {feed for _, feed, _ in versions[0]} >= {"brand", "store:XH", "store:HH"}


def test_a_hub_killed_again_and_again_loses_nothing_that_it_acknowledged(tmp_path: Path, database: str) -> None:
    hub = make_hub(tmp_path / "hub", url=database)
    hub.close()
    port = free_port()
    process = HubProcess(tmp_path / "hub", port, database=database)
    counter = stand_alone(tmp_path / "one")
    saved: set[str] = set()
    try:
        admin = open_hub(tmp_path / "hub", url=database)
        join(counter, admin, f"http://127.0.0.1:{port}")
        admin.close()
        for round_ in range(4):
            with_orders = [an_order(f"T{round_}-{n}") for n in range(30)]
            run(counter, *with_orders, CountStock("XH", "BL-001", 50))
            saved |= {entry.id for entry in counter.journal.after(0, limit=10_000)}
            # The kill falls somewhere into the exchange, wherever the thread happens to be.
            killer = _kill_soon(process, round_)
            sync(counter)
            killer()
            process = HubProcess(tmp_path / "hub", port, database=database)
        report = sync(counter)
        assert (report.problem, report.pending) == ("", 0)
    finally:
        process.kill()
    admin = open_hub(tmp_path / "hub", url=database, now=TurnedClock())
    with admin.db.reading() as connection:
        known = list(connection.scalars(sa.select(command_result.c.id)))
        rows = connection.execute(sa.select(state.c.kind, state.c.id, state.c.body))
        assert {(kind, key_id): body for kind, key_id, body in rows} == {tuple(k): v for k, v in shown(counter).items()}
    assert sorted(known) == sorted(saved)
    admin.close()
    counter.close()


def _kill_soon(process: HubProcess, round_: int) -> Callable[[], None]:
    timer = threading.Timer(0.02 * round_, process.kill)
    timer.start()
    return timer.join


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:pw@h/x", "postgresql+psycopg2://u:pw@h/x"])
def test_an_address_of_no_database_is_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["--home", str(tmp_path), "--database", url, "migrate"]) == 2
    assert capsys.readouterr().err == "storehub: database_unknown\n"
