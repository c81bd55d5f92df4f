"""This counter's share of the stock: what it may promise without the hub, and what it gives back."""

from storeapp.codec import decode_known_events
from storeapp.domain.allotment import Allotment, Lease
from storeapp.services.counter import Counter
from storeapp.store import lists
from storeapp.store.journal import Entry
from storeapp.store.readings import FORMER, FORMER_LAST, incarnation_of


def lease(counter: Counter) -> Lease | None:
    """Under what its shares stand, lapsed or not; None where it has none."""
    known = counter.cache.get(Allotment, counter.store) if counter.enrolled else None
    return known.of(counter.incarnation) if known else None


def present_lease(counter: Counter) -> str:
    """The id of the lease by which it may promise at this moment; empty where there is none, or it has lapsed."""
    mine = lease(counter)
    return mine.id if mine is not None and mine.covers(counter.clock.now()) else ""


def given_back(counter: Counter) -> list[tuple[str, int]]:
    """The shelves of which the hub wants part of the share back, with the versions of their rows.

    From now on nothing more than the smaller share is promised here, so the hub may give the rest to another counter
    as soon as it has every command up to the last one of now.
    """
    mine = lease(counter)
    return lists.taken_back(counter.cache.db, mine.id) if mine is not None else []


def former(counter: Counter, entry: Entry) -> str:
    """The incarnation that a command was made in, where that is over; empty where it is the present one."""
    made_in = incarnation_of(entry, counter.identity)
    return made_in if made_in != counter.incarnation else ""


def promised_as(counter: Counter) -> str:
    """The incarnation whose share this counter's promises came from: the one before, where this never had any."""
    before = counter.identity.get(FORMER, "")
    return counter.incarnation if not before or lease(counter) is not None or _has_promised(counter) else before


def _has_promised(counter: Counter) -> bool:
    """Whether anything came out of a share since the present numbering began, as the journal tells without a cache."""
    n = int(counter.identity.get(FORMER_LAST, "0"))
    while entries := counter.journal.after(n):
        known = (decode_known_events(entry.events) for entry in entries)
        if any(getattr(event, "lease", "") for events, _ in known for event in events):
            return True
        n = entries[-1].n
    return False
