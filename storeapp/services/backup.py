"""Backs a counter up while it works: the journal with every command, and apart from it the keys of open orders.

The keys stand in one file that is overwritten each time, so that who was forgotten is not kept in a drawer.
They are sealed under the root key, and the file holds that one wrapped by the recovery key alone.
"""

import contextlib
import hashlib
import itertools
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from storeapp.adapters import vault
from storeapp.domain.order import Order, OrderStatus
from storeapp.services.counter import Counter
from storeapp.services.home import DEVICE_KEY, TRANSPORT_KEY, Home
from storeapp.store.journal import Journal
from storeapp.store.keywrap import KeyWrap
from storeapp.store.migrate import alone, remove_database

KEYS_FILE = "keys.sealed"
MANIFEST = "manifest.json"
JOURNALS = "journal-*.db"
LOCK_FILE = "backup.lock"
PATIENCE_S = 60.0
KEPT = 7
"""Copies of the journal that stay; older ones make room."""
SECRETS = (DEVICE_KEY, TRANSPORT_KEY)


class BackupBroken(Exception):
    """The backup is not whole, or was changed; ``data`` names the file."""

    code = "backup_broken"

    def __init__(self, file: str) -> None:
        super().__init__(self.code)
        self.data = {"file": file}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds, with the hashes that prove it whole."""

    store: str
    device: str
    made_at: datetime
    journal: str
    journal_sha256: str
    commands: int
    keys_sha256: str = ""
    """Empty where there was no root key, so that no keys were taken."""
    next_keys_sha256: str = ""
    """Of the keys that a later backup was about to put in their place; cut off there, either may be found."""
    version: int = 1


class SealedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The file of the keys: a vault's record that only the recovery key opens, and the keys under its root key."""

    record: str
    sealed: bytes


