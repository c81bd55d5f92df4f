"""The address book of this counter: the buildings it knows, and how finished deliveries make it grow."""

from storeapp.adapters.addressbook import AddressBook
from storeapp.domain.address import building_key, parse_address
from storeapp.domain.catalogue import Building
from storeapp.domain.incoming import Person
from storeapp.domain.place import Position
from storeapp.domain.reference import BuildingRow
from storeapp.services.counter import Counter


def building_id(row: BuildingRow) -> str:
    """The id of a building: its parts, which are public knowledge."""
    return "|".join((row.city, row.district, row.street, row.lane))


def building_of(person: Person) -> str:
    """The id of the building a person's address leads to, empty where street or number is missing."""
    key = building_key(parse_address(person.address))
    return "|".join((key.city, key.district, key.street, key.lane)) if key else ""


def load_book(counter: Counter) -> AddressBook:
    """The buildings known now."""
    return AddressBook(_row(building) for building in counter.cache.every(Building))


def _row(building: Building) -> BuildingRow:
    city, district, street, lane = building.id.split("|")
    return BuildingRow(city, district, street, lane, building.position)


def known_buildings(counter: Counter) -> list[BuildingRow]:
    """All buildings of the address book in the order of their addresses, to choose one by hand."""
    rows = [_row(building) for building in counter.cache.every(Building)]
    return sorted(rows, key=lambda row: (row.city, row.district, row.street, row.lane))


def locate(book: AddressBook, person: Person) -> Position | None:
    """Where a person's building stands, None where the book does not surely know."""
    return book.locate(parse_address(person.address)) if person.address else None
