"""Makes a counter part of a hub without losing or doubling anything, or turns a new home into a counter of it.

The device keeps its key, so printed slips and badges stay valid. Everything saved so far is offered to the hub,
from the first command on, and shown as unconfirmed until it has answered.
"""

import secrets
from dataclasses import dataclass
from typing import ClassVar

from storeapp.adapters.signing import verify
from storeapp.domain.certificate import Certificate, MalformedCertificate, check_chain, parse
from storeapp.domain.revocation import MalformedList, RevocationList
from storeapp.domain.revocation import parse as parse_list
from storeapp.services.counter import SYSTEM, Counter
from storeapp.services.home import device_key, transport_key
from storeapp.services.resting import note_needs
from storeapp.store.readings import FORMER, FORMER_LAST

ENROLLED = "device.enrolled"
"""The action in the audit chain."""


class EnrolmentFailed(Exception):
    """The hub's answer is not for this counter; nothing was changed.

    Codes: ``enrolled_already``, ``other_store``, ``other_hub``, ``answer_not_for_us``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Offer:
    """What a counter tells a hub about itself."""

    device: str
    public_key: bytes
    transport_key: bytes
    root_certificate: str
    brands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the hub makes of it; ``url`` is where the hub was reached."""

    url: str
    device: str
    store: str
    brand: str
    certificate: str
    root_certificate: str
    transport_key: bytes


class Names:
    """What an enrolled counter notes in its identity."""

    HUB: ClassVar[str] = "hub"
    AUTHORITY: ClassVar[str] = "authority"
    BRANDS: ClassVar[str] = "brands"
    """Every brand id under which it has ever signed, with blanks between."""
    DEVICE_CERTIFICATE: ClassVar[str] = "device_certificate"
    HUB_ROOT: ClassVar[str] = "hub_root_certificate"
    HUB_TRANSPORT: ClassVar[str] = "hub_transport_key"
    REVOCATIONS: ClassVar[str] = "revocations"
    """The newest signed list of counters that were turned away."""
    OFFERED: ClassVar[str] = "offered_revoked"
    """The last command that this counter, itself turned away, has offered before it forgot everybody."""
    INCARNATION: ClassVar[str] = "incarnation"
    SEQ_BASE: ClassVar[str] = "seq_base"
    EPOCH: ClassVar[str] = "hub_epoch"
    """Of the hub that this counter has agreed on numbers with; another one says that the hub was restored since."""
    FORGOTTEN: ClassVar[str] = "hub_forgot"
    """Noted where the hub no longer knows this counter, because it was restored from a backup of before."""
    OUTLIVED: ClassVar[str] = "hub_outlived"
    """Noted where the hub knows this counter, and takes its certificate no more, however renewed."""
    DURABLE: ClassVar[str] = "durable"
    """The last command that a verified backup of the hub covers."""
    FORMER: ClassVar[str] = FORMER
    FORMER_LAST: ClassVar[str] = FORMER_LAST


def must_rejoin(counter: Counter) -> bool:
    """Whether it belongs to a hub under a name whose key is gone, such as after a restore without keys."""
    return counter.enrolled and parse(counter.identity[Names.DEVICE_CERTIFICATE]).device != counter.device


def may_join(counter: Counter) -> bool:
    """Whether a code of the hub has a use: no hub is known yet, or the hub and this counter have lost each other."""
    return not counter.enrolled or must_rejoin(counter) or not counter.identity.keys().isdisjoint(_LOST)


_LOST = (Names.FORGOTTEN, Names.OUTLIVED)


def was_forgotten(counter: Counter) -> None:
    """Note that the hub does not know this counter; a new code makes it known again."""
    _note(counter, Names.FORGOTTEN)


def has_outlived(counter: Counter) -> None:
    """Note that this counter's certificate is over for good; a new code brings another one."""
    _note(counter, Names.OUTLIVED)


def _note(counter: Counter, name: str) -> None:
    if name not in counter.identity:
        with counter.journal.writing():
            counter.journal.identify(**{name: "1"})
        counter.reload()


def offer(counter: Counter) -> Offer:
    """What to send; a new home gets its device id here, so that a lost reply can be asked for again.

    Raises:
        EnrolmentFailed: ``enrolled_already``.
    """
    if not may_join(counter):
        raise EnrolmentFailed("enrolled_already")
    if not counter.device:
        with counter.journal.writing():
            counter.journal.identify(device=f"dev-{secrets.token_hex(6)}")
        counter.reload()
    identity = counter.identity
    return Offer(
        device=counter.device,
        public_key=device_key(counter).public,
        transport_key=transport_key(counter).public,
        root_certificate=identity.get("root_certificate", ""),
        brands=_brands(identity),
    )


def _brands(identity: dict[str, str]) -> tuple[str, ...]:
    signed = identity.get(Names.BRANDS, "").split()
    return tuple(dict.fromkeys([*signed, *identity.get("brand", "").split()]))


