"""Which feed a state travels in, and whose key opens what is sealed in it."""

from storeapp.domain.catalogue import Building, Policy, Sku, Store
from storeapp.domain.device import Device
from storeapp.domain.feeds import BRAND_FEED, store_feed
from storeapp.domain.kernel import State
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.people import Guide, Staff, home_subject

BRAND_KINDS = frozenset({Store.KIND, Sku.KIND, Policy.KIND, Device.KIND})
"""What every counter of the brand gets."""

LOCAL_KINDS = frozenset({Building.KIND, Staff.KIND})
"""What each store keeps for itself under ids that another store may use, too."""


def feed_of(state: State, *, store: str) -> str:
    """The feed of a state that a command of ``store`` has led to."""
    kind = state.KIND
    if kind in BRAND_KINDS:
        return BRAND_FEED
    if kind in LOCAL_KINDS:
        return store_feed(store)
    return store_feed(getattr(state, "store", store))


def subject_of(state: State) -> str | None:
    """Whose key travels with a state: with an order that is over, nobody's any more."""
    if isinstance(state, Order) and state.sealed and state.status is OrderStatus.OPEN:
        return state.id
    if isinstance(state, Guide) and state.sealed_home:
        return home_subject(state.id)
    return None
