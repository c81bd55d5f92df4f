"""Works out what the commands of a counter that stood alone rest on, because now a hub decides them anew.

While it stood alone they were final, so nothing was noted. The hub may refuse one of them, such as an assignment of an
order that another counter of the store has, too; what was saved on top of it must not be decided as if nothing were.
"""

from collections.abc import Iterator

from storeapp.codec import Malformed, UnknownKind, decode_command, decode_known_events
from storeapp.domain.needs import Ground, laid_by, rests_on
from storeapp.store.journal import Entry, Journal, Status

CHUNK = 1000


def note_needs(journal: Journal) -> None:
    """Note them for everything that is not yet offered to a hub; call inside `Journal.writing`."""
    laid: dict[Ground, str] = {}
    last = 0
    while entries := journal.after(last, limit=CHUNK):
        last = entries[-1].n
        journal.need(pair for entry in entries for pair in _needs(entry, laid))


def _needs(entry: Entry, laid: dict[Ground, str]) -> Iterator[tuple[str, str]]:
    """What one command needs; then what it has laid is there for the next ones."""
    if entry.status is Status.SAVED:
        found = (laid.get(ground) for ground in _grounds(entry))
        yield from ((entry.id, needed) for needed in dict.fromkeys(filter(None, found)))
    laid.update((ground, entry.id) for ground in laid_by(decode_known_events(entry.events)[0]))


def _grounds(entry: Entry) -> tuple[Ground, ...]:
    try:
        return rests_on(decode_command(entry.kind, entry.body))
    except (UnknownKind, Malformed):
        return ()  # A newer program has written it; the hub parks what it can't read, with what it is told.
