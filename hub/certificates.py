"""Certificates of counters: made at enrolment, renewed with overlap, and told to all counters of the brand."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec.structs import replace

from hub.core import Hub
from hub.problems import HubProblem
from hub.states import States, write
from hub.tables import device
from storeapp.domain.certificate import Certificate, CertificateKind, certify, parse
from storeapp.domain.device import Device, DeviceCertified
from storeapp.domain.feeds import BRAND_FEED
from storeapp.domain.kernel import Event
from storeapp.domain.workspace import Workspace

CERTIFICATE_DAYS = 400
RENEWABLE = timedelta(days=365)
"""How long after its end a certificate can still be renewed by the key it is for."""
NEW_FOR = timedelta(days=CERTIFICATE_DAYS - 1)
"""A certificate that ends later than this from now is as good as a new one."""


def issue(hub: Hub, *, device_id: str, store: str, public_key: bytes, not_before: datetime) -> Certificate:
    """A certificate from a moment on, good for the coming 400 days."""
    unsigned = Certificate(
        kind=CertificateKind.DEVICE,
        device=device_id,
        store=store,
        public_key=public_key,
        not_before=not_before,
        not_after=hub.now().replace(microsecond=0) + timedelta(days=CERTIFICATE_DAYS),
        issuer_key_id=hub.identity.key.key_id,
    )
    return certify(unsigned, hub.identity.key.sign)


def renew(hub: Hub, device_id: str) -> str:
    """A new certificate for the same key; it begins where the old one did, so no paper falls between the two.

    Raises:
        HubProblem: ``renewal_over``: it ended more than a year ago, and only a new code helps.
    """
    certificate = sa.select(device.c.certificate).where(device.c.id == device_id)
    with hub.db.reading() as connection:
        text = str(connection.scalar(certificate))
    if not _is_due(hub, parse(text)):
        # A reply that was lost, or somebody who asks for ever: nobody needs to be told once more.
        return text
    with hub.db.writing() as connection:
        hub.db.lock_heads(connection, [BRAND_FEED])
        text = str(connection.scalar(certificate.with_for_update()))
        old = parse(text)
        if not _is_due(hub, old):
            return text
        new = issue(
            hub, device_id=device_id, store=old.store, public_key=old.public_key, not_before=old.not_before
        ).text()
        connection.execute(sa.update(device).where(device.c.id == device_id).values(certificate=new))
        known = States(hub.db, connection, store="").get(Device, device_id)
        if known is not None:
            change_device(hub, connection, DeviceCertified(device_id, replace(known, certificate=new)))
    hub.bell.ring([BRAND_FEED])
    return new


def _is_due(hub: Hub, old: Certificate) -> bool:
    """Whether a new certificate would be good for longer; `HubProblem` where none is given any more."""
    if hub.now() >= old.not_after + RENEWABLE:
        raise HubProblem("renewal_over")
    return old.not_after - hub.now() <= NEW_FOR


def change_device(hub: Hub, connection: sa.Connection, event: Event) -> None:
    """Tell all counters of the brand about a counter."""
    locked = hub.db.lock_heads(connection, [BRAND_FEED])
    states = States(hub.db, connection, store="")
    work = Workspace(states)
    work.replay([event])
    write(hub.db, connection, states.changes(work.dirty), locked)
