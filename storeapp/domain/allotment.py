"""Which counters of a store may promise its stock without asking, and until when; the shares stand with the stock.

A share is kept under the id of a lease. A lease that is made anew gets a new id, so whatever stood under the old one
counts for nobody any more, without a single row of stock being touched.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from storeapp.domain.kernel import Data
from storeapp.domain.stock import StockItem

LEASE = timedelta(hours=24)
"""How long a counter may promise its share after the hub has heard everything it had to say."""

RENEWED_EVERY = timedelta(hours=1)
"""How old a lease gets before it is renewed: each renewal is a row that all counters of the store read."""

SLACK = timedelta(minutes=10)
"""How far a counter's clock may be behind; one that stands a day or a year behind gets no share out of it."""

MOST_WEIGHT = 100


class Lease(Struct, frozen=True, gc=False):
    """One counter's right to promise its shares. ``incarnation`` tells it from a copy of its disk.

    A ``lapsed`` one holds nothing back any more; what it had promised before its end stands nevertheless.
    """

    id: str
    device: str
    incarnation: str
    since: datetime
    until: datetime
    lapsed: bool = False

    def covers(self, moment: datetime) -> bool:
        """Whether a promise made then, by the counter's own clock, falls into it."""
        return self.since <= moment < self.until


class Allotment(Struct, frozen=True, gc=False):
    """The leases of one store, whose code is the id.

    ``counters`` are the store's counters in the order of their first hello, ``weights`` what each gets of a shelf in
    proportion; where nobody has a weight, the first counter gets everything. While ``closed_until`` is set nothing is
    granted to anybody, because the hub was restored and cannot know what it had granted; ``heard`` are the counters
    that have told everything since then.
    """

    KIND: ClassVar[str] = "allotment"
    id: str
    leases: tuple[Lease, ...] = ()
    counters: tuple[str, ...] = ()
    weights: Data = field(default_factory=dict)
    closed_until: datetime | None = None
    heard: tuple[str, ...] = ()

    @property
    def store(self) -> str:
        """The store's code."""
        return self.id

    @property
    def live(self) -> tuple[Lease, ...]:
        """Leases that hold something back, in the order of their counters."""
        return tuple([lease for lease in self.leases if not lease.lapsed])

    def of(self, incarnation: str) -> Lease | None:
        """The lease of a counter in one of its numberings, lapsed or not."""
        for lease in self.leases:
            if lease.incarnation == incarnation:
                return lease
        return None


class AllotmentSet(Struct, frozen=True, gc=False):
    """The hub has renewed, ended or given leases."""

    KIND: ClassVar[str] = "allotment.set"
    OF: ClassVar[type[Allotment]] = Allotment
    id: str
    allotment: Allotment


AllotmentEvent = AllotmentSet


@dataclass(frozen=True, slots=True)
class Caller:
    """A counter that has told the hub everything.

    ``lease`` is the id that a lease of its own would get, and ``since`` and ``until`` would be its time.
    """

    store: str
    device: str
    incarnation: str
    lease: str
    since: datetime
    until: datetime


def evolve(_state: Allotment | None, event: AllotmentSet) -> Allotment:
    """Apply one event."""
    return event.allotment


def heard_from(known: Allotment | None, caller: Caller, *, now: datetime, everybody: frozenset[str]) -> Allotment:
    """What becomes of a store's leases when a counter says hello and nothing of it is undecided.

    Its lease is renewed, or made anew where it had none or had let it lapse: then whatever it could still claim under
    the old one is over, because all of that has been decided. Others whose time is over lapse.

    Args:
        known: the leases as they are.
        caller: who says hello.
        now: by the hub's clock.
        everybody: all counters of the store that were not turned away.
    """
    before = known or Allotment(caller.store)
    leases = tuple(replace(lease, lapsed=lease.lapsed or lease.until <= now) for lease in before.leases)
    mine = next((lease for lease in leases if lease.incarnation == caller.incarnation), None)
    if mine is None or mine.lapsed:
        others = tuple(lease for lease in leases if lease is not mine)
        leases = (*others, Lease(caller.lease, caller.device, caller.incarnation, caller.since, caller.until))
    elif caller.until - mine.until > RENEWED_EVERY:
        renewed = replace(mine, since=caller.since, until=caller.until)
        leases = tuple(renewed if lease is mine else lease for lease in leases)
    counters = before.counters if caller.device in before.counters else (*before.counters, caller.device)
    return _opened(replace(before, leases=leases, counters=counters), caller, now=now, everybody=everybody)


def _opened(allotment: Allotment, caller: Caller, *, now: datetime, everybody: frozenset[str]) -> Allotment:
    """After a restore: open again once everybody was heard, or whoever was not has let its lease lapse."""
    if allotment.closed_until is None:
        return allotment
    heard = tuple(sorted({*allotment.heard, caller.device}))
    if now >= allotment.closed_until or everybody <= set(heard):
        return replace(allotment, closed_until=None, heard=())
    return replace(allotment, heard=heard)


def without(known: Allotment, device: str) -> Allotment:
    """A counter was turned away or begins anew: nothing is held back for it any more."""
    leases = tuple(lease for lease in known.leases if lease.device != device)
    return replace(known, leases=leases)


def weighed(known: Allotment, device: str, weight: int) -> Allotment:
    """With another part for a counter."""
    return replace(known, weights={**known.weights, device: weight})


def closed(known: Allotment | None, store: str, *, until: datetime) -> Allotment:
    """The hub was restored: what was granted since its backup is unknown, so nobody has anything until then."""
    return replace(known or Allotment(store), leases=(), closed_until=until, heard=())


def regrants(before: Allotment | None, after: Allotment) -> bool:
    """Whether a change of the leases concerns every shelf of the store, and not only how long they last."""
    if before is None:
        return True
    same = (before.closed_until is None) == (after.closed_until is None) and before.weights == after.weights
    return not same or [lease.id for lease in before.live] != [lease.id for lease in after.live]


def free(allotment: Allotment | None, item: StockItem) -> int:
    """Pieces that are neither promised for good nor kept back for anybody; nothing while nobody can know."""
    if allotment is None:
        return max(0, item.on_hand - item.firm)
    if allotment.closed_until is not None:
        return 0
    held = 0
    if item.shares:
        live = [lease.id for lease in allotment.leases if not lease.lapsed]
        held = sum([share.held for share in item.shares if share.lease in live])
    return max(0, item.on_hand - item.firm - held)


def split(total: int, allotment: Allotment) -> dict[str, int]:
    """What each live lease should have of so many pieces: by weight, the rest of the division to the first.

    Of two leases of one counter only the newer one counts: the other belongs to a copy, or to a disk that is gone.
    """
    newest = {lease.device: lease.id for lease in allotment.live}
    weights = {
        newest[device]: int(allotment.weights.get(device, 0)) for device in allotment.counters if device in newest
    }
    if not any(weights.values()):
        weights = {lease: int(place == 0) for place, lease in enumerate(weights)}
    whole = sum(weights.values())
    parts = {lease: total * weight // whole for lease, weight in weights.items()} if whole else {}
    for lease, weight in weights.items():
        if weight:
            parts[lease] += total - sum(parts.values())
            break
    return parts
