"""Looks after the root key of a home: recover it, move it under another passphrase, renew its recovery key."""

from collections.abc import Callable
from typing import TypeVar

from storeapp.adapters import vault
from storeapp.adapters.keychain import system_keychain
from storeapp.adapters.vault import Custody, OpenVault, VaultRecord
from storeapp.adapters.vault_errors import NoKeySource
from storeapp.services.counter import Actor, Counter
from storeapp.services.home import KEYS, Home
from storeapp.store.keys import Keys

T = TypeVar("T")

MOVED = "rootkey.moved"
RECOVERY_RENEWED = "rootkey.recovery_renewed"


def keyring_available() -> bool:
    """Whether this machine and account have a keyring that keeps secrets safe; asking may take a moment."""
    return system_keychain("probe") is not None


def custody(home: Home) -> Custody | None:
    """Where the root key is kept; None where this home has none and so keeps nothing personal.

    Raises:
        VaultBroken: the vault's record is damaged.
    """
    record = _with_keys(home, _record)
    return None if record is None else record.custody


def recover(home: Home, recovery_key: str, *, passphrase: str | None) -> None:
    """Open the home with its recovery key, and keep the root key under a new passphrase or in this keyring.

    Raises:
        VaultError: the recovery key is mistyped or of another home, or nothing here can keep the root key.
    """

    def put(keys: Keys) -> bytes:
        record = _must_record(keys)
        keychain = None if passphrase else system_keychain(record.home_id)
        opened = vault.recover(record, recovery_key, keychain=keychain, passphrase=passphrase)
        keys.save_vault_record(opened.record.text())
        return opened.root

    home.root = _with_keys(home, put)
    home.locked = None


def change_passphrase(counter: Counter, actor: Actor, home: Home, passphrase: str) -> None:
    """Keep the root key under another passphrase, or under one instead of the keyring.

    Raises:
        VaultError: the passphrase is too short, or the root key is not at hand.
    """
    opened = vault.use_passphrase(_opened(counter, home), passphrase)
    counter.keys.save_vault_record(opened.record.text())
    _note(counter, actor, MOVED)


def renew_recovery(counter: Counter, actor: Actor, home: Home) -> str:
    """A new recovery key, shown once; the old one opens nothing any more.

    Raises:
        VaultError: the root key is not at hand.
    """
    opened, recovery_key = vault.renew_recovery(_opened(counter, home))
    counter.keys.save_vault_record(opened.record.text())
    _note(counter, actor, RECOVERY_RENEWED)
    return recovery_key


def _opened(counter: Counter, home: Home) -> OpenVault:
    if home.root is None:
        raise NoKeySource
    return OpenVault(_must_record(counter.keys), home.root)


def _must_record(keys: Keys) -> VaultRecord:
    record = _record(keys)
    if record is None:
        raise NoKeySource
    return record


def _record(keys: Keys) -> VaultRecord | None:
    text = keys.vault_record()
    return None if text is None else vault.parse_record(text)


def _with_keys(home: Home, use: Callable[[Keys], T]) -> T:
    keys = Keys.open(home.path / KEYS)
    try:
        return use(keys)
    finally:
        keys.close()


def _note(counter: Counter, actor: Actor, action: str) -> None:
    with counter.transaction(actor) as transaction:
        transaction.audit(action, actor.id)
