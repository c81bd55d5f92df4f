from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storeapp.domain.sealed import key_check
from storeapp.store import keys as keys_module
from storeapp.store.errors import Locked, NoRootKey, WrongRootKey
from storeapp.store.keys import Keys

ROOT, OTHER_ROOT = bytes(range(32)), bytes(32)
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


@pytest.fixture
def keys(path: Path) -> Iterator[Keys]:
    with closing(Keys.open(path, ROOT)) as opened:
        yield opened


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def wrapped(keys: Keys, subject: str) -> bytes:
    return bytes(keys.db.execute("SELECT wrapped FROM subject_key WHERE subject = ?", [subject]).fetchone()[0])


def test_new_keys_are_saved_wrapped_and_read_back(keys: Keys, path: Path) -> None:
    made = keys.new_keys(["o1", "o2"], now=NOW)
    assert made["o1"] != made["o2"]
    assert not any(key in on_disk(path) for key in made.values())
    with closing(Keys.open(path, ROOT)) as again:
        assert again.get("o1") == made["o1"]
        assert again.get_many(["o1", "o2", "o3"]) == made


def test_the_newest_key_of_a_subject_is_the_one_in_use(keys: Keys) -> None:
    old = keys.new_keys(["o1"], now=NOW)["o1"]
    new = keys.new_keys(["o1"], now=NOW + timedelta(milliseconds=1))["o1"]
    assert keys.get("o1") == new
    assert keys.get_many(["o1"]) == {"o1": new}
    assert keys.get("o1", key_check(old)) == old


def test_a_key_from_the_hub_is_saved_once(keys: Keys) -> None:
    for _ in range(2):
        keys.put("o1", OTHER_ROOT, now=NOW)
    assert keys.get("o1") == OTHER_ROOT
    assert keys.db["subject_key"].count == 1


def test_an_older_key_from_the_hub_does_not_become_the_newest(keys: Keys) -> None:
    new = keys.new_keys(["o1"], now=NOW)["o1"]
    keys.put("o1", OTHER_ROOT, now=NOW - timedelta(days=1))
    assert keys.get("o1") == new


def test_a_forgotten_key_leaves_no_trace_in_any_file(keys: Keys, path: Path) -> None:
    keys.new_keys([f"o{number}" for number in range(200)], now=NOW)
    gone, kept = wrapped(keys, "o7"), wrapped(keys, "o8")
    assert gone in on_disk(path)
    keys.forget(["o7", "o9"])
    assert gone not in on_disk(path)
    assert kept in on_disk(path)
    assert keys.get("o7") is None
    assert keys.get("o8") is not None


def test_a_forgotten_key_leaves_no_trace_after_its_log_was_already_written_back(keys: Keys, path: Path) -> None:
    keys.new_keys(["o1"], now=NOW)
    gone = wrapped(keys, "o1")
    keys.scrub()
    assert gone in path.read_bytes()
    keys.forget(["o1"])
    assert gone not in on_disk(path)


def test_forgetting_needs_no_root_key(keys: Keys, path: Path) -> None:
    keys.new_keys(["o1"], now=NOW)
    with closing(Keys.open(path)) as closed:
        closed.forget(["o1"])
    assert keys.get("o1") is None


def test_what_another_process_forgets_is_forgotten_here(keys: Keys, path: Path) -> None:
    keys.new_keys(["o1"], now=NOW)
    assert keys.get("o1") is not None
    with closing(Keys.open(path, ROOT)) as other:
        other.forget(["o1"])
    assert keys.get("o1") is None


def test_a_reader_in_the_way_is_told_and_scrubbing_again_helps(path: Path) -> None:
    with closing(Keys.open(path, ROOT)) as keys, closing(Keys.open(path)) as reader:
        keys.new_keys(["o1"], now=NOW)
        gone = wrapped(keys, "o1")
        reader.db.execute("BEGIN")
        reader.db.execute("SELECT * FROM subject_key").fetchall()
        keys.db.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(Locked):
            keys.forget(["o1"])
        assert keys.get("o1") is None
        reader.db.rollback()
        keys.scrub()
        assert gone not in on_disk(path)


