"""The guides of a store on one day, and entering, changing or ending one."""

import dataclasses
from datetime import date, timedelta

from msgspec.structs import replace

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.lending import LentGuide, as_guest, lent_id
from storeapp.domain.moment import store_day
from storeapp.domain.people import Guide
from storeapp.domain.rules.people import RegisterGuide, RevokeBadge
from storeapp.services.counter import Actor, Counter
from storeapp.services.lending import guests_on, hours_on, loans_on, statement_of
from storeapp.services.rows import GuideRow
from storeapp.store import lists

Result = tuple[Event, ...] | Refusal
_OUT = (DeliveryState.IN_CUSTODY, DeliveryState.FAILED, DeliveryState.RETURNING, DeliveryState.PARTLY_DELIVERED)


def guide_rows(counter: Counter, day: date | None = None) -> list[GuideRow]:
    """The guides of this store, those on shift now first."""
    now = counter.clock.now()
    day = day or store_day(now)
    load = lists.load_by_guide(counter.cache.db)
    own = [guide for guide in counter.cache.every(Guide) if guide.store == counter.store]
    rows = [_row(counter, guide, day, load) for guide in own]
    others = [(_row(counter, as_guest(lent), day, load), lent.guide.store) for lent in guests_on(counter, day)]
    rows += [dataclasses.replace(row, guest_of=store) for row, store in others]
    return sorted(rows, key=lambda row: (not row.active, not row.on_shift, row.id))


def _row(counter: Counter, guide: Guide, day: date, load: dict[tuple[str, str], int]) -> GuideRow:
    window = hours_on(counter, guide, day)
    statement = statement_of(counter, guide.id, day)
    badge = guide.badge
    return GuideRow(
        id=guide.id,
        name=guide.name,
        mode=guide.mode,
        active=guide.active,
        window=window,
        on_shift=window is not None and window.contains(counter.clock.now()),
        max_parcels=guide.max_parcels,
        max_weight_g=guide.max_weight_g,
        certificates=guide.certificates,
        assigned=load.get((guide.id, DeliveryState.ASSIGNED), 0),
        in_custody=sum(load.get((guide.id, state), 0) for state in _OUT),
        delivered=len(statement.lines) if statement else 0,
        earnings_fen=statement.total_fen if statement else 0,
        badge_until=store_day(badge.issued_at + timedelta(days=badge.days)) if badge else None,
        badge_serial=badge.serial if badge else None,
        away=loans_on(counter, guide.id, day),
    )


def register(counter: Counter, actor: Actor, guide: Guide) -> Result:
    """Enter a guide or change the data; the sealed home stays where none is given.

    Refusals: ``bad_guide``, ``guide_of_other_store``.
    """
    if not guide.id.strip() or not guide.name.strip() or guide.max_parcels < 0 or guide.max_weight_g < 0:
        return Refusal("bad_guide")
    with counter.transaction(actor) as tx:
        lent = tx.get(LentGuide, lent_id(guide.id, counter.store))
        if lent is not None and tx.get(Guide, guide.id) is None:
            return Refusal("guide_of_other_store", {"guide": guide.id, "store": lent.guide.store})
        known = tx.get(Guide, guide.id)
        kept = replace(
            guide, store=counter.store, sealed_home=guide.sealed_home or (known.sealed_home if known else "")
        )
        return tx.run(RegisterGuide(kept))


def revoke_badge(counter: Counter, actor: Actor, guide: str) -> Result:
    """No badge of the guide is valid any more.

    Refusals: ``unknown_guide``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(RevokeBadge(guide))
