"""The guides of a store on one day, and entering, changing or ending one."""

from datetime import date, timedelta

from msgspec.structs import replace

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.people import Guide, Shift, shift_id, shift_window
from storeapp.domain.rules.people import RegisterGuide, RevokeBadge
from storeapp.domain.statement import Statement, statement_id
from storeapp.services.counter import Actor, Counter
from storeapp.services.rows import GuideRow
from storeapp.store import lists

Result = tuple[Event, ...] | Refusal
_OUT = (DeliveryState.IN_CUSTODY, DeliveryState.FAILED, DeliveryState.RETURNING, DeliveryState.PARTLY_DELIVERED)


def guide_rows(counter: Counter, day: date | None = None) -> list[GuideRow]:
    """The guides of this store, those on shift now first."""
    now = counter.clock.now()
    day = day or store_day(now)
    load = lists.load_by_guide(counter.cache.db)
    rows = [_row(counter, guide, day, load) for guide in counter.cache.every(Guide) if guide.store == counter.store]
    return sorted(rows, key=lambda row: (not row.active, not row.on_shift, row.id))


def _row(counter: Counter, guide: Guide, day: date, load: dict[tuple[str, str], int]) -> GuideRow:
    window = shift_window(guide, counter.cache.get(Shift, shift_id(guide.id, day)), day)
    statement = counter.cache.get(Statement, statement_id(guide.id, day))
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
        delivered=len(statement.earnings) if statement else 0,
        earnings_fen=statement.total_fen if statement else 0,
        badge_until=store_day(badge.issued_at + timedelta(days=badge.days)) if badge else None,
        badge_serial=badge.serial if badge else None,
    )


def register(counter: Counter, actor: Actor, guide: Guide) -> Result:
    """Enter a guide or change the data; the sealed home stays where none is given.

    Refusals: ``bad_guide``.
    """
    if not guide.id.strip() or not guide.name.strip() or guide.max_parcels < 0 or guide.max_weight_g < 0:
        return Refusal("bad_guide")
    with counter.transaction(actor) as tx:
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
