"""What a command rests on: the parts of aggregates that an earlier command must have laid, or it makes no sense.

A counter that has made both without an answer names the earlier one, so that the two stand or fall together.
Shared things such as stock are never rested on: one order that fails must not take the others along.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from storeapp.domain.delivery import (
    AttemptEnded,
    CustodyMoved,
    Delivery,
    DeliveryAssigned,
    DeliveryOpened,
    DeliveryRetried,
    DeliveryReturned,
    DeliverySplit,
)
from storeapp.domain.exception import ExceptionCase, ExceptionOpened
from storeapp.domain.kernel import Command, Event, Key
from storeapp.domain.order import Order, OrderPlaced, order_id
from storeapp.domain.people import Guide, GuideRegistered
from storeapp.domain.rules.closing import ResolveException
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, PassOn, Rescue, ReturnDelivery
from storeapp.domain.rules.deliveries import (
    AssignDelivery,
    IssueSlip,
    RetryDelivery,
    SplitDelivery,
    UnassignDelivery,
)
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.domain.rules.people import IssueBadge, RegisterGuide, RevokeBadge, SetShift


class Part(StrEnum):
    """What of an aggregate."""

    BEING = "being"
    """That it is there at all."""
    ASSIGNMENT = "assignment"
    PARCELS = "parcels"
    CUSTODY = "custody"


class Ground(NamedTuple):
    """One part of one aggregate."""

    key: Key
    part: Part


_LAID_BY: dict[type[Event], Part] = {
    OrderPlaced: Part.BEING,
    DeliveryOpened: Part.BEING,
    GuideRegistered: Part.BEING,
    ExceptionOpened: Part.BEING,
    DeliveryAssigned: Part.ASSIGNMENT,
    DeliverySplit: Part.PARCELS,
    CustodyMoved: Part.CUSTODY,
    AttemptEnded: Part.CUSTODY,
    DeliveryReturned: Part.CUSTODY,
    DeliveryRetried: Part.CUSTODY,
}


_NAMES = ("delivery_id", "order_id", "exception_id", "guide", "sku", "command_id", "building")


def laid_by(events: Iterable[Event]) -> Iterator[Ground]:
    """What later commands may rest on."""
    for event in events:
        part = _LAID_BY.get(type(event))
        if part is not None:
            yield Ground(Key(event.OF.KIND, event.id), part)


def rests_on(command: Command) -> tuple[Ground, ...]:
    """What a command rests on, most of it laid long ago and confirmed."""
    match command:
        case AssignDelivery():
            of_guide = Ground(Key(Guide.KIND, command.guide), Part.BEING)
            return (*_delivery(command.delivery_id, Part.BEING, Part.ASSIGNMENT), of_guide)
        case UnassignDelivery():
            return _delivery(command.delivery_id, Part.BEING, Part.ASSIGNMENT)
        case IssueSlip() | HandOver() | Rescue():
            return _delivery(command.delivery_id, Part.BEING, Part.PARCELS, Part.CUSTODY)
        case Deliver() | FailDelivery() | ReturnDelivery() | PassOn() | RetryDelivery() | SplitDelivery():
            return _delivery(command.delivery_id, Part.BEING, Part.CUSTODY)
        case ResolveException():
            return (Ground(Key(ExceptionCase.KIND, command.exception_id), Part.BEING),)
        case IssueBadge() | RevokeBadge():
            return (Ground(Key(Guide.KIND, command.guide), Part.BEING),)
        case SetShift():
            return (Ground(Key(Guide.KIND, command.shift.guide), Part.BEING),)
        case _:
            return _named(command)


def _named(command: Command) -> tuple[Ground, ...]:
    """That what any other command is about is there."""
    delivery, order = (getattr(command, name, None) for name in ("delivery_id", "order_id"))
    if isinstance(delivery, str):
        return _delivery(delivery, Part.BEING)
    return (Ground(Key(Order.KIND, order), Part.BEING),) if isinstance(order, str) else ()


def _delivery(delivery_id: str, *parts: Part) -> tuple[Ground, ...]:
    return tuple(Ground(Key(Delivery.KIND, delivery_id), part) for part in parts)


def subject_of(command: Command) -> str:
    """What a command is about, for a list: a delivery where there is one, else an order, a guide or an article."""
    match command:
        case PlaceOrder():
            return order_id(command.platform, command.order_no)
        case RegisterGuide():
            return command.guide.id
        case _:
            named = (getattr(command, name, "") for name in _NAMES)
            return next((name for name in named if isinstance(name, str) and name), "")
