"""Guesses which states a batch will ask for, so that they are read at once; a wrong guess costs one more query."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from hub.states import States
from storeapp.codec import Malformed
from storeapp.domain.allotment import Allotment
from storeapp.domain.catalogue import BRAND_POLICY, Policy, Sku
from storeapp.domain.delivery import Delivery
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.held import HeldCommand
from storeapp.domain.kernel import Command, Key
from storeapp.domain.order import Order, delivery_id, order_id
from storeapp.domain.people import Guide
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.held import ResolveHeld
from storeapp.domain.rules.orders import PlaceOrder, recall_id
from storeapp.domain.rules.people import LocateBuilding, RegisterGuide, RegisterSku
from storeapp.domain.rules.stock import CountStock, MoveStock, OpenStock
from storeapp.domain.rules.wishes import BanGuide, PinDelivery
from storeapp.domain.stock import StockItem, stock_id

_ORDER_SUFFIX = delivery_id("")


_Wanted = dict[str, set[str]]
"""Ids by kind."""


def prefetch(states: States, commands: Iterable[Command]) -> None:
    """Read what the commands name, then what the orders among it name."""
    first: _Wanted = defaultdict(set)
    placed: list[PlaceOrder] = []
    for command in commands:
        if isinstance(command, PlaceOrder):
            placed.append(command)
        else:
            for kind, key_id in _named(command):
                first[kind].add(key_id)
    orders = _add_placed(first, placed)
    _read(states, first)
    second: _Wanted = defaultdict(set)
    # Most of a long queue are new, and an order that is new has no delivery yet.
    before = set(states.known(Order.KIND, orders))
    states.note_absent(Delivery.KIND, [delivery_id(order) for order in orders if order not in before])
    second[Delivery.KIND].update([delivery_id(order) for order in before])
    for known in states.known(Order.KIND, first[Order.KIND]):
        order = _readable(states, known)
        for kind, key_id in _of_order(order) if order is not None else ():
            second[kind].add(key_id)
    _read(states, second)


def _read(states: States, wanted: _Wanted) -> None:
    """Read them, and who may promise what lies on the shelves among them."""
    wanted[Allotment.KIND] |= {item.partition("/")[0] for item in wanted[StockItem.KIND]}
    states.read(wanted)


def _add_placed(wanted: _Wanted, commands: Iterable[PlaceOrder]) -> list[str]:
    """What most commands of a long queue name, without a key for each.

    Returns:
        The orders, whose deliveries are still to be read.
    """
    orders = [order_id(command.platform, command.order_no) for command in commands]
    wanted[Order.KIND].update(orders)
    goods = {(command.store, line.sku) for command in commands for line in command.lines}
    wanted[Sku.KIND].update([sku for _, sku in goods])
    wanted[StockItem.KIND].update([stock_id(*each) for each in goods])
    return orders


def _readable(states: States, order_id: str) -> Order | None:
    """An order; one that a newer process of the hub has written is left to the rule, which parks its command."""
    try:
        return states.get(Order, order_id)
    except Malformed:
        return None


def _named(command: Command) -> Iterator[Key]:
    match command:
        case RegisterSku():
            yield Key(Sku.KIND, command.sku.id)
        case RegisterGuide():
            yield Key(Guide.KIND, command.guide.id)
        case LocateBuilding():
            yield Key("building", command.building)
        case ResolveHeld():
            yield Key(HeldCommand.KIND, command.command_id)
        case OpenStock() | MoveStock() | CountStock():
            yield from _goods(command.store, command.sku)
            yield Key(ExceptionCase.KIND, f"{stock_id(command.store, command.sku)}/below_zero")
        case _:
            yield from _of_subject(command)


def _of_subject(command: Command) -> Iterator[Key]:
    order = getattr(command, "order_id", None)
    delivery = getattr(command, "delivery_id", None)
    if order is not None:
        yield from _order_and_delivery(order)
    if delivery is not None:
        yield from _order_and_delivery(delivery.removesuffix(_ORDER_SUFFIX))
        yield Key(ExceptionCase.KIND, recall_id(delivery))
        yield Key(Policy.KIND, BRAND_POLICY)
    if isinstance(command, (AssignDelivery, PinDelivery, BanGuide)):
        yield Key(Guide.KIND, command.guide)


def _order_and_delivery(order: str) -> tuple[Key, Key]:
    return Key(Order.KIND, order), Key(Delivery.KIND, delivery_id(order))


def _goods(store: str, sku: str) -> tuple[Key, Key]:
    return Key(Sku.KIND, sku), Key(StockItem.KIND, stock_id(store, sku))


def _of_order(order: Order) -> Iterator[Key]:
    for line in order.lines:
        yield from _goods(order.store, line.sku)
        yield Key(ExceptionCase.KIND, f"{stock_id(order.store, line.sku)}/below_zero")
