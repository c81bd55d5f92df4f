"""The open hub: its database, its keys and who it is; every use-case takes one."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from hub import limits, rootkey
from hub.bell import Bell
from hub.database import Database, sqlite_url
from hub.limits import RateLimit
from hub.metrics import Metrics
from hub.migrate import newest, revision_of
from hub.relay import Relay
from hub.rootkey import RootKey, RootKeyMissing
from hub.streams import AtOnce
from hub.turns import Turns
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import TransportKey
from storeapp.domain.certificate import Certificate, CertificateKind, certify
from storeapp.domain.moment import utc

DATABASE_FILE = "hub.db"
ROOT_KEY_FILE = "root.key"
DEFAULT_BRAND = "demo"
ROOT_YEARS = 20
ROOT_DEVICE = "hub"


class NotMigrated(Exception):
    """The database is not there or of another version; ``storehub migrate`` makes it."""

    code = "not_migrated"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the hub is. ``epoch`` changes when its database was restored."""

    brand: str
    epoch: str
    key: DeviceKey = field(repr=False)
    transport: TransportKey = field(repr=False)
    root_certificate: str


def system_now() -> datetime:
    """The computer's clock."""
    return utc(datetime.now(UTC))


def _counters_limit() -> RateLimit:
    return RateLimit(per_second=limits.PER_SECOND, at_once=limits.AT_ONCE, monotonic=time.monotonic)


def _enrolments_limit() -> RateLimit:
    per_second, at_once = limits.ENROL_PER_SECOND, limits.ENROL_AT_ONCE
    return RateLimit(per_second=per_second, at_once=at_once, monotonic=time.monotonic)


def _passwords_limit() -> RateLimit:
    per_second, at_once = limits.WRONG_PER_SECOND, limits.WRONG_AT_ONCE
    return RateLimit(per_second=per_second, at_once=at_once, monotonic=time.monotonic)


@dataclass(slots=True)
class Hub:
    """What a use-case needs."""

    db: Database
    root: RootKey = field(repr=False)
    identity: Identity
    demo: bool = False
    now: Callable[[], datetime] = system_now
    bell: Bell = field(default_factory=Bell)
    requests: RateLimit = field(default_factory=_counters_limit)
    enrolments: RateLimit = field(default_factory=_enrolments_limit)
    passwords: RateLimit = field(default_factory=_passwords_limit)
    streams: AtOnce = field(default_factory=AtOnce)
    turns: Turns = field(default_factory=Turns)
    metrics: Metrics = field(default_factory=Metrics)
    errands: threading.Event = field(default_factory=threading.Event)
    """Set when there may be something to do in the background of this process."""

    def close(self) -> None:
        """Give the database back."""
        self.bell.detach()
        self.db.close()


def database_url(home: Path, url: str = "") -> str:
    """The database's address: what was given, else the embedded one of the home folder."""
    return url or sqlite_url(home / DATABASE_FILE)


def open_hub(home: Path, *, url: str = "", demo: bool = False, now: Callable[[], datetime] = system_now) -> Hub:
    """Open a hub that `found` has made.

    Raises:
        NotMigrated: there is none, or it is of an older program.
        NewerSchema: it is of a newer program.
        RootKeyMissing: its key file is gone.
    """
    root = rootkey.load(home / ROOT_KEY_FILE)
    db = Database(database_url(home, url))
    try:
        with db.reading() as connection:
            require_current(connection)
            identity = _read(db, connection, root)
        db.revision = newest()
    except BaseException:
        db.close()
        raise
    bell = Bell() if db.embedded else Bell(Relay(db.url))
    return Hub(db, root, identity, demo=demo, now=now, bell=bell)


def require_current(connection: sa.Connection) -> None:
    """Go on only with exactly the schema that this program knows.

    Raises:
        NotMigrated: there is none, or it is of an older program.
        NewerSchema: it is of a newer program.
    """
    if revision_of(connection) != newest():
        raise NotMigrated


def found(db: Database, home: Path, *, brand: str = DEFAULT_BRAND, now: datetime | None = None) -> bool:
    """Give a migrated database its keys and its brand; one that has them stays as it is.

    Raises:
        RootKeyMissing: the database has keys, but the file that opens them is gone.
    """
    path = home / ROOT_KEY_FILE
    with db.alone() as connection:
        if db.fact(connection, "brand") is not None:
            rootkey.load(path)
            return False
        root = rootkey.load(path) if path.exists() else rootkey.create(path)
        _write_new(db, connection, root, brand=brand, now=now or system_now())
    return True


def _write_new(db: Database, connection: sa.Connection, root: RootKey, *, brand: str, now: datetime) -> None:
    key, transport = DeviceKey.generate(), TransportKey.generate()
    start = now.replace(microsecond=0) - timedelta(days=1)
    certificate = Certificate(
        kind=CertificateKind.ROOT,
        device=ROOT_DEVICE,
        store="",
        public_key=key.public,
        not_before=start,
        not_after=start + timedelta(days=365 * ROOT_YEARS),
        issuer_key_id=key.key_id,
    )
    facts = {
        "brand": brand.encode(),
        "epoch": new_epoch(),
        "signing_key": root.wrap(key.seed, b"signing_key"),
        "transport_key": root.wrap(transport.private, b"transport_key"),
        "root_certificate": certify(certificate, key.sign).text().encode(),
    }
    for name, value in facts.items():
        db.remember(connection, name, value)


def new_epoch() -> bytes:
    """A name for the time from now until the database is restored."""
    return secrets.token_hex(6).encode()


def check_root(db: Database, connection: sa.Connection, root: RootKey) -> None:
    """Look whether a key opens the secrets of a database.

    Raises:
        RootKeyWrong: another one does.
    """
    root.unwrap(db.fact(connection, "signing_key") or b"", b"signing_key")


def _read(db: Database, connection: sa.Connection, root: RootKey) -> Identity:
    def fact(name: str) -> bytes:
        value = db.fact(connection, name)
        if value is None:
            raise NotMigrated
        return value

    if not sa.inspect(connection).has_table("meta"):
        raise NotMigrated
    return Identity(
        brand=fact("brand").decode(),
        epoch=fact("epoch").decode(),
        key=DeviceKey(root.unwrap(fact("signing_key"), b"signing_key")),
        transport=TransportKey(root.unwrap(fact("transport_key"), b"transport_key")),
        root_certificate=fact("root_certificate").decode(),
    )


__all__ = ["Hub", "Identity", "NotMigrated", "RootKeyMissing", "database_url", "found", "open_hub"]
