"""Remembers staff PINs in keys.db and slows down whoever guesses; needs no root key."""

import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from sqlite_utils import Database

from storeapp.store.migrate import immediate

FREE_TRIES = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=12)

_SALT_BYTES = 16
_PIN = re.compile(r"[0-9]{4,12}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class PinAnswer(StrEnum):
    """What became of an attempt to sign in."""

    OK = "ok"
    WRONG = "wrong"
    """A wrong PIN or an unknown person; the two are not told apart."""
    LOCKED = "locked"


class PinWeakness(StrEnum):
    """Why a PIN is not accepted."""

    FORMAT = "pin_format"
    """Not four to twelve digits."""
    SIMPLE = "pin_simple"
    """One digit only, or digits in a row."""


@dataclass(frozen=True, slots=True)
class PinResult:
    """An answer with the tries left before the next lock, and until when a lock lasts."""

    answer: PinAnswer
    tries_left: int = 0
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    salt: bytes
    verifier: bytes
    failures: int
    locked_until_ms: int


def pin_weakness(pin: str) -> PinWeakness | None:
    """Why nobody should use this PIN, or None."""
    if not _PIN.fullmatch(pin):
        return PinWeakness.FORMAT
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return PinWeakness.SIMPLE if len(steps) == 1 and abs(steps.pop()) <= 1 else None


class Pins:
    """The PINs of one store's staff."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def set(self, staff: str, pin: str) -> PinWeakness | None:
        """Give a person a PIN and forget earlier failures; a weak one changes nothing and is returned as why."""
        weakness = pin_weakness(pin)
        if weakness is None:
            salt = os.urandom(_SALT_BYTES)
            verifier = _stretch(pin, salt)
            with immediate(self._db):
                self._db.execute(
                    "INSERT OR REPLACE INTO pin (staff, salt, verifier) VALUES (?, ?, ?)", [staff, salt, verifier]
                )
        return weakness

    def remove(self, staff: str) -> None:
        """Take a person's PIN away."""
        with immediate(self._db):
            self._db.execute("DELETE FROM pin WHERE staff = ?", [staff])

    def verifiers(self) -> list[tuple[str, bytes, bytes]]:
        """Person, salt and verifier of every PIN, for a backup under a key."""
        return list(self._db.execute("SELECT staff, salt, verifier FROM pin ORDER BY staff"))

    def put_verifiers(self, verifiers: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Take PINs back from a backup."""
        with immediate(self._db):
            self._db.conn.executemany("INSERT OR REPLACE INTO pin (staff, salt, verifier) VALUES (?, ?, ?)", verifiers)

    def has(self, staff: str) -> bool:
        """Whether a person has a PIN."""
        return self._db.execute("SELECT 1 FROM pin WHERE staff = ?", [staff]).fetchone() is not None

    def verify(self, staff: str, pin: str, *, now: datetime) -> PinResult:
        """Check a PIN; five wrong ones in a row lock for a minute, each further one doubles it.

        An attempt is counted before the PIN is looked at, so guessing in parallel gains nothing, and an
        unknown person costs as much time as a wrong PIN.
        """
        found = self._charge(staff, now)
        if isinstance(found, PinResult):
            return found
        salt, verifier = (found.salt, found.verifier) if found else (bytes(_SALT_BYTES), b"")
        if hmac.compare_digest(_stretch(pin, salt), verifier):
            self._clear(staff)
            return PinResult(PinAnswer.OK, tries_left=FREE_TRIES)
        if found is None:
            return PinResult(PinAnswer.WRONG)
        left = max(0, FREE_TRIES - found.failures)
        return PinResult(PinAnswer.WRONG, tries_left=left, locked_until=_moment(found.locked_until_ms))

    def _charge(self, staff: str, now: datetime) -> _Stored | PinResult | None:
        """Count one attempt as failed and return the person's row after it."""
        with immediate(self._db):
            row = self._db.execute(
                "SELECT salt, verifier, failures, locked_until FROM pin WHERE staff = ?", [staff]
            ).fetchone()
            if row is None:
                return None
            salt, verifier, failures, locked_until = row
            if _ms(now) < locked_until:
                return PinResult(PinAnswer.LOCKED, locked_until=_moment(locked_until))
            failures += 1
            lock = _lock(failures)
            until = _ms(now + lock) if lock else 0
            self._db.execute("UPDATE pin SET failures = ?, locked_until = ? WHERE staff = ?", [failures, until, staff])
            return _Stored(salt, verifier, failures, until)

    def _clear(self, staff: str) -> None:
        with immediate(self._db):
            self._db.execute("UPDATE pin SET failures = 0, locked_until = 0 WHERE staff = ?", [staff])


def _lock(failures: int) -> timedelta:
    if failures < FREE_TRIES:
        return timedelta(0)
    doublings = min(failures - FREE_TRIES, 16)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def _stretch(pin: str, salt: bytes) -> bytes:
    # 16 MiB and some 50 ms: a PIN has too few digits for more to help; the throttle does the rest.
    return hashlib.scrypt(pin.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32)


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _moment(ms: int) -> datetime | None:
    return _EPOCH + ms * _MILLISECOND if ms else None
