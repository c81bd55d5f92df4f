"""A counter's folder on the disk: opened once with its root key, then as often as threads need it."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storeapp.adapters import vault
from storeapp.adapters.keychain import Keychain, system_keychain
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import TransportKey
from storeapp.adapters.vault_errors import VaultError
from storeapp.services.clock import Clock, SystemClock
from storeapp.services.counter import Counter
from storeapp.services.privacy import Privacy
from storeapp.store.cache import Cache, reset
from storeapp.store.errors import Corrupt
from storeapp.store.journal import Journal
from storeapp.store.keys import Keys

JOURNAL, CACHE, KEYS = "journal.db", "cache.db", "keys.db"
DEVICE_KEY = "device"
TRANSPORT_KEY = "transport"


@dataclass(slots=True)
class Home:
    """A home folder with what was needed to open it; ``locked`` says why personal data is out of reach."""

    path: Path
    clock: Clock = field(default_factory=SystemClock)
    root: bytes | None = field(default=None, repr=False)
    locked: VaultError | None = None

    @property
    def exists(self) -> bool:
        """Whether somebody has set up a counter here."""
        return (self.path / JOURNAL).exists()

    def unlock(self, *, environ: Mapping[str, str] | None = None, passphrase: str | None = None) -> "Home":
        """Find the root key where the vault's record says; a failure is kept in ``locked``, not hidden.

        The counter works without it, but for people's data.
        """
        keys = Keys.open(self.path / KEYS)
        try:
            record = keys.vault_record()
        finally:
            keys.close()
        if record is None:
            return self
        try:
            self.root = _unlock(record, environ=os.environ if environ is None else environ, passphrase=passphrase)
            self.locked = None
        except VaultError as error:
            self.locked = error
        return self

    def open(self) -> Counter:
        """Open the counter for the calling thread; a damaged cache is thrown away and made again.

        Raises:
            StoreError: the journal or the keys cannot be opened.
        """
        journal = Journal(self.path / JOURNAL)
        keys = Keys.open(self.path / KEYS, self.root)
        try:
            cache = Cache(self.path / CACHE)
        except Corrupt:
            reset(self.path / CACHE)
            cache = Cache(self.path / CACHE)
        return Counter(self.path, journal=journal, cache=cache, keys=keys, privacy=Privacy(keys), clock=self.clock)


def _unlock(text: str, *, environ: Mapping[str, str], passphrase: str | None) -> bytes:
    record = vault.parse_record(text)
    given = passphrase or vault.passphrase_from(environ)
    keychain = system_keychain(record.home_id) if record.custody is vault.Custody.KEYRING else None
    return vault.unlock(record, keychain=keychain, passphrase=given).root


@dataclass(frozen=True, slots=True)
class NewHome:
    """What making a home gives: the open home, and the recovery key that is shown once."""

    home: Home
    recovery_key: str


def create_home(
    path: Path, *, clock: Clock, environ: Mapping[str, str] | None = None, passphrase: str | None = None
) -> NewHome:
    """Make the folder, its root key and the device's keys.

    Without a keyring and a passphrase there is no root key: the counter works, but keeps no personal data.

    Raises:
        FileExistsError: there is a counter already.
        VaultError: the keyring failed, or the passphrase is too short.
    """
    if (path / JOURNAL).exists():
        raise FileExistsError(JOURNAL)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    environ = os.environ if environ is None else environ
    given = passphrase or vault.passphrase_from(environ)
    home_id = secrets.token_hex(8)
    opened, recovery_key = _make_vault(home_id, passphrase=given)
    keys = Keys.open(path / KEYS, opened.root if opened else None)
    try:
        if opened is not None:
            keys.save_vault_record(opened.record.text())
        keys.put_secret(DEVICE_KEY, secrets.token_bytes(32))
        keys.put_secret(TRANSPORT_KEY, secrets.token_bytes(32))
    finally:
        keys.close()
    return NewHome(Home(path, clock, opened.root if opened else None), recovery_key)


def _make_vault(home_id: str, *, passphrase: str | None) -> tuple[vault.OpenVault | None, str]:
    keychain: Keychain | None = None if passphrase else system_keychain(home_id)
    if keychain is None and passphrase is None:
        return None, ""
    return vault.create(home_id, keychain=keychain, passphrase=passphrase)


def transport_key(counter: Counter) -> TransportKey:
    """The key under which order keys travel between this counter and its hub.

    Raises:
        LookupError: this home has lost it.
    """
    private = counter.keys.secret(TRANSPORT_KEY)
    if private is None:
        raise LookupError(TRANSPORT_KEY)
    return TransportKey(private)


def device_key(counter: Counter) -> DeviceKey:
    """The key that signs slips, badges and requests.

    Raises:
        LookupError: this home has lost its device key.
    """
    seed = counter.keys.secret(DEVICE_KEY)
    if seed is None:
        raise LookupError(DEVICE_KEY)
    return DeviceKey(seed)
