"""Which feed a state travels in, what of it may travel, and whose key opens what is sealed in it."""

from dataclasses import replace
from typing import NamedTuple

from storeapp.codec import encode
from storeapp.domain.catalogue import Building, Policy, Sku, Store
from storeapp.domain.device import Device
from storeapp.domain.kernel import State
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.people import Guide, home_subject
from sync.protocol.messages import BRAND_FEED, store_feed

BRAND_KINDS = frozenset({Store.KIND, Sku.KIND, Policy.KIND, Device.KIND})
"""What every counter of the brand gets."""

LOCAL_KINDS = frozenset({Building.KIND})
"""What each store keeps for itself under ids that another store may use, too."""


class Travel(NamedTuple):
    """How a state travels: ``wire`` is None where all of it does, ``subject`` where nothing is sealed in it."""

    wire: bytes | None
    subject: str | None


def feed_of(state: State, *, store: str) -> str:
    """The feed of a state that a command of ``store`` has led to."""
    if state.KIND in BRAND_KINDS:
        return BRAND_FEED
    if state.KIND in LOCAL_KINDS:
        return store_feed(store)
    return store_feed(getattr(state, "store", store))


def travel(state: State) -> Travel:
    """An order that is over travels without its person; what is sealed travels with its key."""
    if isinstance(state, Order) and state.sealed:
        if state.status is OrderStatus.OPEN:
            return Travel(None, state.id)
        return Travel(encode(replace(state, sealed="", digest="")), None)
    if isinstance(state, Guide) and state.sealed_home:
        return Travel(None, home_subject(state.id))
    return Travel(None, None)
