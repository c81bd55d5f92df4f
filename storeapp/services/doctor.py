"""Looks a counter over and says what is well, what is doubtful and what is broken, each with a stable code."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from storeapp import __version__
from storeapp.i18n import LANGUAGES, ONE, catalogue
from storeapp.services.counter import Counter
from storeapp.services.home import JOURNAL, Home, device_key
from storeapp.store import unread
from storeapp.store.errors import NoRootKey, StoreError, translate_sqlite_errors
from storeapp.store.journal import suspicion

LITTLE_DISK_BYTES = 500_000_000


class Health(StrEnum):
    """How one thing stands."""

    WELL = "well"
    DOUBTFUL = "doubtful"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``code`` finds the words ``doctor.<code>``."""

    code: str
    health: Health
    data: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings; the counter is well when none is broken."""

    version: str
    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Whether nothing is broken."""
        return all(finding.health is not Health.BROKEN for finding in self.findings)


def examine(home: Home) -> Diagnosis:
    """Look at files, keys, chain, clock and disk of a home; nothing is changed but a cache that lags behind."""
    findings = [*_texts(), *_disk(home)]
    if not home.exists:
        findings.append(Finding("not_set_up", Health.DOUBTFUL))
        return Diagnosis(__version__, tuple(findings))
    try:
        counter = home.open()
    except StoreError as error:
        findings.append(Finding("open_failed", Health.BROKEN, {"cause": error.code}))
        return Diagnosis(__version__, tuple(findings))
    try:
        for check in (_journal, _cache, _chain, _keys, _device, _clock, _sync):
            findings += check(counter, home)
    finally:
        counter.close()
    return Diagnosis(__version__, tuple(findings))


def _texts() -> Iterator[Finding]:
    # One language has singulars that another does not need.
    sets = [{code for code in catalogue(language) if not code.endswith(ONE)} for language in LANGUAGES]
    yield Finding("texts", Health.WELL if sets[0] == sets[1] else Health.BROKEN, {"texts": len(sets[0])})


def _disk(home: Home) -> Iterator[Finding]:
    folder = home.path if home.path.exists() else home.path.parent
    free = shutil.disk_usage(folder).free if folder.exists() else 0
    health = Health.WELL if free >= LITTLE_DISK_BYTES else Health.DOUBTFUL
    yield Finding("disk", health, {"free_mb": free // 1_000_000})


def _journal(counter: Counter, home: Home) -> Iterator[Finding]:
    found = _sound("journal", counter.journal.check, {"commands": counter.journal.last()})
    if found.health is Health.BROKEN:
        # The next start looks it over and salvages what can be read.
        suspicion(home.path / JOURNAL).touch()
    yield found
    kept = len(list(home.path.glob(f"{JOURNAL}.damaged-?")))
    if kept:
        yield Finding("journal_salvaged", Health.DOUBTFUL, {"files": kept})


def _cache(counter: Counter, _home: Home) -> Iterator[Finding]:
    counter.catch_up()
    yield _sound("cache", counter.cache.check, {"applied": counter.cache.applied})
    rows = unread.count(counter.cache.db)
    if rows:
        yield Finding("rows_unread", Health.DOUBTFUL, {"rows": rows})


def _sound(code: str, check: Callable[[], bool], data: dict[str, str | int]) -> Finding:
    try:
        with translate_sqlite_errors():
            return Finding(code, Health.WELL if check() else Health.BROKEN, data)
    except StoreError as error:
        return Finding(code, Health.BROKEN, data | {"cause": error.code})


def _chain(counter: Counter, _home: Home) -> Iterator[Finding]:
    broken = counter.journal.audit_broken_at()
    if broken is None:
        yield Finding("audit_chain", Health.WELL, {"entries": len(counter.journal.audit_entries())})
    else:
        yield Finding("audit_chain", Health.BROKEN, {"entry": broken})


def _keys(counter: Counter, home: Home) -> Iterator[Finding]:
    if home.locked is not None:
        yield Finding("keys_locked", Health.DOUBTFUL, {"cause": home.locked.code})
    elif not counter.privacy.available:
        yield Finding("keys_none", Health.DOUBTFUL)
    else:
        yield Finding("keys", Health.WELL)


def _device(counter: Counter, _home: Home) -> Iterator[Finding]:
    try:
        device_key(counter)
    except LookupError:
        yield Finding("device_key_lost", Health.BROKEN)
        return
    except NoRootKey:
        yield Finding("device_key_locked", Health.DOUBTFUL)
        return
    bare = counter.keys.unprotected_secrets()
    yield Finding("device_key_bare" if bare else "device_key", Health.DOUBTFUL if bare else Health.WELL)


def _clock(counter: Counter, _home: Home) -> Iterator[Finding]:
    last = counter.journal.last_at()
    back = last is not None and counter.clock.now() < last - timedelta(days=1)
    yield Finding("clock_back" if back else "clock", Health.DOUBTFUL if back else Health.WELL)


def _sync(counter: Counter, _home: Home) -> Iterator[Finding]:
    if not counter.enrolled:
        yield Finding("stand_alone", Health.WELL)
        return
    pending = sum(n for status, n in counter.journal.counts().items() if status.value == "pending")
    yield Finding("sync", Health.WELL if not pending else Health.DOUBTFUL, {"pending": pending})
