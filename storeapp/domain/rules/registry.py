"""One table of all commands, events and states by their names on the wire, and the two functions over it."""

from collections.abc import Callable
from typing import Any, get_args

from storeapp.domain import (
    allotment,
    area,
    catalogue,
    delivery,
    device,
    exception,
    experience,
    held,
    lending,
    order,
    people,
    statement,
    stock,
)
from storeapp.domain.kernel import Command, Context, Draft, Event, Reader, Refusal, State
from storeapp.domain.rules import area as area_rules
from storeapp.domain.rules import closing, custody, deliveries, orders, risk, travel, wishes
from storeapp.domain.rules import held as held_rules
from storeapp.domain.rules import lending as lending_rules
from storeapp.domain.rules import people as people_rules
from storeapp.domain.rules import stock as stock_rules

_RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    *orders.RULES,
    *deliveries.RULES,
    *wishes.RULES,
    *custody.RULES,
    *stock_rules.RULES,
    *people_rules.RULES,
    *closing.RULES,
    *travel.RULES,
    *risk.RULES,
    *held_rules.RULES,
    *area_rules.RULES,
    *lending_rules.RULES,
)
_HANDLERS: dict[type[Command], Callable[..., Refusal | None]] = dict(_RULES)
COMMANDS: dict[str, type[Command]] = {command.KIND: command for command in _HANDLERS}

_EVOLVE: tuple[tuple[Any, Callable[..., State]], ...] = (
    (catalogue.CatalogueEvent, catalogue.evolve),
    (people.PeopleEvent, people.evolve),
    (device.DeviceEvent, device.evolve),
    (stock.StockEvent, stock.evolve),
    (order.OrderEvent, order.evolve),
    (delivery.DeliveryEvent, delivery.evolve),
    (exception.ExceptionEvent, exception.evolve),
    (experience.ExperienceEvent, experience.evolve),
    (held.HeldEvent, held.evolve),
    (area.AreaEvent, area.evolve),
    (lending.LendingEvent, lending.evolve),
    (statement.StatementEvent, statement.evolve_statement),
)
_EVOLVE_OF: dict[type[Event], Callable[..., State]] = {
    event: f for union, f in _EVOLVE for event in get_args(union)
} | {statement.DayEvent: statement.evolve_day, allotment.AllotmentEvent: allotment.evolve}
EVENTS: dict[str, type[Event]] = {event.KIND: event for event in _EVOLVE_OF}
STATES: dict[str, type[State]] = {event.OF.KIND: event.OF for event in EVENTS.values()}


def evolve(state: State | None, event: Event) -> State:
    """The state after one event."""
    return _EVOLVE_OF[type(event)](state, event)


def decide(command: Command, reader: Reader, ctx: Context) -> tuple[Event, ...] | Refusal:
    """The events of one command, or why it is not done; nothing outside is changed."""
    return decide_in(Draft(reader, evolve), command, ctx)


def decide_in(draft: Draft, command: Command, ctx: Context) -> tuple[Event, ...] | Refusal:
    """The same in a draft of the caller, who wants to know what was read."""
    refusal = _HANDLERS[type(command)](command, draft, ctx)
    return refusal if refusal is not None else tuple(draft.events)
