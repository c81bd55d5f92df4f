"""Prints with consequences: a parcel's slip, a guide's badge, and the run sheet of what a guide carries."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from storeapp.domain.catalogue import Store
from storeapp.domain.delivery import Delivery, DeliveryState, Holder, Parcel, Slip
from storeapp.domain.incoming import Person
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.order import Order
from storeapp.domain.paper import (
    BadgeContent,
    GuideLabel,
    MaskedRecipient,
    PaperLine,
    RunSheetContent,
    SlipContent,
    Stop,
)
from storeapp.domain.people import Badge, Guide
from storeapp.domain.rules.deliveries import IssueSlip
from storeapp.domain.rules.people import MAX_SERIAL, IssueBadge
from storeapp.domain.short_code import short_code
from storeapp.domain.token import EPOCH, LATEST, BadgeToken, SlipToken, Token, issue, link, whole_minute
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.home import device_key
from storeapp.services.lending import guide_here
from storeapp.services.queries import line_rows, masked
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

HUB = "hub"
"""The name in the counter's identity of the hub's address, whose host stands in a QR code's link."""
REVEALED = "person.revealed"
OUT = (
    DeliveryState.IN_CUSTODY,
    DeliveryState.PARTLY_DELIVERED,
    DeliveryState.FAILED,
    DeliveryState.RETURNING,
)


@dataclass(frozen=True, slots=True)
class SlipPaper:
    """A slip that was issued: its token's digits, what its QR code holds, and what stands on it."""

    delivery_id: str
    parcel: int
    token: str
    qr_text: str
    short_code: str
    content: SlipContent


@dataclass(frozen=True, slots=True)
class BadgePaper:
    """A badge that was issued, like a slip."""

    guide: str
    token: str
    qr_text: str
    short_code: str
    content: BadgeContent


def issue_slip(
    counter: Counter,
    actor: Actor,
    delivery_id: str,
    parcel: int = 1,
    *,
    paint: Callable[[SlipPaper], None] | None = None,
) -> SlipPaper | Refusal:
    """Issue a parcel's slip; each issue voids the one before.

    ``paint`` makes the paper before anything is saved: where it raises, the slip of before stays valid.

    Refusals: ``unknown_delivery``, ``unknown_parcel``, ``not_in_store``, ``too_many_reprints``, ``clock_in_doubt``.

    Raises:
        StoreError: nothing was issued.
    """
    key = device_key(counter)
    with counter.transaction(actor) as tx:
        if not writable(tx.now):
            return Refusal("clock_in_doubt")
        done = tx.run(IssueSlip(delivery_id, parcel, key.key_id.hex(), _lifetime(counter.policy.slip_hours)))
        if isinstance(done, Refusal):
            return done
        delivery, slip = _issued(tx, delivery_id, parcel)
        tx.printed("slip", f"{delivery_id}/{parcel}", slip.reprint)
        digits = _signed(counter, _slip_token(slip))
        code = short_code(bytes.fromhex(slip.slip_id))
        qr_text = _qr_text(counter, digits)
        content = _slip_content(counter, tx, delivery, slip, qr_text=qr_text, code=code)
        paper = SlipPaper(delivery_id, parcel, digits, qr_text, code, content)
        if paint is not None:
            paint(paper)
        return paper


def writable(now: datetime) -> bool:
    """Whether a token can say this time; a clock without its battery often shows one long gone."""
    return EPOCH <= now < LATEST


def _lifetime(count: int) -> int:
    """A policy's hours or days as far as a token can say them."""
    return max(1, min(count, 255))


def _issued(tx: Transaction, delivery_id: str, parcel: int) -> tuple[Delivery, Slip]:
    delivery = tx.get(Delivery, delivery_id)
    found = delivery.parcel(parcel) if delivery else None
    if delivery is None or found is None or found.slip is None:
        raise LookupError("an issued slip is not on record")
    return delivery, found.slip


def _slip_token(slip: Slip) -> SlipToken:
    return SlipToken(
        key_id=bytes.fromhex(slip.key_id),
        slip_id=bytes.fromhex(slip.slip_id),
        reprint=slip.reprint,
        issued_at=whole_minute(slip.issued_at),
        ttl_hours=slip.hours,
    )


def _signed(counter: Counter, token: Token) -> str:
    return issue(token, brand_id=counter.identity.get("brand", ""), sign=device_key(counter).sign)


def _qr_text(counter: Counter, digits: str) -> str:
    host = urlsplit(counter.identity.get(HUB, "")).netloc
    return link(host, digits) if host else digits


def _slip_content(
    counter: Counter, tx: Transaction, delivery: Delivery, slip: Slip, *, qr_text: str, code: str
) -> SlipContent:
    order = _order(tx, delivery)
    return SlipContent(
        store_name=_store_name(counter),
        order_no=order.order_no,
        platform=order.platform,
        mode=delivery.mode,
        window=delivery.window,
        lines=paper_lines(counter, order),
        recipient=recipient(counter, order),
        has_note=_has_note(counter, order),
        guide=guide_label(guide_here(tx, delivery.guide, counter.store), delivery.guide),
        reprint_no=slip.reprint,
        printed_at=slip.issued_at,
        qr_text=qr_text,
        short_code=code,
        weight_g=delivery.weight_g or None,
    )


