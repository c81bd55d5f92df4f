"""Finds where an address is among the buildings a store knows; a neighbour's position is never taken instead."""

from collections.abc import Iterable

from storeapp.domain.address import Address, BuildingKey, building_key, parse_address
from storeapp.domain.place import Position, distance_m
from storeapp.domain.reference import BuildingRow

SAME_BUILDING_M = 300.0
"""Positions of one building further apart than this contradict each other; a lane may be 300 m deep."""


class AddressBook:
    """Known buildings by street and number; without a person, a house behind a lane, or a room."""

    def __init__(self, buildings: Iterable[BuildingRow] = ()) -> None:
        self._positions: dict[BuildingKey, list[Position]] = {}
        self._by_number: dict[tuple[str, str], list[BuildingKey]] = {}
        for building in buildings:
            self.add(building)

    def add(self, building: BuildingRow) -> None:
        """Learn a building, or another position of a known one; written as any address may be."""
        read = parse_address(building.street + building.lane, city=building.city, district=building.district)
        key = building_key(read) or BuildingKey(building.city, building.district, building.street, building.lane)
        positions = self._positions.setdefault(key, [])
        if not positions:
            self._by_number.setdefault((key.street, key.lane), []).append(key)
        positions.append(building.position)

    def locate(self, address: Address) -> Position | None:
        """The position of the address's building.

        None where the building is unknown, where the address leaves out the district and several known
        buildings fit, or where the known positions of the building contradict each other.
        """
        key = building_key(address)
        if key is None:
            return None
        fitting = [known for known in self._by_number.get((key.street, key.lane), ()) if _fits(known, key)]
        return _agreed(self._positions[fitting[0]]) if len(fitting) == 1 else None


def _fits(known: BuildingKey, asked: BuildingKey) -> bool:
    """Whether two keys can mean one building: a part that the address leaves out fits every building."""
    return asked.city in {"", known.city} and asked.district in {"", known.district}


def _agreed(positions: list[Position]) -> Position | None:
    newest = positions[-1]
    apart = any(known.datum is not newest.datum or distance_m(known, newest) > SAME_BUILDING_M for known in positions)
    return None if apart else newest
