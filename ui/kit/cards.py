"""What the board, the lanes and the verdict show: ready words in frozen values, made by pages from domain data."""

from dataclasses import dataclass
from enum import StrEnum


class Urgency(StrEnum):
    """How a promise stands; each has its own icon beside its colour."""

    CALM = "calm"
    SOON = "soon"
    LATE = "late"
    BLOCKED = "blocked"
    BACK = "back"
    DONE = "done"
    OFF = "off"


PRIORITY = ("chevron-up", "chevrons-up")
"""The icon of each step that a delivery goes before others."""


UNSURE = "circle-dashed"
"""The icon of goods that another counter may have promised, too."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who is proposed for a delivery, when it would arrive and the strongest reason; without a guide, why nobody is."""

    guide_id: str
    guide: str
    eta: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveryCard:
    """One delivery on the board.

    Attributes:
        id: of the delivery; comes back in every signal.
        number: the short number that people say.
        customer: masked name.
        area: where to, without the room.
        goods: what and how many.
        promise: end of the promised window, such as ``14:40``.
        left: time left or the state in a word, such as ``28 分钟``.
        urgency: how the promise stands.
        proposal: who is proposed, while nobody is assigned.
        guide: name of the assigned guide.
        progress: what is known about the way, such as ``14:20 出发``.
        priority: how much it goes before others, from 0 to 2.
        priority_name: the same in words.
        unsure: whether another counter may have promised the same goods; ``goods`` says so in words.
    """

    id: str
    number: str
    customer: str
    area: str
    goods: str
    promise: str
    left: str
    urgency: Urgency = Urgency.CALM
    proposal: Proposal | None = None
    guide: str = ""
    progress: str = ""
    priority: int = 0
    priority_name: str = ""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class GuideCard:
    """One guide in the strip and in the lanes: ``load`` of ``capacity`` parcels; ``why_not`` if not available now."""

    id: str
    name: str
    detail: str
    shift: str
    load: int
    capacity: int
    why_not: str = ""


class BlockKind(StrEnum):
    """What a block on a lane means."""

    DONE = "done"
    LIVE = "live"
    PLANNED = "planned"
    PROPOSAL = "proposal"
    LATE = "late"
    REST = "rest"
    AWAY = "away"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class LaneBlock:
    """A stretch of a guide's day, in minutes after the store's midnight."""

    start_min: int
    end_min: int
    label: str
    kind: BlockKind
    sub: str = ""
    delivery_id: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A guide's day: the shift in minutes after the store's midnight, and what fills it."""

    guide: GuideCard
    shift_start_min: int
    shift_end_min: int
    blocks: tuple[LaneBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One thing that dropping a card here would mean: words, an icon and the token of its colour."""

    text: str
    icon: str
    ink: str


@dataclass(frozen=True, slots=True)
class LaneTrial:
    """What it would mean to drop the dragged card on a guide's lane; ``at_min`` is when the guide would arrive."""

    guide_id: str
    at_min: int
    label: str
    lines: tuple[TrialLine, ...]
    late: bool = False


class VerdictKind(StrEnum):
    """What a scan means for the person at the counter."""

    PASSED = "pass"
    HOLD = "hold"
    STOP = "stop"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class VerdictCard:
    """A scan's outcome in words: why, for whom, what to do next, what was read, when, and what was heard.

    When ``kind`` is idle, ``reason`` is the invitation and ``who`` its second line.
    """

    kind: VerdictKind
    reason: str
    who: str = ""
    action: str = ""
    scanned: str = ""
    sound: str = ""


def initials(name: str) -> str:
    """What stands in a guide's circle: the first Chinese character, or the first letters of up to two names."""
    words = name.split()
    if not words:
        return "?"
    if not words[0][0].isascii():
        return words[0][0]
    return "".join(word[0] for word in words[:2]).upper()
