"""What services ask of the world that a test wants to choose: the time, new ids, and randomness."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

from storeapp.domain.moment import utc


class Clock(Protocol):
    """Tells the time."""

    @property
    def simulated(self) -> bool:
        """Whether the time was chosen, as in a demo."""

    def now(self) -> datetime:
        """Now, in UTC, to the millisecond."""


@dataclass(slots=True)
class SystemClock:
    """The computer's clock, set right by what the hub said last."""

    offset: timedelta = timedelta(0)

    @property
    def simulated(self) -> bool:
        """This one is real."""
        return False

    def now(self) -> datetime:
        """Now, in UTC, to the millisecond."""
        return utc(datetime.now(UTC) + self.offset)


@dataclass(slots=True)
class FixedClock:
    """A chosen time that passes only when it is moved; its commands are marked simulated."""

    moment: datetime

    @property
    def simulated(self) -> bool:
        """A chosen time is never a fact of the world."""
        return True

    def now(self) -> datetime:
        """The chosen time."""
        return utc(self.moment)


def new_command_id() -> str:
    """A random UUID, made once a command and kept through every retry."""
    return str(uuid4())