class KeySet(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed: keys of people, the device's secrets, and the verifiers of PINs."""

    keys: list[tuple[str, bytes]]
    secrets: dict[str, bytes]
    pins: list[tuple[str, bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made and read back; ``keys`` is None where the root key was not at hand."""

    folder: Path
    journal: str
    commands: int
    keys: int | None


def back_up(home: Home, counter: Counter, folder: Path) -> Backup:
    """Write a backup and prove that it can be read; two at once would write into each other, so one waits.

    Raises:
        BackupBroken: what was written cannot be read back.
        StoreError: the disk failed, or the other one takes too long.
        OSError: the folder cannot be written.
    """
    with alone(counter.home / LOCK_FILE, patience_s=PATIENCE_S):
        return _back_up(home, counter, folder)


def _back_up(home: Home, counter: Counter, folder: Path) -> Backup:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for unfinished in folder.glob(f"{JOURNALS}.new*"):
        unfinished.unlink()
    now = counter.clock.now()
    name = _free_name(folder, now)
    commands = _copy_journal(counter.journal, folder / name)
    count = _write_keys(home, counter, folder)
    manifest = Manifest(
        store=counter.identity.get("store", ""),
        device=counter.device,
        made_at=now,
        journal=name,
        journal_sha256=_hash(folder / name),
        commands=commands,
        keys_sha256="" if count is None else _hash(folder / KEYS_FILE),
    )
    _write(folder / MANIFEST, msgspec.json.encode(manifest))
    read_manifest(folder)
    for old in sorted(folder.glob(JOURNALS))[:-KEPT]:
        # A program that was cut off may have left a log beside it.
        remove_database(old)
    return Backup(folder, name, commands, count)


def _free_name(folder: Path, now: datetime) -> str:
    """A name no copy has, for the manifest may speak of one of this very second; it sorts behind all before it."""
    base = f"journal-{now:%Y%m%dT%H%M%SZ}"
    names = itertools.chain([base], (f"{base}_{n:03d}" for n in itertools.count(2)))
    return next(f"{name}.db" for name in names if not (folder / f"{name}.db").exists())


def _copy_journal(journal: Journal, path: Path) -> int:
    """Copy the journal and prove the copy before it gets its name; returns the number of its newest command.

    To read the copy is to write beside it, and what a cut leaves there would be played into the next file so named.
    """
    draft = path.with_name(f"{path.name}.new")
    journal.copy_to(draft)
    copy = Journal(draft)
    try:
        if not copy.check() or copy.audit_broken_at() is not None:
            raise BackupBroken(path.name)
        newest = copy.last()
    finally:
        copy.close()
    draft.replace(path)
    return newest


def _write_keys(home: Home, counter: Counter, folder: Path) -> int | None:
    text = counter.keys.vault_record()
    if home.root is None or text is None:
        return None
    record = msgspec.structs.replace(vault.parse_record(text), passphrase=None)
    taken = KeySet(
        keys=counter.keys.every(_worth_keeping(counter)),
        secrets={name: value for name in SECRETS if (value := counter.keys.secret(name))},
        pins=counter.keys.pins.verifiers(),
    )
    sealed = KeyWrap(home.root).wrap(msgspec.msgpack.encode(taken), _place(record))
    content = msgspec.json.encode(SealedKeys(record=record.text(), sealed=sealed))
    _announce(folder, content)
    _write(folder / KEYS_FILE, content)
    if unseal_keys(folder, home.root) != taken:
        raise BackupBroken(KEYS_FILE)
    return len(taken.keys)


def _announce(folder: Path, keys: bytes) -> None:
    """Have the backup that is there stay whole when the power goes between its keys' replacement and its own."""
    with contextlib.suppress(BackupBroken):  # There is none, or nobody can read it: it speaks for no backup.
        before = _manifest(folder)
        there, coming = folder / KEYS_FILE, hashlib.sha256(keys).hexdigest()
        announced = msgspec.structs.replace(before, next_keys_sha256=coming)
        if before.keys_sha256 and there.is_file() and _hash(there) == before.next_keys_sha256:
            # The one that announced them was cut off: they are this backup's now.
            announced = msgspec.structs.replace(announced, keys_sha256=before.next_keys_sha256)
        _write(folder / MANIFEST, msgspec.json.encode(announced))


def _worth_keeping(counter: Counter) -> list[str]:
    """Open orders and guides' homes: who is about to be forgotten is not taken along."""
    subjects = counter.keys.subjects()
    over = {o.id for o in counter.cache.many(Order, subjects).values() if o.status is not OrderStatus.OPEN}
    return [subject for subject in subjects if subject not in over]


def _place(record: vault.VaultRecord) -> str:
    return f"backup|{record.home_id}"


def _write(path: Path, content: bytes) -> None:
    """Overwrite a private file, whole or not at all; it is on the disk when this returns."""
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose files are all as they were written.

    Raises:
        BackupBroken: one is missing or was changed.
    """
    manifest = _manifest(folder)
    hashes = {manifest.journal: {manifest.journal_sha256}}
    if manifest.keys_sha256:
        hashes[KEYS_FILE] = {manifest.keys_sha256, manifest.next_keys_sha256}
    for name, expected in hashes.items():
        path = folder / Path(name).name
        if not path.is_file() or _hash(path) not in expected:
            raise BackupBroken(Path(name).name)
    return manifest


def _manifest(folder: Path) -> Manifest:
    """The manifest as it stands, whatever has become of the files it names."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise BackupBroken(MANIFEST) from error


def sealed_keys(folder: Path) -> SealedKeys:
    """The file of the keys as it stands.

    Raises:
        BackupBroken: it is damaged.
    """
    try:
        return msgspec.json.decode((folder / KEYS_FILE).read_bytes(), type=SealedKeys)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise BackupBroken(KEYS_FILE) from error


def unseal_keys(folder: Path, root: bytes) -> KeySet:
    """The keys of a backup.

    Raises:
        BackupBroken: the file is damaged.
        WrongRootKey: another root key sealed it.
    """
    stored = sealed_keys(folder)
    content = KeyWrap(root).unwrap(stored.sealed, _place(vault.parse_record(stored.record)))
    try:
        return msgspec.msgpack.decode(content, type=KeySet)
    except msgspec.MsgspecError as error:
        raise BackupBroken(KEYS_FILE) from error
