"""What went wrong and needs a person: damage, loss, recalls, and facts that contradict the state."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from storeapp.domain.kernel import Data


class ExceptionKind(StrEnum):
    """What happened."""

    LATE = "late"
    DAMAGED = "damaged"
    LOST = "lost"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    WRONG_ADDRESS = "wrong_address"
    RECALL = "recall"
    CHANGED_IN_CUSTODY = "changed_in_custody"
    REFUNDED_AFTER_DELIVERY = "refunded_after_delivery"
    DISCREPANCY = "discrepancy"
    OTHER = "other"


class ExceptionCase(Struct, frozen=True, gc=False):
    """One open question; ``code`` says which rule opened it, ``subject`` is a delivery or stock item."""

    KIND: ClassVar[str] = "exception"
    id: str
    kind: ExceptionKind
    code: str
    store: str
    subject: str
    opened_at: datetime
    opened_by: str
    data: Data = field(default_factory=dict)
    resolved_at: datetime | None = None
    resolution: str = ""
    resolved_by: str = ""
    opened_where: str = ""
    """The device at which it was found."""

    @property
    def open(self) -> bool:
        """Whether it still waits for a person."""
        return self.resolved_at is None


class ExceptionOpened(Struct, frozen=True, gc=False):
    """A person must look at something."""

    KIND: ClassVar[str] = "exception.opened"
    OF: ClassVar[type[ExceptionCase]] = ExceptionCase
    id: str
    case: ExceptionCase


class ExceptionResolved(Struct, frozen=True, gc=False):
    """A person decided."""

    KIND: ClassVar[str] = "exception.resolved"
    OF: ClassVar[type[ExceptionCase]] = ExceptionCase
    id: str
    resolution: str
    at: datetime
    by: str


ExceptionEvent = ExceptionOpened | ExceptionResolved


def evolve(state: ExceptionCase | None, event: ExceptionEvent) -> ExceptionCase:
    """Apply one event.

    Raises:
        ValueError: an exception is resolved that was never opened, which no decider does.
    """
    if isinstance(event, ExceptionOpened):
        return event.case
    if state is None:
        raise ValueError("an unknown exception was resolved")
    return replace(state, resolved_at=event.at, resolution=event.resolution, resolved_by=event.by)