def test_without_a_root_key_nothing_about_people_is_kept(path: Path) -> None:
    with closing(Keys.open(path)) as keys:
        assert not keys.is_unlocked
        for attempt in (
            lambda: keys.new_keys(["o1"], now=NOW),
            lambda: keys.put("o1", ROOT, now=NOW),
            lambda: keys.get("o1"),
            lambda: keys.get_many(["o1"]),
            keys.search_key,
            lambda: keys.rewrap(ROOT, "{}"),
        ):
            with pytest.raises(NoRootKey):
                attempt()


def test_another_root_key_is_refused(keys: Keys, path: Path) -> None:
    keys.new_keys(["o1"], now=NOW)
    with pytest.raises(WrongRootKey):
        Keys.open(path, OTHER_ROOT)


def test_a_swapped_row_is_noticed(keys: Keys, path: Path) -> None:
    keys.new_keys(["o1", "o2"], now=NOW)
    keys.db.execute("UPDATE subject_key SET wrapped = ? WHERE subject = 'o2'", [wrapped(keys, "o1")])
    with closing(Keys.open(path, ROOT)) as again, pytest.raises(WrongRootKey):
        again.get("o2")


def test_device_secrets_are_wrapped_as_soon_as_there_is_a_root_key(path: Path) -> None:
    with closing(Keys.open(path)) as keys:
        keys.put_secret("device", b"seed of the device")
        assert keys.secret("device") == b"seed of the device"
        assert keys.unprotected_secrets() == ["device"]
        keys.unlock(ROOT)
        assert keys.unprotected_secrets() == []
        assert keys.secret("device") == b"seed of the device"
        assert b"seed of the device" not in on_disk(path)
    with closing(Keys.open(path)) as closed, pytest.raises(NoRootKey):
        closed.secret("device")


def test_an_unknown_secret_is_none(keys: Keys) -> None:
    assert keys.secret("nothing") is None


def test_the_vaults_record_is_replaced_without_a_trace(keys: Keys, path: Path) -> None:
    assert keys.vault_record() is None
    keys.save_vault_record('{"first": "record"}')
    keys.save_vault_record("{}")
    assert keys.vault_record() == "{}"
    assert b"first" not in on_disk(path)


def test_rewrapping_keeps_every_key_and_no_old_wrap(keys: Keys, path: Path) -> None:
    made = keys.new_keys(["o1", "o2"], now=NOW)
    keys.put_secret("device", b"seed")
    before, search_key = wrapped(keys, "o1"), keys.search_key()
    keys.rewrap(OTHER_ROOT, "new record")
    assert before not in on_disk(path)
    assert keys.search_key() != search_key
    with closing(Keys.open(path, OTHER_ROOT)) as again:
        assert again.get_many(["o1", "o2"]) == made
        assert again.secret("device") == b"seed"
        assert again.vault_record() == "new record"


def test_a_process_with_the_old_root_key_saves_nothing_unreadable(keys: Keys, path: Path) -> None:
    keys.new_keys(["o1"], now=NOW)
    with closing(Keys.open(path, ROOT)) as late:
        keys.rewrap(OTHER_ROOT, "{}")
        with pytest.raises(WrongRootKey):
            late.new_keys(["o2"], now=NOW)
    assert keys.get("o2") is None


def test_only_so_many_keys_stay_unwrapped(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "CACHED_KEYS", 3)
    made = keys.new_keys([f"o{number}" for number in range(9)], now=NOW)
    assert len(keys._cache) == 3
    assert {subject: keys.get(subject) for subject in made} == made
    assert len(keys._cache) == 3
    assert keys.get("o8") == keys.get("o8")
