"""Shows what only a hub can tell: pieces that it has not confirmed, and guides whom one store lends another."""

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from devtools.desk_states import Settle
from devtools.sync_states import belonging
from storeapp.codec import encode
from storeapp.domain.feeds import store_feed
from storeapp.domain.kernel import State
from storeapp.domain.lending import Away, LentGuide, Loan, copy_of, lent_id
from storeapp.domain.moment import Window as Hours
from storeapp.domain.order import UNCONFIRMED_STOCK, Order
from storeapp.domain.people import Guide
from storeapp.domain.stock import StockItem, Waiting, stock_id
from storeapp.services.counter import Counter
from storeapp.store.cache import Row
from storeapp.store.rebase import take_page
from ui.window import Window

HUB_URL = "https://hub.example.com"
LENDING_STORE, GUEST = "HH", "G02"
_LATER = 1000
"""A version behind those of the demo's own day."""


def _tell(counter: Counter, *states: State) -> None:
    """As if the store's feed had told of them."""
    cache, feed = counter.cache, store_feed(counter.store)
    rows = [Row(state.KIND, state.id, _LATER, encode(state)) for state in states]
    take_page(cache, rows, feed=feed, cursor=cache.cursor(feed), epoch="", at=counter.clock.now().isoformat())


def tell_unconfirmed(counter: Counter) -> str:
    """The hub has not confirmed what the order with the latest promise holds; returns its first SKU."""
    held = [order for order in counter.cache.every(Order) if order.lines and order.lines[0].reserved]
    order = max(held, key=lambda each: (each.window.end, each.id))
    line = order.lines[0]
    item = counter.cache.get(StockItem, stock_id(counter.store, line.sku))
    if item is None:
        raise LookupError("a shelf that was there is gone")
    waits = replace(item, waiting=(Waiting(order.id, line.reserved),))
    _tell(counter, waits, replace(order, needs=(*order.needs, UNCONFIRMED_STOCK)))
    return line.sku


def tell_of_loans(counter: Counter) -> None:
    """A guide of another store helps out this afternoon, and one of our own helps out there."""
    now = counter.clock.now()
    hours = Hours(now + timedelta(hours=1), now + timedelta(hours=3))
    mine = [guide for guide in counter.cache.every(Guide) if guide.store == counter.store]
    guest = copy_of(counter.cache.get(Guide, GUEST) or replace(mine[0], id=GUEST, store=LENDING_STORE))
    lent = LentGuide(lent_id(GUEST, counter.store), counter.store, guest, (hours,))
    _tell(counter, lent, Away(mine[-1].id, counter.store, (Loan(LENDING_STORE, hours, hours),)))


def unconfirmed_states(window: Window, settle: Settle) -> Iterator[str]:
    """The shelf whose pieces the hub has not confirmed; yields the state's name while it is shown."""
    with belonging(window, HUB_URL):
        found: list[str] = []
        window.backend.act(lambda counter, _actor: found.append(tell_unconfirmed(counter)))
        settle(window)
        window.go("stock", found[0])
        settle(window)
        yield "unconfirmed"


def guide_states(window: Window, settle: Settle) -> Iterator[str]:
    """A guest and one who is away; yields the state's name while it is shown."""
    with belonging(window, HUB_URL):
        window.backend.act(lambda counter, _actor: tell_of_loans(counter))
        settle(window)
        window.go("guides", GUEST)
        settle(window)
        yield "guest"
