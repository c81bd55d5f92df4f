"""How much of what is saved goes into one batch, and which of it is sealed with somebody's key."""

from collections.abc import Sequence

import msgspec

from storeapp.codec import Malformed, UnknownValue
from storeapp.domain.kernel import Command
from storeapp.domain.order import order_id
from storeapp.domain.people import home_subject
from storeapp.domain.rules.orders import CorrectOrder, PlaceOrder
from storeapp.domain.rules.people import RegisterGuide
from storeapp.domain.words import Platform
from storeapp.store.journal import Entry

SEALING = frozenset({PlaceOrder.KIND, CorrectOrder.KIND, RegisterGuide.KIND})
_PLATFORMS = {platform.value: platform for platform in Platform}
ENVELOPE_BYTES = 250
"""About what a command takes on the wire besides its body."""


def cut(entries: Sequence[Entry], most_bytes: int) -> list[Entry]:
    """As many of the first ones as go into one batch, at least one."""
    size = 0
    taken: list[Entry] = []
    for entry in entries:
        size += len(entry.body) + ENVELOPE_BYTES
        if taken and size > most_bytes:
            break
        taken.append(entry)
    return taken


class _Placed(msgspec.Struct):
    """As much of `PlaceOrder` as tells what is sealed in it: thousands are sent at once after a day without network."""

    platform: str
    order_no: str
    sealed: str


_placed = msgspec.json.Decoder(_Placed)


def sealed_in_order(body: bytes) -> tuple[str, str]:
    """The same as `sealed_in` of a `PlaceOrder` that is not read for anything else.

    Raises:
        UnknownValue: its platform is one that only a newer program knows.
        Malformed: it is none.
    """
    try:
        placed = _placed.decode(body)
    except (msgspec.DecodeError, ValueError):
        raise Malformed(PlaceOrder.KIND) from None
    platform = _PLATFORMS.get(placed.platform)
    if platform is None:
        raise UnknownValue(PlaceOrder.KIND, "$.platform")
    return order_id(platform, placed.order_no), placed.sealed


def sealed_in(command: Command) -> tuple[str, str]:
    """Whose key seals something in a command, and what; both empty where nothing is."""
    match command:
        case PlaceOrder():
            return order_id(command.platform, command.order_no), command.sealed
        case CorrectOrder():
            return command.order_id, command.sealed
        case RegisterGuide():
            return home_subject(command.guide.id), command.guide.sealed_home
        case _:
            return "", ""
