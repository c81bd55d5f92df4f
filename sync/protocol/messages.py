"""The messages on the wire as msgspec structs; field order is the order in the JSON.

Unknown fields are ignored, so that a newer side may add some. Bodies of commands and rows are carried as the
very bytes that were written first, never decoded and encoded again on the way. ``gc=False`` as in
`storeapp.domain.kernel`.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec

SCHEMA = 1
"""Rises when commands or rows change so that an older program would misread them."""

MAX_BATCH_COMMANDS = 2000
MAX_BATCH_BYTES = 2_000_000
MAX_PAGE_ROWS = 4000
"""Asking, signing and answering take either side as long as hundreds of rows do."""

MAX_WAIT_S = 30
MAX_SEEN_SHELVES = 1000
MAX_NEEDS = 100
MAX_BATCH_KEYS = 2 * MAX_BATCH_COMMANDS
"""No command rests on so many, and none seals more than one record."""

ENROL = "/v1/devices/enrol"
HELLO = "/v1/devices/{device}/hello"
RENEW = "/v1/devices/{device}/renew"
COMMANDS = "/v1/commands"
CHANGES = "/v1/feeds/{feed}/changes"
SNAPSHOT = "/v1/feeds/{feed}/snapshot"

UPTO, LAST = "Feed-Upto", "Feed-Last"
"""Headers of a page that tell ``to`` and ``last`` before it is read, so that the next one can be asked for."""

NDJSON = "application/x-ndjson"
PROBLEM = "application/problem+json"


_NAME = r"\A[!-~]*\Z"
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=_NAME)]
"""What a program has named: visible ASCII."""
OneOfManyIds = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra_json_schema={"pattern": _NAME})]
"""The same, unchecked: `are_ids` looks at a whole batch at once; a pattern takes a third of reading each command."""

Seq = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class ResultStatus(StrEnum):
    """What the hub did with a command."""

    APPLIED = "applied"
    REPLAYED = "replayed"
    """It had been applied before; the first reply was lost."""
    REFUSED = "refused"
    PARKED = "parked"
    """The hub could not decide it; people of the hub will, and later commands go on."""


class Problem(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """RFC 9457; ``code`` is stable, ``data`` is what its words need. Only screens turn it into words."""

    code: str
    status: int
    title: str = ""
    type: str = ""
    data: dict[str, str | int] = {}


class WireKey(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An order key wrapped for the other side of this request, and bound to its subject and key id."""

    subject: str
    key_id: bytes
    wrapped: bytes


class WireBox(msgspec.Struct, frozen=True, gc=False):
    """The keys of these subjects, one after the other, wrapped together for the other side of this request."""

    subjects: Annotated[list[str], msgspec.Meta(max_length=MAX_BATCH_KEYS)]
    wrapped: bytes


