"""Commands that the hub did not apply: why each waits for a person, and what the person decided.

What hangs on such a command waits or falls with it: it *follows*, and a person decides about all of it at once.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from storeapp.domain.kernel import Data

HUB = "hub"
"""The device that the hub's own people act at."""


class Cause(StrEnum):
    """Why it was not applied."""

    REFUSED = "refused"
    """A rule said no."""
    PARKED = "parked"
    """The hub could not decide it."""
    QUARANTINED = "quarantined"
    """Its counter had been turned away."""


class Resolution(StrEnum):
    """What a person decided."""

    ACCEPT = "accept"
    """The hub's word stands."""
    REDO = "redo"
    """It was done again in another way."""
    RETRY = "retry"
    """It is decided once more, on what is now."""
    DISCARD = "discard"
    """It is let be."""


CHOICES: Mapping[Cause, tuple[Resolution, ...]] = {
    Cause.REFUSED: (Resolution.ACCEPT, Resolution.REDO),
    Cause.PARKED: (Resolution.RETRY, Resolution.DISCARD),
    Cause.QUARANTINED: (Resolution.RETRY, Resolution.DISCARD),
}
"""What can be decided, the usual first."""


class Outcome(StrEnum):
    """What came of it in the end."""

    APPLIED = "applied"
    REFUSED = "refused"


class HeldCommand(Struct, frozen=True, gc=False):
    """One command that was not applied. ``id`` is its UUID; the rest says what it was, but nothing about a person.

    ``root`` names the command that it follows, empty where it is a matter of its own; ``followers`` are those that
    follow it, in order. ``code`` and ``data`` say why, like a refusal.
    """

    KIND: ClassVar[str] = "held"
    id: str
    store: str
    device: str
    kind: str
    cause: Cause
    code: str
    at: datetime
    actor: str
    subject: str = ""
    data: Data = field(default_factory=dict)
    root: str = ""
    followers: tuple[str, ...] = ()
    resolved_at: datetime | None = None
    resolution: str = ""
    resolved_by: str = ""
    resolved_where: str = ""
    outcome: str = ""

    @property
    def open(self) -> bool:
        """Whether it still waits for a person."""
        return self.resolved_at is None


class CommandHeld(Struct, frozen=True, gc=False):
    """The hub did not apply a command, or not this time either: it waits for a person."""

    KIND: ClassVar[str] = "held.opened"
    OF: ClassVar[type[HeldCommand]] = HeldCommand
    id: str
    held: HeldCommand


class HeldFollowed(Struct, frozen=True, gc=False):
    """Another command hangs on this one."""

    KIND: ClassVar[str] = "held.followed"
    OF: ClassVar[type[HeldCommand]] = HeldCommand
    id: str
    follower: str


class HeldResolved(Struct, frozen=True, gc=False):
    """A person decided about it; ``device`` is where."""

    KIND: ClassVar[str] = "held.resolved"
    OF: ClassVar[type[HeldCommand]] = HeldCommand
    id: str
    resolution: Resolution
    at: datetime
    by: str
    device: str


class HeldSettled(Struct, frozen=True, gc=False):
    """What the person decided was carried out, and this came of it."""

    KIND: ClassVar[str] = "held.settled"
    OF: ClassVar[type[HeldCommand]] = HeldCommand
    id: str
    outcome: Outcome


HeldEvent = CommandHeld | HeldFollowed | HeldResolved | HeldSettled


def evolve(state: HeldCommand | None, event: HeldEvent) -> HeldCommand:
    """Apply one event.

    Raises:
        ValueError: it was never held, which no decider lets happen.
    """
    if isinstance(event, CommandHeld):
        return replace(event.held, followers=state.followers if state else event.held.followers)
    if state is None:
        raise ValueError("a command that is not held")
    match event:
        case HeldFollowed():
            return replace(state, followers=(*state.followers, event.follower))
        case HeldResolved():
            return replace(
                state,
                resolved_at=event.at,
                resolution=event.resolution.value,
                resolved_by=event.by,
                resolved_where=event.device,
            )
        case HeldSettled():
            return replace(state, outcome=event.outcome.value)
