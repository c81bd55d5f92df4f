"""The places of one planning problem; exact positions are unsealed here, in memory, and nowhere else."""

from storeapp.adapters.sealing import SealBroken
from storeapp.domain.catalogue import Store
from storeapp.domain.datum import to_wgs84
from storeapp.domain.order import Order
from storeapp.domain.place import Position
from storeapp.services.counter import Counter

STORE_PLACE = 0


class Places:
    """Positions by index; the store's own is the first, and without it there are none."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        store = counter.cache.get(Store, counter.store)
        self.positions: list[Position] = [to_wgs84(store.position)] if store else []

    def add(self, position: Position | None) -> int | None:
        """The index of a further place; None where nobody knows it."""
        if position is None or not self.positions:
            return None
        self.positions.append(to_wgs84(position))
        return len(self.positions) - 1

    def of_order(self, order: Order | None) -> int | None:
        """The index of the place that an order goes to."""
        return self.add(self.position(order)) if order else None

    def position(self, order: Order) -> Position | None:
        """Where an order goes; None where nobody knows or the record cannot be opened here."""
        return self.unsealed(order.id, order.sealed) if order.located else None

    def unsealed(self, subject: str, sealed: str) -> Position | None:
        """The position in a sealed record; None where it cannot be opened here.

        A damaged record stops only its own delivery: the plan says that its position is out of reach.
        """
        try:
            person = self._counter.privacy.person(subject, sealed)
        except SealBroken:
            return None
        return person.position if person else None
