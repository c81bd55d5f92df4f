"""Counters join, say hello and are turned away: one-time codes, certificates, revocation."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from hub import allotting, copies, durability, revocations
from hub.admission import is_id
from hub.certificates import change_device, issue
from hub.core import Hub
from hub.feeds import floors, heads
from hub.holding import Sender
from hub.problems import HubProblem
from hub.tables import audit_anchor, device, enrol_code, state
from storeapp.adapters.signing import verify
from storeapp.adapters.transport_keys import TransportError
from storeapp.domain import crockford
from storeapp.domain.catalogue import Store
from storeapp.domain.certificate import (
    Certificate,
    MalformedCertificate,
    check_chain,
    parse,
)
from storeapp.domain.device import Device, DeviceCertified
from storeapp.domain.feeds import BRAND_FEED, feeds_of, store_feed
from storeapp.domain.token import EPOCH
from sync.protocol.messages import SCHEMA, EnrolReply, EnrolRequest, Hello, HelloReply

CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5
SELECTOR_LETTERS = 4
SECRET_LETTERS = 8
PUBLIC_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class EnrolledDevice:
    """A counter as the hub knows it."""

    id: str
    store: str
    public_key: bytes
    transport_key: bytes
    revoked: bool
    certificate: str
    signed_now: bool = True
    """Whether it says now what it says: an old signature may be a replay, or come from a dead clock."""

    @property
    def certificate_ends(self) -> datetime:
        """Until when its signature counts."""
        return _end(self.certificate)

    @property
    def sender(self) -> Sender:
        """It as the sender of commands."""
        return Sender(self.id, self.store, self.transport_key)


@lru_cache(maxsize=4096)
def _end(certificate: str) -> datetime:
    """To read one takes a tenth of what a poll without news takes, and it stays the same for years."""
    return parse(certificate).not_after


def check_store(hub: Hub, store: str) -> None:
    """Look whether a code would be for a store that there is; a hub that knows none learns of it from its counter.

    Raises:
        HubProblem: ``unknown_store``.
    """
    with hub.db.reading() as connection:
        known = connection.scalars(sa.select(state.c.id).where(state.c.kind == Store.KIND)).all()
    if not is_id(store) or (known and store not in known):
        raise HubProblem("unknown_store")


def new_code(hub: Hub, *, store: str) -> str:
    """A code that enrols one counter of a store, once, within ten minutes and five tries."""
    letters = SELECTOR_LETTERS + SECRET_LETTERS
    text = crockford.write(secrets.randbits(5 * letters), letters)
    row = {
        "selector": text[:SELECTOR_LETTERS],
        "verifier": _hashed(text),
        "store": store,
        "expires_at": (hub.now() + CODE_LIFETIME).isoformat(),
        "tries_left": CODE_TRIES,
        "used_by": None,
    }
    with hub.db.writing() as connection:
        hub.db.put(connection, enrol_code, [row])
    return "-".join(text[start : start + 4] for start in range(0, letters, 4))


def _hashed(text: str) -> bytes:
    return hashlib.sha256(b"cenrol/1|" + text.encode()).digest()


_FOUND = sa.select(
    device.c.id,
    device.c.store,
    device.c.public_key,
    device.c.transport_key,
    device.c.revoked_at.is_not(None),
    device.c.certificate,
).where(device.c.id == sa.bindparam("name"))
"""Made once, because each request asks it."""


def find(hub: Hub, device_id: str) -> EnrolledDevice | None:
    """The counter with this id."""
    with hub.db.reading() as connection:
        row = connection.execute(_FOUND, {"name": device_id}).first()
    return None if row is None else EnrolledDevice(row[0], row[1], row[2], row[3], bool(row[4]), row[5])


def enrol(hub: Hub, request: EnrolRequest) -> EnrolReply:
    """Make a counter one of the hub's; its signature on the request must have been checked.

    The same counter may enrol again with a new code, such as after a lost reply.

    Raises:
        HubProblem: ``enrol_code_wrong``, ``enrol_code_over``, ``device_taken`` or ``malformed_request``.
    """
    if not request.device or len(request.public_key) != PUBLIC_KEY_BYTES:
        raise HubProblem("malformed_request")
    store, repeated = _redeem(hub, request)
    if not _can_agree(hub, request):
        raise HubProblem("malformed_request")
    certificate = _certificate(hub, request, store=store)
    brands = tuple(dict.fromkeys((hub.identity.brand, *request.brands)))
    known = Device(request.device, store, request.name, certificate.text(), brands)
    with hub.db.writing() as connection:
        hub.db.lock_heads(connection, [BRAND_FEED, store_feed(store)])
        _check_free(connection, request)
        hub.db.put(connection, device, [_row(hub, request, known)])
        change_device(hub, connection, DeviceCertified(known.id, known))
        # Whoever asks once more has lost the reply, or somebody has kept the request: its share stays.
        rung = {BRAND_FEED, "" if repeated else allotting.returned(hub, connection, known.id)} - {""}
    hub.bell.ring(rung)
    return EnrolReply(
        device=known.id,
        store=store,
        brand=hub.identity.brand,
        certificate=known.certificate,
        root_certificate=hub.identity.root_certificate,
        transport_key=hub.identity.transport.public,
        epoch=hub.identity.epoch,
        feeds=feeds_of(store),
        time=hub.now(),
    )


def _can_agree(hub: Hub, request: EnrolRequest) -> bool:
    """Whether keys can be wrapped for it: some points of the curve agree with nobody on anything."""
    try:
        hub.identity.transport.channel(request.transport_key)
    except TransportError:
        return False
    return True


def _redeem(hub: Hub, request: EnrolRequest) -> tuple[str, bool]:
    """The store of a code, which is used up by that, and whether it was before; a wrong one costs a try, kept."""
    text = crockford.tidy(request.code) or ""
    with hub.db.writing() as connection:
        found = connection.execute(
            sa.select(enrol_code).where(enrol_code.c.selector == text[:SELECTOR_LETTERS]).with_for_update()
        ).first()
        problem = _code_problem(hub, found, text, request.device)
        if found is not None:
            change = {"tries_left": found.tries_left - 1} if problem else {"used_by": request.device}
            connection.execute(sa.update(enrol_code).where(enrol_code.c.selector == found.selector).values(**change))
    if problem or found is None:
        raise HubProblem(problem or "enrol_code_wrong")
    return str(found.store), found.used_by is not None


def _code_problem(hub: Hub, found: Any, text: str, device_id: str) -> str:
    if found is None:
        return "enrol_code_wrong"
    over = datetime.fromisoformat(found.expires_at) <= hub.now() or found.tries_left <= 0
    # Who lost the reply may ask once more with the same code.
    if over or found.used_by not in {None, device_id}:
        return "enrol_code_over"
    return "" if hmac.compare_digest(found.verifier, _hashed(text)) else "enrol_code_wrong"


def _check_free(connection: sa.Connection, request: EnrolRequest) -> None:
    taken = sa.select(device.c.id).where(
        sa.or_(
            sa.and_(device.c.id == request.device, device.c.public_key != request.public_key),
            sa.and_(device.c.id != request.device, device.c.public_key == request.public_key),
            sa.and_(device.c.id == request.device, device.c.revoked_at.is_not(None)),
        )
    )
    if connection.execute(taken).first() is not None:
        raise HubProblem("device_taken")


def _certificate(hub: Hub, request: EnrolRequest, *, store: str) -> Certificate:
    not_before = _signs_since(hub, request, hub.now().replace(microsecond=0))
    return issue(hub, device_id=request.device, store=store, public_key=request.public_key, not_before=not_before)


def _signs_since(hub: Hub, request: EnrolRequest, now: datetime) -> datetime:
    """From when on the counter's papers are good: those it printed while it stood alone stay valid everywhere.

    A demo plays a day of the past, so its papers are older than its hub.
    """
    if hub.demo:
        return EPOCH
    yesterday = now - timedelta(days=1)
    if not request.root_certificate:
        return yesterday
    try:
        root = parse(request.root_certificate)
    except MalformedCertificate as error:
        raise HubProblem("malformed_request") from error
    chain_problem = check_chain([root], root_public_key=request.public_key, verify=verify, at=None)
    return yesterday if chain_problem else min(yesterday, root.not_before)


def _row(hub: Hub, request: EnrolRequest, known: Device) -> dict[str, Any]:
    return {
        "id": known.id,
        "store": known.store,
        "name": known.name,
        "public_key": request.public_key,
        "transport_key": request.transport_key,
        "certificate": known.certificate,
        "enrolled_at": hub.now().isoformat(),
        "seen_at": None,
        "revoked_at": None,
    }


def hello(hub: Hub, known: EnrolledDevice, message: Hello) -> HelloReply:
    """Tell a counter what the hub has of it, and keep the end of its audit chain.

    An old signature gets the answer, so that a counter with a dead clock finds out, and does nothing else: whoever
    has kept a hello must not renew a share with it.

    Raises:
        HubProblem: ``counter_newer`` where this program would misread what the counter sends; it waits for our update.
    """
    if message.schema > SCHEMA:
        raise HubProblem("counter_newer", found=message.schema, known=SCHEMA)
    now = hub.now()
    rung: set[str] = set()
    with hub.db.writing() as connection:
        if revocations.heard(hub, connection, message.revocations, store=known.store):
            rung.add(BRAND_FEED)
        numbered = durability.numbers(connection, known.id, message.incarnation)
        if known.signed_now and _heard(hub, connection, known, message, numbered):
            rung.add(store_feed(known.store))
        last, durable = numbered or (0, 0)
        numbers = heads(connection, feeds_of(known.store))
        below = floors(connection, feeds_of(known.store))
        revoked = revocations.current(hub, connection)
    hub.bell.ring(rung)
    return HelloReply(
        last,
        durable,
        hub.identity.epoch,
        numbers,
        now,
        certificate_ends=known.certificate_ends,
        revocations=revoked,
        floors=below,
        revoked=known.revoked,
        late=not known.signed_now,
        boxes=True,
    )


def _heard(
    hub: Hub, connection: sa.Connection, known: EnrolledDevice, message: Hello, numbered: durability.Numbers | None
) -> bool:
    """Believe what a counter says of itself now; whether its store's feed has changed by that."""
    changed = numbered is None and copies.report(hub, connection, known.sender, message.incarnation)
    last = numbered.last if numbered else 0
    if message.shares is not None and last == message.last_seq and not known.revoked:
        caller = allotting.caller(hub, store=known.store, device_id=known.id, incarnation=message.incarnation)
        changed |= allotting.heard(hub, connection, caller, message)
    now = hub.now().isoformat()
    # After the feed's head: whoever turns this counter away takes both in the same order.
    connection.execute(sa.update(device).where(device.c.id == known.id).values(seen_at=now))
    if message.audit is not None:
        anchor = {"device": known.id, "n": message.audit.n, "hash": message.audit.hash, "at": now}
        hub.db.add(connection, audit_anchor, [anchor])
    return changed
