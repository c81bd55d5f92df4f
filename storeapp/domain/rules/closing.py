"""Rules for exceptions that a person reports or resolves, refused commands, and the close of a day."""

from collections.abc import Callable
from datetime import date
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.delivery import Delivery
from storeapp.domain.exception import ExceptionCase, ExceptionKind, ExceptionResolved
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.rules.common import open_case
from storeapp.domain.statement import DayClosed, DayTotals, StoreDay


class ReportException(Struct, frozen=True, gc=False):
    """Somebody says that something is wrong with a delivery."""

    KIND: ClassVar[str] = "exception.report"
    FACT: ClassVar[bool] = True
    delivery_id: str
    kind: ExceptionKind


class ResolveException(Struct, frozen=True, gc=False):
    """A person decided; ``resolution`` is a code."""

    KIND: ClassVar[str] = "exception.resolve"
    FACT: ClassVar[bool] = False
    exception_id: str
    resolution: str


class AcceptRefusal(Struct, frozen=True, gc=False):
    """A person has seen that the hub refused a command of this counter, and accepts it."""

    KIND: ClassVar[str] = "refusal.accept"
    FACT: ClassVar[bool] = True
    command_id: str


class CloseDay(Struct, frozen=True, gc=False):
    """A manager closes a store's day with the figures on the screen."""

    KIND: ClassVar[str] = "day.close"
    FACT: ClassVar[bool] = True
    store: str
    day: date
    totals: DayTotals


def report(command: ReportException, draft: Draft, ctx: Context) -> Refusal | None:
    """A report is kept even when the delivery is unknown here."""
    delivery = draft.get(Delivery, command.delivery_id)
    guide = delivery.guide if delivery else ""
    open_case(
        draft, ctx, kind=command.kind, code=command.kind.value, subject=command.delivery_id, data={"guide": guide}
    )
    return None


def resolve(command: ResolveException, draft: Draft, ctx: Context) -> Refusal | None:
    """The first resolution counts."""
    case = draft.get(ExceptionCase, command.exception_id)
    if case is None:
        return Refusal("unknown_exception")
    if not case.open:
        return Refusal("already_resolved", {"by": case.resolved_by})
    draft.emit(ExceptionResolved(case.id, command.resolution, ctx.now, ctx.actor))
    return None


def accept_refusal(command: AcceptRefusal, draft: Draft, ctx: Context) -> Refusal | None:
    """Nothing changes but the record that a person knows."""
    return None


def close_day(command: CloseDay, draft: Draft, ctx: Context) -> Refusal | None:
    """Keep the figures; a day may be closed again after a late fact."""
    day_id = f"{command.store}/{command.day.isoformat()}"
    day = StoreDay(day_id, command.store, command.day, command.totals, ctx.now, ctx.actor)
    draft.emit(DayClosed(day_id, day))
    return None


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (ReportException, report),
    (ResolveException, resolve),
    (AcceptRefusal, accept_refusal),
    (CloseDay, close_day),
)
