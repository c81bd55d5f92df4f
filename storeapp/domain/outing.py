"""Reads from the chain of custody which way a guide went to a customer: since when, and from where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from storeapp.domain.delivery import Delivery, Holder, Link


@dataclass(frozen=True, slots=True)
class Way:
    """How a guide came to a customer: ``after`` is the delivery served before, empty where it was from the store."""

    guide: str
    since: datetime
    until: datetime
    after: str


def way_to(job: Delivery, others: Iterable[Delivery]) -> Way | None:
    """The way to a delivery that a guide has just finished.

    Args:
        job: the delivery.
        others: what else the guide had in custody that day.

    Returns:
        None where no guide brought it, or it is not known where the guide came from.
    """
    arrived = _arrival(job)
    if arrived is None:
        return None
    guide, until = arrived
    jobs = {job.id: job} | {other.id: other for other in others}
    seen = [event for each in jobs.values() for event in _events(each, guide) if event[0] < until]
    since, after = max(seen, default=(until, None), key=lambda event: event[0])
    return None if after is None else Way(guide, since, until, after)


def _arrival(job: Delivery) -> tuple[str, datetime] | None:
    """Who brought the last parcel, and when."""
    pairs = [(p.chain[-2], p.chain[-1]) for p in job.held_by(Holder.CUSTOMER) if len(p.chain) > 1]
    brought = [(before.holder_id, last.at) for before, last in pairs if before.holder is Holder.GUIDE]
    return max(brought, key=lambda pair: pair[1], default=None)


def _events(job: Delivery, guide: str) -> Iterator[tuple[datetime, str | None]]:
    """When the guide was where: at the counter (empty), at this customer, or with another guide (None)."""
    for parcel in job.parcels:
        for before, link in zip(parcel.chain, parcel.chain[1:], strict=False):
            if _is(link, guide):
                yield link.at, "" if before.holder is Holder.STORE else None
            elif _is(before, guide):
                yield link.at, _place(link, job)


def _is(link: Link, guide: str) -> bool:
    return link.holder is Holder.GUIDE and link.holder_id == guide


def _place(link: Link, job: Delivery) -> str | None:
    if link.holder is Holder.STORE:
        return ""
    return job.id if link.holder is Holder.CUSTOMER else None
