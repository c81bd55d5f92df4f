"""A counter's folder on the disk: opened once with its root key, then as often as threads need it."""

import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from storeapp.adapters import vault
from storeapp.adapters.keychain import Keychain, system_keychain
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import TransportKey
from storeapp.adapters.vault_errors import VaultError
from storeapp.services.clock import Clock, SystemClock
from storeapp.services.counter import SYSTEM, Counter
from storeapp.services.privacy import Privacy
from storeapp.store.cache import Cache, open_cache, reset
from storeapp.store.errors import JournalCorrupt, StoreError
from storeapp.store.journal import Journal, suspicion
from storeapp.store.keys import Keys
from storeapp.store.migrate import remove_database
from storeapp.store.salvage import open_journal
from storeapp.store.salvage_rows import Salvaged

JOURNAL, CACHE, KEYS = "journal.db", "cache.db", "keys.db"
DEVICE_KEY = "device"
TRANSPORT_KEY = "transport"
SALVAGED = "journal.salvaged"
"""The audit chain's word for a journal that was damaged."""


@dataclass(slots=True)
class Home:
    """A home folder with what was needed to open it; ``locked`` says why personal data is out of reach."""

    path: Path
    clock: Clock = field(default_factory=SystemClock)
    root: bytes | None = field(default=None, repr=False)
    locked: VaultError | None = None
    salvaged: Salvaged | None = None

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
        """Open the counter for the calling thread.

        A damaged cache is thrown away and made again. Of a damaged journal all that can be read is saved, the
        audit chain says so, and ``salvaged`` has the figures to tell the person.

        Raises:
            StoreError: the journal or the keys cannot be opened.
        """
        try:
            return self._open()
        except JournalCorrupt:
            if not suspicion(self.path / JOURNAL).exists():
                raise
        return self._open()

    def _open(self) -> Counter:
        with ExitStack() as opened:
            journal = self._open_journal()
            opened.callback(journal.close)
            keys = Keys.open(self.path / KEYS, self.root)
            opened.callback(keys.close)
            cache = open_cache(self.path / CACHE)
            opened.callback(cache.close)
            _check_against(cache, journal)
            opened.pop_all()
        return Counter(self.path, journal=journal, cache=cache, keys=keys, privacy=Privacy(keys), clock=self.clock)

    def _open_journal(self) -> Journal:
        journal, salvaged = open_journal(self.path / JOURNAL, expect=self._applied)
        if salvaged is not None:
            self.salvaged = salvaged
            with journal.writing():
                journal.audit(at=self.clock.now(), actor=SYSTEM.id, action=SALVAGED, subject=salvaged.kept)
            reset(self.path / CACHE)
        return journal

    def _applied(self) -> int:
        """How many commands there were at least, by the cache."""
        try:
            with closing(Cache(self.path / CACHE)) as cache:
                return cache.applied
        except StoreError:
            return 0


def _check_against(cache: Cache, journal: Journal) -> None:
    """Raise `JournalCorrupt` where the cache has seen commands that the journal has lost; the next opening looks."""
    # In this order: another program may save and show something between the two.
    applied, authority = cache.applied, cache.mark("authority")
    if authority == journal.authority() and journal.last() < applied:
        raise journal.damaged()


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
        FileExistsError: there is a counter already, or the keys of people without their journal.
        VaultError: the keyring failed, or the passphrase is too short.
    """
    if (path / JOURNAL).exists():
        raise FileExistsError(JOURNAL)
    if (path / KEYS).exists():
        _refuse_keys_in_use(path / KEYS)
        remove_database(path / KEYS)
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


def _refuse_keys_in_use(path: Path) -> None:
    """What a set-up that was cut off has left holds nobody's key; any other file of keys is worth keeping."""
    with closing(Keys.open(path)) as keys:
        if keys.subjects():
            raise FileExistsError(KEYS)


def discard_unfinished(path: Path) -> None:
    """Take away what a set-up that was cut off has left: a journal without a command, of nobody's counter."""
    if not (path / JOURNAL).exists():
        return
    with closing(Journal(path / JOURNAL)) as journal:
        if journal.last() or journal.authority():
            return
    # The journal goes last: as long as it is there, the rest is known to be unfinished.
    for name in (CACHE, KEYS, JOURNAL):
        remove_database(path / name)


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
