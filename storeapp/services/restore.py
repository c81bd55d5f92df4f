"""Brings a counter back from its backup into an empty home."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from storeapp.adapters import vault
from storeapp.adapters.keychain import system_keychain
from storeapp.services.backup import KeySet, Manifest, read_manifest, sealed_keys, unseal_keys
from storeapp.services.clock import Clock
from storeapp.services.counter import SYSTEM
from storeapp.services.home import CACHE, JOURNAL, KEYS, Home, create_home, device_key
from storeapp.services.setup import identify
from storeapp.store.journal import Journal
from storeapp.store.keys import Keys
from storeapp.store.migrate import remove_database

RESTORED = "home.restored"


def _recovered(record: vault.VaultRecord, recovery_key: str, environ: Mapping[str, str] | None) -> vault.OpenVault:
    passphrase = vault.passphrase_from(os.environ if environ is None else environ)
    keychain = None if passphrase else system_keychain(record.home_id)
    return vault.recover(record, recovery_key, keychain=keychain, passphrase=passphrase)


def restore(
    folder: Path, path: Path, *, recovery_key: str, clock: Clock, environ: Mapping[str, str] | None = None
) -> Manifest:
    """Make a home from a backup. The journal comes last: before that, the home counts as empty and can be tried again.

    A backup without keys gives a counter with a new device key; printed slips and badges are then void.

    Raises:
        FileExistsError: there is a counter already.
        BackupBroken: the backup is not whole; nothing was made.
        VaultError: the recovery key is not the right one, or nothing here can keep the root key.
    """
    if (path / JOURNAL).exists():
        raise FileExistsError(JOURNAL)
    manifest = read_manifest(folder)
    if manifest.keys_sha256:
        home = _restore_keys(folder, path, recovery_key, clock, environ)
    else:
        home = create_home(path, clock=clock, environ=environ).home
    _restore_journal(folder / manifest.journal, path)
    _begin_anew(home, with_keys=bool(manifest.keys_sha256))
    return manifest


def _restore_keys(folder: Path, path: Path, recovery_key: str, clock: Clock, environ: Mapping[str, str] | None) -> Home:
    opened = _recovered(vault.parse_record(sealed_keys(folder).record), recovery_key, environ)
    taken = unseal_keys(folder, opened.root)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    remove_database(path / KEYS)
    keys = Keys.open(path / KEYS, opened.root)
    try:
        keys.save_vault_record(opened.record.text())
        _put_in(keys, taken, clock)
    finally:
        keys.close()
    return Home(path, clock, opened.root)


def _put_in(keys: Keys, taken: KeySet, clock: Clock) -> None:
    for subject, key in taken.keys:
        keys.put(subject, key, now=clock.now())
    for name, value in taken.secrets.items():
        keys.put_secret(name, value)
    keys.pins.put_verifiers(taken.pins)


def _restore_journal(source: Path, path: Path) -> None:
    draft = path / f"{JOURNAL}.new"
    for leftover in (draft, path / JOURNAL, path / CACHE):
        remove_database(leftover)
    shutil.copyfile(source, draft)
    draft.chmod(0o600)
    journal = Journal(draft)
    journal.close()
    draft.replace(path / JOURNAL)


def _begin_anew(home: Home, *, with_keys: bool) -> None:
    """Number commands anew: what this home sent after the backup is unknown here, and its numbers may be taken."""
    counter = home.open()
    try:
        if not with_keys:
            identify(counter, store=counter.store, brand=counter.identity.get("brand", ""))
        with counter.journal.writing():
            counter.journal.identify(incarnation=secrets.token_hex(6))
            counter.journal.audit(
                at=counter.clock.now(), actor=SYSTEM.id, action=RESTORED, subject=device_key(counter).key_id.hex()
            )
        counter.catch_up()
    finally:
        counter.close()
