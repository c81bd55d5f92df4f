import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storeapp.adapters.vault_errors import RecoveryMistyped, RecoveryWrong
from storeapp.domain.incoming import IncomingLine
from storeapp.domain.order import Order
from storeapp.services import backup, handoff, orders, staff
from storeapp.services.backup import KEYS_FILE, MANIFEST, BackupBroken, back_up, read_manifest
from storeapp.services.home import Home
from storeapp.services.privacy import Privacy
from storeapp.services.restore import restore
from storeapp.store import lists
from storeapp.store.errors import Locked
from storeapp.store.journal import Journal
from storeapp.store.keys import Keys
from tests.storeapp.services.desk import CLERK, MANAGER, PASSPHRASE, PERSON, Store, granted

ENVIRON = {"STOREAPP_PASSPHRASE": "another-passphrase"}


def brought_back(store: Store, folder: Path, path: Path) -> Home:
    restore(folder, path, recovery_key=store.recovery_key, clock=store.clock, environ=ENVIRON)
    return Home(path, store.clock).unlock(environ=ENVIRON)


def test_a_restored_counter_goes_on_where_it_was(store: Store, tmp_path: Path):
    delivery, badge = store.assigned(), store.badge().token
    slip = store.slip(delivery).token
    granted(staff.choose_first_pin(store.counter, "manager", "258036"))
    made = back_up(store.home, store.counter, tmp_path / "backup")
    assert made.commands == store.counter.journal.last()
    assert made.keys == 1
    counter = brought_back(store, tmp_path / "backup", tmp_path / "new").open()
    try:
        counter.catch_up()
        order = store.order(delivery)
        assert counter.privacy.person(order.id, order.sealed) == PERSON
        assert granted(handoff.scan(counter, CLERK, badge, slip)).saved
        granted(staff.sign_in(counter, "manager", "258036"))
        assert counter.journal.audit_broken_at() is None
        assert counter.identity["incarnation"]
        terms = counter.privacy.finder_terms(PERSON.name)
        assert lists.delivery_ids(counter.cache.db, lists.OrderFilter(text=PERSON.name), hashes=terms) == [delivery]
    finally:
        counter.close()


def test_who_is_over_is_not_taken_along(store: Store, tmp_path: Path):
    open_one, over = store.place("C1"), store.place("C2")
    granted(orders.cancel(store.counter, MANAGER, store.order(over).id, "customer"))
    assert back_up(store.home, store.counter, tmp_path / "backup").keys == 1
    home = brought_back(store, tmp_path / "backup", tmp_path / "new")
    keys = Keys.open(tmp_path / "new" / "keys.db", home.root)
    try:
        people = Privacy(keys).people([store.order(open_one), store.order(over)])
        assert list(people) == [store.order(open_one).id]
    finally:
        keys.close()


def test_a_backup_holds_nobody_in_clear(store: Store, tmp_path: Path):
    store.place()
    back_up(store.home, store.counter, tmp_path / "backup")
    content = b"".join(path.read_bytes() for path in (tmp_path / "backup").iterdir())
    assert not any(text.encode() in content for text in (PERSON.name, PERSON.phone, PERSON.note, PASSPHRASE))
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "backup").iterdir()} == {0}


def test_old_journals_make_room_and_the_keys_stay_one_file(store: Store, tmp_path: Path):
    for _ in range(backup.KEPT + 2):
        store.later(hours=1)
        made = back_up(store.home, store.counter, tmp_path)
        (tmp_path / f"{made.journal}-wal").touch()
    assert len(list(tmp_path.glob(backup.JOURNALS))) == len(list(tmp_path.glob("*-wal"))) == backup.KEPT
    assert len(list(tmp_path.glob("keys*"))) == 1
    assert (tmp_path / read_manifest(tmp_path).journal).exists()


