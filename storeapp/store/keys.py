"""Keeps the keys of people's data apart from the data, so that forgetting a person is deleting one row.

keys.db holds every order key wrapped by the root key, the secrets of this device, staff PINs and the
vault's record. Deleted rows are overwritten, and the write-ahead log is emptied after each forgetting.
"""

import contextlib
import json
import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Self

from sqlite_utils import Database

from storeapp.domain.sealed import KEY_BYTES, key_check
from storeapp.store import bulk
from storeapp.store.errors import Locked, NoRootKey, translate_sqlite_errors
from storeapp.store.keys_schema import MIGRATIONS
from storeapp.store.keywrap import KeptKey, KeyWrap, kept, place_of
from storeapp.store.migrate import immediate, open_database
from storeapp.store.pins import Pins

CACHED_KEYS = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Keys:
    """keys.db, open. Use it from one thread at a time.

    Without a root key PINs and the device's own secrets still work; everything about people raises
    `NoRootKey`. Every method may raise a `StoreError` of the disk.
    """

    def __init__(self, db: Database, root: bytes | None) -> None:
        self.db = db
        self.pins = Pins(db)
        self._wrap: KeyWrap | None = None
        self._cache: OrderedDict[tuple[str, bytes | None], bytes] = OrderedDict()
        self._seen_version = 0
        if root is not None:
            self.unlock(root)

    @classmethod
    def open(cls, path: Path, root: bytes | None = None, *, any_thread: bool = False) -> Self:
        """Open or make the file. To read the vault's record first, open it without root and `unlock` it later.

        Raises:
            WrongRootKey: the keys here were wrapped by another root key.
        """
        db = open_database(path, migrations=MIGRATIONS, synchronous="FULL", secure_delete=True, any_thread=any_thread)
        try:
            keys = cls(db, root)
            with contextlib.suppress(Locked):  # a reader elsewhere; the next opening or forgetting scrubs
                keys.scrub()
        except BaseException:
            db.close()
            raise
        return keys

    def close(self) -> None:
        """Close the file and drop what was unwrapped."""
        self._cache.clear()
        self._wrap = None
        self.db.close()

    # The root key and its vault

    @property
    def is_unlocked(self) -> bool:
        """Whether a root key is at hand."""
        return self._wrap is not None

    def unlock(self, root: bytes) -> None:
        """Take the root key, and wrap the secrets that had to be kept without one.

        Raises:
            WrongRootKey: the keys here were wrapped by another one.
        """
        wrap = KeyWrap(root)
        self._prove(wrap)
        self._wrap = wrap
        for name in self.unprotected_secrets():
            self.put_secret(name, self.secret(name) or b"")

    def vault_record(self) -> str | None:
        """The vault's record, or None where this home never had a root key."""
        row = self.db.execute("SELECT record FROM vault").fetchone()
        return None if row is None else str(row[0])

    def save_vault_record(self, text: str) -> None:
        """Store the vault's record in place of the old one, of which nothing remains on the disk."""
        with immediate(self.db):
            self._save_record(text)
        self.scrub()

    def rewrap(self, new_root: bytes, record: str) -> None:
        """Wrap every key by a new root key and store its record, in one transaction.

        The finder's hashes change with the root key: rebuild the cache afterwards. Other processes must
        open the file again; until then they get `WrongRootKey`.

        Raises:
            NoRootKey: the present root key is not at hand.
        """
        old, new = self._opened(), KeyWrap(new_root)
        with immediate(self.db):
            self._rewrap_subjects(old, new)
            self._rewrap_secrets(old, new)
            self._save_record(record)
        self._wrap = new
        self.scrub()

    def search_key(self) -> bytes:
        """The key for `storeapp.store.keywrap.finder_hash`.

        Raises:
            NoRootKey: there is no root key.
        """
        return self._opened().search_key

    # Keys of people's data

    def new_keys(self, subjects: Iterable[str], *, now: datetime) -> dict[str, bytes]:
        """Make and save a fresh key for each subject, all in one transaction; older keys stay readable.

        Raises:
            NoRootKey: there is no root key, so nothing may be sealed.
        """
        keys = {subject: os.urandom(KEY_BYTES) for subject in subjects}
        self.put_many(keys, now=now)
        return keys

    def put(self, subject: str, key: bytes, *, now: datetime) -> None:
        """Save a key that came from the hub; saving it again changes nothing.

        Raises:
            NoRootKey: there is no root key.
        """
        self.put_many({subject: key}, now=now)

    def put_many(self, keys: Mapping[str, bytes], *, now: datetime) -> None:
        """Save several keys in one transaction.

        Raises:
            NoRootKey: there is no root key.
            WrongRootKey: another process has changed the root key.
        """
        self.put_all(keys.items(), now=now)

    def put_all(self, keys: Iterable[tuple[str, bytes]], *, now: datetime) -> None:
        """Save several keys in one transaction; a subject may have more than one of them.

        Raises:
            NoRootKey: there is no root key.
            WrongRootKey: another process has changed the root key.
        """
        wrap = self._opened()
        named = [(subject, key_check(key), key) for subject, key in keys]
        self.put_kept(wrap, kept(wrap, named), now=now)
        for subject, check, key in named:
            self._remember((subject, check), key)

    def put_kept(self, wrap: KeyWrap, keys: Iterable[KeptKey], *, now: datetime) -> None:
        """Save keys that are wrapped already, in one transaction; those that are here stay as they are.

        Raises:
            WrongRootKey: the root key was changed since.
        """
        created_at = (now - _EPOCH) // timedelta(milliseconds=1)
        # Joined in half the time that it takes to unpack one tuple into another.
        rows = [key + (created_at,) for key in sorted(keys, key=itemgetter(0))]  # noqa: RUF005
        with immediate(self.db):
            self._prove(wrap)
            bulk.insert(self.db, "INSERT OR IGNORE INTO subject_key (subject, key_id, wrapped, created_at)", rows)
        if self._cache:
            for subject, *_ in rows:
                self._cache.pop((subject, None), None)

    @property
    def wrap(self) -> KeyWrap:
        """What wraps keys, to have it done where there is no database.

        Raises:
            NoRootKey: there is no root key.
        """
        return self._opened()

    def get(self, subject: str, key_id: bytes | None = None) -> bytes | None:
        """The newest key of a subject, or the one with this check; None where it was forgotten.

        Raises:
            NoRootKey: there is no root key.
            WrongRootKey: the row was changed.
        """
        wrap = self._opened()
        cached = self._recall((subject, key_id))
        if cached is not None:
            return cached
        row = self.db.execute(
            """SELECT key_id, wrapped FROM subject_key
            WHERE subject = :subject AND (:key_id IS NULL OR key_id = :key_id)
            ORDER BY created_at DESC, key_id LIMIT 1""",
            {"subject": subject, "key_id": key_id},
        ).fetchone()
        if row is None:
            return None
        key = wrap.unwrap(row[1], place_of(subject, row[0]))
        self._remember((subject, key_id), key)
        return key

    def get_many(self, subjects: Iterable[str]) -> dict[str, bytes]:
        """The newest key of each subject that still has one.

        Raises:
            NoRootKey: there is no root key.
            WrongRootKey: a row was changed.
        """
        wrap = self._opened()
        rows = self.db.execute(
            """SELECT subject, key_id, wrapped FROM subject_key
            WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY created_at, key_id DESC""",
            [json.dumps(list(subjects))],
        )
        newest = {subject: (key_id, wrapped) for subject, key_id, wrapped in rows}
        return {subject: wrap.unwrap(wrapped, place_of(subject, check)) for subject, (check, wrapped) in newest.items()}

    def subjects(self) -> list[str]:
        """Everybody a key is kept for."""
        return [subject for (subject,) in self.db.execute("SELECT DISTINCT subject FROM subject_key ORDER BY subject")]

    def every(self, subjects: Iterable[str]) -> list[tuple[str, bytes]]:
        """All keys of these subjects, the older ones of each first.

        Raises:
            NoRootKey: there is no root key.
            WrongRootKey: a row was changed.
        """
        wrap = self._opened()
        rows = self.db.execute(
            """SELECT subject, key_id, wrapped FROM subject_key WHERE subject IN (SELECT value FROM json_each(?))
            ORDER BY subject, created_at, key_id""",
            [json.dumps(list(subjects))],
        )
        return [(subject, wrap.unwrap(wrapped, place_of(subject, key_id))) for subject, key_id, wrapped in rows]

    def checked(self, subjects: Iterable[str]) -> dict[tuple[str, bytes], bytes]:
        """All keys of these subjects, by subject and check.

        Raises:
            NoRootKey: there is no root key.
            WrongRootKey: a row was changed.
        """
        wrap = self._opened()
        rows = self.db.execute(
            "SELECT subject, key_id, wrapped FROM subject_key WHERE subject IN (SELECT value FROM json_each(?))",
            [json.dumps(list(subjects))],
        )
        return {(subject, key_id): wrap.unwrap(wrapped, place_of(subject, key_id)) for subject, key_id, wrapped in rows}

    def named(self, wanted: Iterable[tuple[str, bytes]]) -> dict[tuple[str, bytes], bytes]:
        """Those of these keys that are here, by subject and check.

        Raises:
            NoRootKey: there is no root key.
            WrongRootKey: a row was changed.
        """
        self._opened()
        self._heed_others()
        entries = list(wanted)
        found = {entry: key for entry in entries if (key := self._cache.get(entry)) is not None}
        missing = {entry[0] for entry in entries if entry not in found}
        return found | (self.checked(missing) if missing else {})

    def forget(self, subjects: Iterable[str]) -> None:
        """Destroy every key of these subjects, in the file and in its log; needs no root key.

        Raises:
            Locked: the keys are deleted, but somebody is reading the log, so traces stay until `scrub` is
                called again; opening the file does it, too.
        """
        gone = set(subjects)
        with immediate(self.db):
            self.db.execute(
                "DELETE FROM subject_key WHERE subject IN (SELECT value FROM json_each(?))", [json.dumps(list(gone))]
            )
        for entry in [entry for entry in self._cache if entry[0] in gone]:
            del self._cache[entry]
        self.scrub()

    @translate_sqlite_errors()
    def scrub(self) -> None:
        """Empty the write-ahead log, which keeps old content until then.

        Raises:
            Locked: another connection still reads from it.
        """
        busy, _, _ = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Locked

    # Secrets of this device

    def put_secret(self, name: str, value: bytes) -> None:
        """Keep a secret of this device; with no root key only the file's mode protects it."""
        stored = value if self._wrap is None else self._wrap.wrap(value, _secret_place(name))
        with immediate(self.db):
            self.db.execute(
                "INSERT OR REPLACE INTO secret (name, value, is_wrapped) VALUES (?, ?, ?)",
                [name, stored, int(self.is_unlocked)],
            )
        self.scrub()

    def secret(self, name: str) -> bytes | None:
        """A secret of this device, or None where there is none of this name.

        Raises:
            NoRootKey: it is wrapped, and the root key is not at hand.
            WrongRootKey: the row was changed.
        """
        row = self.db.execute("SELECT value, is_wrapped FROM secret WHERE name = ?", [name]).fetchone()
        if row is None:
            return None
        value, is_wrapped = bytes(row[0]), bool(row[1])
        return self._opened().unwrap(value, _secret_place(name)) if is_wrapped else value

    def unprotected_secrets(self) -> list[str]:
        """Names of the secrets that only the file's mode protects, for the doctor to tell."""
        return [name for (name,) in self.db.execute("SELECT name FROM secret WHERE is_wrapped = 0 ORDER BY name")]

    def _opened(self) -> KeyWrap:
        if self._wrap is None:
            raise NoRootKey
        return self._wrap

    def _prove(self, wrap: KeyWrap) -> None:
        """Raise `WrongRootKey` unless the wrap opens what is stored."""
        for name, value in self.db.execute("SELECT name, value FROM secret WHERE is_wrapped = 1 LIMIT 1").fetchall():
            wrap.unwrap(value, _secret_place(name))
        for subject, key_id, wrapped in self.db.execute(
            "SELECT subject, key_id, wrapped FROM subject_key LIMIT 1"
        ).fetchall():
            wrap.unwrap(wrapped, place_of(subject, key_id))

    def _rewrap_subjects(self, old: KeyWrap, new: KeyWrap) -> None:
        for subject, key_id, wrapped in self.db.execute("SELECT subject, key_id, wrapped FROM subject_key").fetchall():
            place = place_of(subject, key_id)
            self.db.execute(
                "UPDATE subject_key SET wrapped = ? WHERE subject = ? AND key_id = ?",
                [new.wrap(old.unwrap(wrapped, place), place), subject, key_id],
            )

    def _rewrap_secrets(self, old: KeyWrap, new: KeyWrap) -> None:
        for name, value in self.db.execute("SELECT name, value FROM secret WHERE is_wrapped = 1").fetchall():
            place = _secret_place(name)
            wrapped = new.wrap(old.unwrap(value, place), place)
            self.db.execute("UPDATE secret SET value = ? WHERE name = ?", [wrapped, name])

    def _save_record(self, text: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO vault (only, record) VALUES (1, ?)", [text])

    def _heed_others(self) -> None:
        """Another process may have forgotten somebody, so its writes empty what is remembered here."""
        version = self.db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen_version:
            self._cache.clear()
            self._seen_version = version

    def _recall(self, entry: tuple[str, bytes | None]) -> bytes | None:
        self._heed_others()
        key = self._cache.get(entry)
        if key is not None:
            self._cache.move_to_end(entry)
        return key

    def _remember(self, entry: tuple[str, bytes | None], key: bytes) -> None:
        self._cache[entry] = key
        self._cache.move_to_end(entry)
        if len(self._cache) > CACHED_KEYS:
            self._cache.popitem(last=False)


def _secret_place(name: str) -> str:
    return f"secret|{name}"