def accept(counter: Counter, answer: Answer) -> None:
    """Become what the hub says; from now on it decides.

    A counter that has lost its key keeps what the hub has answered, and numbers the rest from 1 under its new name.
    One that the hub has lost offers everything again: nobody knows how much the hub has lost with it. One whose
    certificate was over goes on where it was: its hub has lost nothing, but may no longer know what it has answered.

    Raises:
        EnrolmentFailed: the answer is for another store or another key, or of another hub than before.
    """
    root = _checked_root(counter, answer)
    brands = (*_brands(counter.identity), answer.brand)
    if counter.enrolled and not must_rejoin(counter) and Names.FORGOTTEN not in counter.identity:
        _go_on(counter, answer)
        return
    with counter.journal.writing():
        if counter.enrolled and not must_rejoin(counter):
            counter.journal.reopen(after=0)
        answered = counter.journal.last_answered() if counter.enrolled else 0
        counter.journal.identify(
            **{
                "store": answer.store,
                "device": answer.device,
                "brand": answer.brand,
                Names.HUB: answer.url,
                Names.AUTHORITY: root.key_id.hex(),
                Names.BRANDS: " ".join(dict.fromkeys(brands)),
                Names.DEVICE_CERTIFICATE: answer.certificate,
                Names.HUB_ROOT: answer.root_certificate,
                Names.HUB_TRANSPORT: answer.transport_key.hex(),
                Names.INCARNATION: secrets.token_hex(6),
                Names.SEQ_BASE: str(answered),
            }
        )
        counter.journal.forget_identity(*_LOST, Names.EPOCH)
        note_needs(counter.journal)
        counter.journal.enrol()
        counter.journal.audit(at=counter.clock.now(), actor=SYSTEM.id, action=ENROLLED, subject=answer.device)
    counter.reload()
    counter.catch_up()


def _go_on(counter: Counter, answer: Answer) -> None:
    """Take a new certificate of the same hub for the same name, and nothing else but where it was reached."""
    with counter.journal.writing():
        counter.journal.identify(**{Names.HUB: answer.url, Names.DEVICE_CERTIFICATE: answer.certificate})
        counter.journal.forget_identity(*_LOST)
        counter.journal.audit(at=counter.clock.now(), actor=SYSTEM.id, action=ENROLLED, subject=answer.device)
    counter.reload()


def renewed(counter: Counter, certificate: str) -> None:
    """Keep a certificate that the hub has renewed.

    Raises:
        EnrolmentFailed: ``answer_not_for_us``.
    """
    try:
        mine, root = parse(certificate), parse(counter.identity[Names.HUB_ROOT])
    except MalformedCertificate as error:
        raise EnrolmentFailed("answer_not_for_us") from error
    problem = check_chain([mine, root], root_public_key=root.public_key, verify=verify, at=None)
    ours = (mine.public_key, mine.device, mine.store) == (device_key(counter).public, counter.device, counter.store)
    if problem is not None or not ours:
        raise EnrolmentFailed("answer_not_for_us")
    with counter.journal.writing():
        counter.journal.identify(**{Names.DEVICE_CERTIFICATE: certificate})
    counter.reload()


def heard_revocations(counter: Counter, text: str) -> bool:
    """Keep a newer list of counters that were turned away.

    Returns:
        False where it is older than the one that is known, or not signed by the brand; then that one stays.
    """
    if not text or text == counter.identity.get(Names.REVOCATIONS, ""):
        return True
    known = revoked_since(counter)
    try:
        theirs, root = parse_list(text), parse(counter.identity[Names.HUB_ROOT])
    except (MalformedList, MalformedCertificate):
        return False
    genuine = theirs.holds(root_public_key=root.public_key, verify=verify)
    if not genuine or (known is not None and theirs.number <= known.number):
        return False
    with counter.journal.writing():
        counter.journal.identify(**{Names.REVOCATIONS: text})
    counter.reload()
    return True


def revoked_since(counter: Counter) -> RevocationList | None:
    """The newest list that this counter has believed."""
    text = counter.identity.get(Names.REVOCATIONS, "")
    return parse_list(text) if text else None


def _checked_root(counter: Counter, answer: Answer) -> Certificate:
    if counter.identity.get("store", answer.store) != answer.store:
        raise EnrolmentFailed("other_store")
    try:
        mine, root = parse(answer.certificate), parse(answer.root_certificate)
    except MalformedCertificate as error:
        raise EnrolmentFailed("answer_not_for_us") from error
    ours = (mine.public_key, mine.device, mine.store) == (device_key(counter).public, counter.device, answer.store)
    problem = check_chain([mine, root], root_public_key=root.public_key, verify=verify, at=None)
    if problem is not None or not ours or answer.device != counter.device:
        raise EnrolmentFailed("answer_not_for_us")
    if counter.identity.get(Names.AUTHORITY, root.key_id.hex()) != root.key_id.hex():
        raise EnrolmentFailed("other_hub")
    return root