@pytest.mark.parametrize("file", [MANIFEST, KEYS_FILE, "journal"])
@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_damaged_backup_is_told_and_makes_nothing(store: Store, tmp_path: Path, file: str, harm: str):
    made = back_up(store.home, store.counter, tmp_path / "backup")
    path = tmp_path / "backup" / (made.journal if file == "journal" else file)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    if harm == "gone":
        path.unlink()
    with pytest.raises(BackupBroken):
        brought_back(store, tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_only_the_right_recovery_key_restores(store: Store, tmp_path: Path):
    back_up(store.home, store.counter, tmp_path / "backup")
    wrong = "Y2BD-6E3Y-39BW-4EZX-SC2J-ZW2A-EY45-ES9T-HRM7-SW4E-AW66-6TNM-2B1X"
    for key, error in ((wrong, RecoveryWrong), ("nonsense", RecoveryMistyped)):
        with pytest.raises(error):
            restore(tmp_path / "backup", tmp_path / "new", recovery_key=key, clock=store.clock, environ=ENVIRON)
    with pytest.raises(FileExistsError):
        restore(tmp_path / "backup", store.home.path, recovery_key="", clock=store.clock, environ=ENVIRON)


def test_with_the_keys_locked_the_journal_is_still_saved(store: Store, tmp_path: Path):
    delivery = store.place()
    store.home.root = None
    locked = store.opened_again()
    try:
        made = back_up(store.home, locked, tmp_path / "backup")
    finally:
        locked.close()
    assert made.keys is None
    counter = brought_back(store, tmp_path / "backup", tmp_path / "new").open()
    try:
        counter.catch_up()
        assert counter.cache.get(type(store.delivery(delivery)), delivery) == store.delivery(delivery)
        order = store.order(delivery)
        assert counter.privacy.person(order.id, order.sealed) is None
        new = granted(orders.place(counter, MANAGER, orders.NewOrder(PERSON, store_lines(), order_no="C9")))
        assert new
    finally:
        counter.close()


def store_lines():
    return (IncomingLine("BL-001", 1, 100),)


def test_two_backups_at_once_wait_for_each_other(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They would write into each other's files, and neither could be restored."""
    monkeypatch.setattr(backup, "PATIENCE_S", 0.0)
    copy_to, refused = Journal.copy_to, []

    def meanwhile(self: Journal, path: Path) -> None:
        with pytest.raises(Locked):
            back_up(store.home, store.counter, tmp_path / "backup")
        refused.append(path)
        copy_to(self, path)

    monkeypatch.setattr(Journal, "copy_to", meanwhile)
    back_up(store.home, store.counter, tmp_path / "backup")
    assert len(refused) == 1
    assert read_manifest(tmp_path / "backup")


def test_a_backup_that_was_cut_off_leaves_no_copy_behind(store: Store, tmp_path: Path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "journal-20261121T010000Z.db.new").write_bytes(b"half of it")
    back_up(store.home, store.counter, tmp_path / "backup")
    assert list((tmp_path / "backup").glob("*.new*")) == []


def hot_log(path: Path, folder: Path) -> bytes:
    """The rollback log of a database in the middle of a change, as a killed program leaves it."""
    scratch = folder / "scratch.db"
    shutil.copyfile(path, scratch)
    with closing(sqlite3.connect(scratch, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN")
        db.execute("CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9999)"
                   " SELECT randomblob(100) FROM n")  # fmt: skip
        log = (folder / "scratch.db-journal").read_bytes()
        db.execute("ROLLBACK")
    return log


def test_what_a_cut_left_beside_a_copy_is_not_played_into_the_next(store: Store, tmp_path: Path):
    """The clock stands still: both backups are of one second."""
    folder = tmp_path / "backup"
    store.place("C1")
    first = back_up(store.home, store.counter, folder)
    (folder / f"{first.journal}-journal").write_bytes(hot_log(folder / first.journal, tmp_path))
    for number in range(20):
        store.place(f"D{number}")
    assert back_up(store.home, store.counter, folder).commands == store.counter.journal.last()


class Cut(Exception):
    """The power goes."""


def cut_off(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
    """A backup during which the power goes, before it has put so many and one files in their places."""
    ordinary, left = Path.replace, iter(range(after))

    def replace(self: Path, target: Path) -> Path:
        if self.parent == folder and next(left, None) is None:
            raise Cut
        return ordinary(self, target)

    with monkeypatch.context() as cut:
        cut.setattr(Path, "replace", replace)
        with pytest.raises(Cut):
            back_up(store.home, store.counter, folder)


@pytest.mark.parametrize("again", [(), (0,), (1,), (2,), (3,)])
@pytest.mark.parametrize("cut_after", range(4))
def test_backups_that_are_cut_off_leave_the_one_before_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_after: int, again: tuple[int, ...]
):
    folder = tmp_path / "backup"
    before = store.place("C1")
    back_up(store.home, store.counter, folder)
    for number, after in enumerate((cut_after, *again)):
        store.place(f"D{number}")
        cut_off(store, folder, monkeypatch, after=after)
    counter = brought_back(store, folder, tmp_path / "new").open()
    try:
        counter.catch_up()
        order = store.order(before)
        assert counter.privacy.person(order.id, order.sealed) == PERSON
    finally:
        counter.close()


def test_what_lies_in_the_home_from_before_is_not_mixed_into_a_restored_counter(store: Store, tmp_path: Path):
    """A log without its database belongs to nobody; SQLite would play it into the one that comes to lie there."""
    store.place("C1")
    made = back_up(store.home, store.counter, tmp_path / "backup")
    store.place("C2")
    new = tmp_path / "new"
    new.mkdir()
    for name in ("journal.db-wal", "cache.db", "cache.db-wal"):
        shutil.copyfile(store.counter.home / name, new / name)
    shutil.copyfile(store.counter.home / "journal.db-wal", new / "journal.db.new-wal")
    counter = brought_back(store, tmp_path / "backup", new).open()
    try:
        assert counter.journal.check()
        assert counter.journal.last() == made.commands
        assert [order.order_no for order in counter.cache.every(Order)] == ["C1"]
    finally:
        counter.close()
