"""Finds what a person types into the search field: orders, articles and guides, the likeliest first."""

from dataclasses import dataclass
from enum import StrEnum

from storeapp.domain.order import OrderStatus
from storeapp.services.counter import Counter
from storeapp.services.queries import guide_names, order_rows
from storeapp.services.rows import OrderRow
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

ORDERS, OTHERS = 5, 2
"""How many of each kind are shown at most."""
_LOOKED_AT = 12


class HitKind(StrEnum):
    """What was found."""

    ORDER = "order"
    SKU = "sku"
    GUIDE = "guide"


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found; ``row`` is there for orders, whose ``id`` is the delivery's."""

    kind: HitKind
    id: str
    name: str
    row: OrderRow | None = None


def find(counter: Counter, text: str) -> list[Hit]:
    """Orders by number, article, guide, and where the keys are open by name, street and the phone's end; then others.

    An order with exactly this number comes first, then open orders, then the newest.
    """
    wanted = text.strip()
    if not wanted:
        return []
    return [*_others(counter, wanted), *_orders(counter, wanted)]


def _orders(counter: Counter, text: str) -> list[Hit]:
    filtered = OrderFilter(text=text, limit=_LOOKED_AT)
    ids = lists.delivery_ids(counter.cache.db, filtered, hashes=counter.privacy.finder_terms(text))
    rows = [row for row in order_rows(counter, ids) if row is not None]
    rows.sort(key=lambda row: (row.order_no.casefold() != text.casefold(), row.status is not OrderStatus.OPEN))
    return [Hit(HitKind.ORDER, row.id, row.order_no, row) for row in rows[:ORDERS]]


def _others(counter: Counter, text: str) -> list[Hit]:
    skus = lists.skus_like(counter.cache.db, text, limit=OTHERS)
    wanted = text.casefold()
    guides = [
        (key, name) for key, name in guide_names(counter).items() if wanted in name.casefold() or wanted == key.lower()
    ]
    return [
        *(Hit(HitKind.GUIDE, key, name) for key, name in guides[:OTHERS]),
        *(Hit(HitKind.SKU, key, name) for key, name in skus),
    ]