def _order(tx: Transaction, delivery: Delivery) -> Order:
    order = tx.get(Order, delivery.order_id)
    if order is None:
        raise LookupError("a delivery without its order")
    return order


def paper_lines(counter: Counter, order: Order) -> tuple[PaperLine, ...]:
    """An order's articles as papers name them, each with its place on the shelf."""
    return tuple(PaperLine(row.name, row.sku, row.quantity, row.bin) for row in line_rows(counter, order))


def recipient(counter: Counter, order: Order) -> MaskedRecipient:
    """The customer, masked; empty where the person is forgotten or the keys are closed."""
    person = masked(counter.privacy.person(order.id, order.sealed))
    return MaskedRecipient(person.name, person.phone, person.address)


def _has_note(counter: Counter, order: Order) -> bool:
    person = counter.privacy.person(order.id, order.sealed)
    return bool(person and person.note)


def guide_label(guide: Guide | None, code: str) -> GuideLabel | None:
    """A guide as papers name one; None where nobody is meant."""
    return GuideLabel(code, guide.name if guide else code) if code else None


def _store_name(counter: Counter) -> str:
    store = counter.cache.get(Store, counter.store)
    return store.name if store else counter.store


def issue_badge(
    counter: Counter, actor: Actor, guide: str, *, paint: Callable[[BadgePaper], None] | None = None
) -> BadgePaper | Refusal:
    """Issue a guide's badge; the next serial voids the one before. ``paint`` is as for a slip.

    Refusals: ``unknown_guide``, ``clock_in_doubt``.
    """
    with counter.transaction(actor) as tx:
        if not writable(tx.now):
            return Refusal("clock_in_doubt")
        known = tx.get(Guide, guide)
        done = tx.run(IssueBadge(guide, _badge_id(known), _lifetime(counter.policy.badge_days)))
        if isinstance(done, Refusal):
            return done
        holder = tx.get(Guide, guide)
        if holder is None or holder.badge is None:
            raise LookupError("an issued badge is not on record")
        tx.printed("badge", guide, holder.badge.serial)
        paper = _badge_paper(counter, holder, holder.badge)
        if paint is not None:
            paint(paper)
        return paper


def _badge_id(guide: Guide | None) -> str:
    """The badge that the guide had last, also after it was revoked, so that its older prints stay void."""
    usable = [badge_id for badge_id, serial in guide.serials if serial < MAX_SERIAL] if guide else []
    return usable[-1] if usable else secrets.token_hex(8)


def _badge_paper(counter: Counter, guide: Guide, badge: Badge) -> BadgePaper:
    badge_id = bytes.fromhex(badge.badge_id)
    token = BadgeToken(
        key_id=device_key(counter).key_id,
        badge_id=badge_id,
        serial=badge.serial,
        issued_at=whole_minute(badge.issued_at),
        valid_days=badge.days,
    )
    digits = _signed(counter, token)
    qr_text, code = _qr_text(counter, digits), short_code(badge_id)
    content = BadgeContent(
        guide=GuideLabel(guide.id, guide.name),
        store_name=_store_name(counter),
        valid_until=store_day(token.expires_at - timedelta(minutes=1)),
        qr_text=qr_text,
        short_code=code,
    )
    return BadgePaper(guide.id, digits, qr_text, code, content)


def run_sheet(counter: Counter, actor: Actor, guide: str) -> RunSheetContent | Refusal:
    """What a guide in custody needs, in the order of the run; each customer shown is noted in the audit chain.

    Refusals: ``unknown_guide``, ``nothing_in_custody``.
    """
    with counter.transaction(actor) as tx:
        known = guide_here(tx, guide, counter.store)
        if known is None:
            return Refusal("unknown_guide", {"guide": guide})
        carried = carried_by(counter, guide)
        if not carried:
            return Refusal("nothing_in_custody", {"guide": guide})
        stops = tuple(_stop(counter, tx, delivery) for delivery in carried)
        tx.printed("run_sheet", guide, 0)
        return RunSheetContent(GuideLabel(guide, known.name), _store_name(counter), tx.now, stops)


def carried_by(counter: Counter, guide: str) -> list[Delivery]:
    """The deliveries of which a guide holds a parcel, by arrival, then by promise."""
    ids = lists.delivery_ids(counter.cache.db, OrderFilter(states=OUT), hashes=())
    held = [d for d in counter.cache.many(Delivery, ids).values() if any(_holds(guide, p) for p in d.parcels)]
    return sorted(held, key=_run_order)


def _holds(guide: str, parcel: Parcel) -> bool:
    return parcel.custodian.holder is Holder.GUIDE and parcel.custodian.holder_id == guide


def _run_order(delivery: Delivery) -> tuple[datetime, datetime, str]:
    return delivery.eta or delivery.window.end, delivery.window.end, delivery.id


def _stop(counter: Counter, tx: Transaction, delivery: Delivery) -> Stop:
    order = _order(tx, delivery)
    person = counter.privacy.person(order.id, order.sealed)
    if person is not None:
        tx.audit(REVEALED, order.id)
    code = counter.privacy.pickup_code(order)
    shown = person or Person()
    return Stop(
        order_no=order.order_no,
        name=shown.name,
        phone="-".join(part for part in (shown.phone, shown.phone_extension) if part),
        address=shown.address,
        note=shown.note,
        window=delivery.window,
        pieces=delivery.pieces,
        code_digits=len(code or ""),
    )