class WireCommand(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One command. ``seq`` counts this device's commands in this incarnation from 1; ``id`` is its UUID for ever.

    ``needs`` names commands without which it makes no sense: it is refused when one of them was. ``former`` is the
    incarnation in which it was made, where another one has begun since: what it promised came out of the share of that.
    """

    seq: Seq
    id: OneOfManyIds
    kind: str
    at: datetime
    actor: str
    role: str
    store: str
    body: msgspec.Raw
    simulated: bool = False
    needs: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MAX_NEEDS)] = ()
    former: str = ""


class CommandBatch(msgspec.Struct, frozen=True, gc=False):
    """Commands in the device's order without a hole, with the keys of the sealed records in them.

    ``keys`` is a box for a hub that has said `HelloReply.boxes`. One that knows no boxes refuses such a batch, so that
    it takes no commands without their keys.
    """

    incarnation: Id
    commands: list[WireCommand]
    keys: Annotated[list[WireKey], msgspec.Meta(max_length=MAX_BATCH_KEYS)] | WireBox = []


class Result(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of one command; its effect is in ``feed`` as far as ``feed_seq``."""

    seq: int
    id: str
    status: ResultStatus
    feed: str = ""
    feed_seq: Count = 0
    problem: Problem | None = None


class BatchReply(msgspec.Struct, frozen=True, gc=False):
    """One result a command, in order. What is counted by ``durable_seq`` survives the loss of the hub's machine."""

    results: list[Result]
    last_seq: int
    durable_seq: int


class WireRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One aggregate as it is now; without a body it has left this feed.

    ``opens`` names the subjects whose keys are in the next ``box``, this row's own or one of a later row; an empty
    text stands for the row's id. ``keys`` holds them one by one instead, for who did not ask for boxes.
    """

    seq: Seq
    kind: Annotated[str, msgspec.Meta(max_length=100)]
    id: Annotated[str, msgspec.Meta(max_length=500)]
    version: Count
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    keys: list[WireKey] = []
    opens: tuple[str, ...] = ()
    box: bytes = b""


class ChangesPage(msgspec.Struct, frozen=True, gc=False, rename={"after": "from", "upto": "to"}):
    """The changes with numbers in (``from``, ``to``]; ``last`` is the newest number there is."""

    epoch: str
    after: Count
    upto: Count
    last: Count
    rows: list[WireRow]


class SnapshotHead(msgspec.Struct, frozen=True, gc=False):
    """The first line of a snapshot: ``count`` rows follow, ordered by number, as of ``seq``."""

    epoch: str
    feed: str
    seq: Count
    count: Count


class SnapshotEnd(msgspec.Struct, frozen=True, gc=False):
    """The last line of a snapshot: SHA-256 over the rows' lines, line feeds included."""

    sha256: str


class AuditAnchor(msgspec.Struct, frozen=True, gc=False):
    """The end of the counter's audit chain, so that it cannot be rewritten unseen."""

    n: Seq
    hash: Annotated[bytes, msgspec.Meta(max_length=64)]


class SeenShelf(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A shelf of which this counter was told to promise less, and the version of the row that told it."""

    id: str
    version: int


class Hello(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How a counter begins: what it is, and the highest number it has given to a command."""

    incarnation: Id
    last_seq: int
    schema: int = SCHEMA
    audit: AuditAnchor | None = None
    revocations: str = ""
    """The newest signed list that it knows, for a hub that was restored and has forgotten some."""
    shares: list[SeenShelf] | None = None
    """What it promises no more of, so that the hub may grant it elsewhere; None where it knows nothing of shares."""


class Limits(msgspec.Struct, frozen=True, gc=False):
    """What the hub takes at once."""

    commands: AtLeastOne = MAX_BATCH_COMMANDS
    bytes: AtLeastOne = MAX_BATCH_BYTES
    rows: AtLeastOne = MAX_PAGE_ROWS
    wait_s: Count = MAX_WAIT_S


class HelloReply(msgspec.Struct, frozen=True, gc=False):
    """What the hub knows of this device: the last command it has decided, its clock, its feeds with their heads."""

    last_seq: Count
    durable_seq: Count
    epoch: str
    feeds: dict[str, Count]
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    limits: Limits = Limits()
    certificate_ends: datetime | None = None
    revocations: str = ""
    """The signed list of counters that were turned away; empty while there is none."""
    floors: dict[str, int] = {}
    """Below these numbers feeds no longer say what has left them; one that says everything is left out."""
    revoked: bool = False
    """Whether this one was: it may offer what it has saved, for people to look at, and gets nothing more."""
    late: bool = False
    """Whether the signature was of another time, so that nothing of the hello counted; ``time`` tells by how much."""
    boxes: bool = False
    """Whether this hub takes the keys of a batch in one box."""


class EnrolRequest(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A counter asks to belong to a hub. It proves its key by signing this request with it.

    ``brands`` are the ids under which it has signed slips and badges so far; they stay valid.
    """

    code: str
    device: Id
    public_key: PublicKey
    transport_key: PublicKey
    root_certificate: str = ""
    brands: tuple[str, ...] = ()
    name: str = ""


class RenewReply(msgspec.Struct, frozen=True, gc=False):
    """A certificate that begins where the old one did and ends later."""

    certificate: str


class EnrolReply(msgspec.Struct, frozen=True, gc=False):
    """Who the counter is from now on; ``certificate`` is signed by the key of ``root_certificate``."""

    device: str
    store: str
    brand: str
    certificate: str
    root_certificate: str
    transport_key: bytes
    epoch: str
    feeds: tuple[str, ...]
    time: datetime


encode = msgspec.json.Encoder().encode


def fingerprint(command: WireCommand) -> bytes:
    """SHA-256 over what a command says; two commands with one UUID must have the same."""
    head = (command.id, command.kind, command.at, command.actor, command.role, command.store, command.simulated)
    return hashlib.sha256(b"\n".join((encode(head), command.body))).digest()


_visible = re.compile(_NAME).match


def are_ids(texts: Iterable[str]) -> bool:
    """Whether all consist of what an `Id` does."""
    return _visible("".join(texts)) is not None


def problem_type(code: str) -> str:
    """The URI that RFC 9457 wants for a kind of problem; it leads nowhere and never changes."""
    return f"urn:storeapp:problem:{code}"


def refusal(code: str, data: Any = None, *, status: int = 409) -> Problem:
    """A problem with its type."""
    return Problem(code, status, title=code.replace("_", " "), type=problem_type(code), data=dict(data or {}))
