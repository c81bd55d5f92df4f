"""A home with some hundred commands, for everything that is damaged, cut off or filled up in tests."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from storeapp.store.entries import outcome_sum
from storeapp.store.journal import COLUMNS, SUMS, Status
from storeapp.store.journal_schema import MIGRATIONS, ONE_TABLE
from storeapp.store.migrate import open_database
from tests.storeapp.store.homes import BASICS, MANAGER, ORDERS, open_counter, run
from tests.storeapp.world import placing


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with some hundred commands and links of the audit chain, closed."""
    home = tmp_path_factory.mktemp("template") / "home"
    with closing(open_counter(home)) as counter:
        run(counter, *BASICS)
        for start in range(0, ORDERS, 50):
            run(counter, *(placing(str(n)) for n in range(start, start + 50)))
        with counter.transaction(MANAGER) as tx:
            for n in range(20):
                tx.audit("reveal", f"order-{n}")
            tx.printed("slip", "delivery", 1)
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture
def older(home: Path, tmp_path: Path) -> Path:
    """The journal as an older program kept it, with each command and its outcome in one row; some are answered."""
    path = tmp_path / "older.db"
    with closing(open_database(path, migrations=MIGRATIONS[:ONE_TABLE], synchronous="FULL")) as db:
        db.execute("ATTACH ? AS newer", (str(home / "journal.db"),))
        joined = "newer.command JOIN newer.outcome USING (n)"
        db.execute(f"INSERT INTO command ({COLUMNS}, {SUMS}) SELECT {COLUMNS}, {SUMS} FROM {joined}")
        for table in ("audit", "identity", "need", "print_job"):
            db.execute(f"INSERT INTO {table} SELECT * FROM newer.{table}")
        told = (str(Status.APPLIED), "store:XH", 7, b"")
        db.execute(
            "UPDATE command SET status = ?, feed = ?, feed_seq = ?, problem = ?, outcome_sum = ? WHERE n <= 9",
            (*told, outcome_sum(*told)),
        )
        db.conn.commit()
    return path
