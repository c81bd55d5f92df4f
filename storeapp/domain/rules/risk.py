"""Rules for warnings before a promise is broken: a case is opened while something can still be done."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.delivery import FINISHED, Delivery
from storeapp.domain.exception import ExceptionCase, ExceptionKind, ExceptionResolved
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.moment import STORE_ZONE
from storeapp.domain.rules.common import open_case

LATE_RISK = "late_risk"


def late_risk_id(delivery: str, due_at: datetime) -> str:
    """One case for each promise of a delivery, whichever counter sees the danger first."""
    return f"{delivery}/{LATE_RISK}/{due_at:%Y%m%d%H%M}"


class WarnLate(Struct, frozen=True, gc=False):
    """A delivery will hardly be on time as things stand."""

    KIND: ClassVar[str] = "delivery.warn_late"
    FACT: ClassVar[bool] = True
    delivery_id: str
    chance_percent: int
    eta: datetime


class ClearLate(Struct, frozen=True, gc=False):
    """The danger is over: it arrived, or it will be on time."""

    KIND: ClassVar[str] = "delivery.clear_late"
    FACT: ClassVar[bool] = True
    case_id: str
    resolution: str


def warn_late(command: WarnLate, draft: Draft, ctx: Context) -> Refusal | None:
    """Once for each promise; what a person has settled is not asked again."""
    delivery = draft.get(Delivery, command.delivery_id)
    if delivery is None or delivery.state in FINISHED:
        return None
    case_id = late_risk_id(delivery.id, delivery.window.end)
    if draft.get(ExceptionCase, case_id) is None:
        eta = f"{command.eta.astimezone(STORE_ZONE):%H:%M}"
        data = {"guide": delivery.guide, "chance": f"{command.chance_percent} %", "eta": eta}
        open_case(draft, ctx, kind=ExceptionKind.LATE, code=LATE_RISK, subject=delivery.id, data=data, case_id=case_id)
    return None


def clear_late(command: ClearLate, draft: Draft, ctx: Context) -> Refusal | None:
    """What a person has settled stays as it was settled."""
    case = draft.get(ExceptionCase, command.case_id)
    if case is not None and case.open:
        draft.emit(ExceptionResolved(case.id, command.resolution, ctx.now, ctx.actor))
    return None


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (WarnLate, warn_late),
    (ClearLate, clear_late),
)
