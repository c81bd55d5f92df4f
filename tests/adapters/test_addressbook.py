"""The address book finds known buildings and never takes a neighbour's position."""

import pytest

from storeapp.adapters.addressbook import AddressBook
from storeapp.domain.address import parse_address
from storeapp.domain.place import Position
from storeapp.domain.reference import BuildingRow

HERE = Position(31.2059, 121.4453)
NEAR = Position(31.2060, 121.4454)
FAR = Position(31.2200, 121.4600)


def building(lane: str = "170弄", at: Position = HERE, district: str = "徐汇区", street: str = "衡山路") -> BuildingRow:
    return BuildingRow("上海市", district, street, lane, at)


def locate(book: AddressBook, text: str) -> Position | None:
    return book.locate(parse_address(text))


@pytest.mark.parametrize("text", ["上海市徐汇区衡山路170弄8号801室", "徐汇区衡山路１７０弄", "衡山路 170弄 9号"])
def test_a_known_building_is_found_whatever_the_house(text: str) -> None:
    assert locate(AddressBook([building()]), text) == HERE


@pytest.mark.parametrize(
    "text", ["衡山路172弄8号", "衡山路170号", "衡山路", "静安区衡山路170弄", "北京市徐汇区衡山路170弄", ""]
)
def test_a_neighbour_is_never_taken(text: str) -> None:
    assert locate(AddressBook([building(), building("168弄"), building("174弄")]), text) is None


def test_two_districts_with_one_street_need_the_district() -> None:
    book = AddressBook([building(), building(district="静安区", at=FAR)])
    assert locate(book, "衡山路170弄") is None
    assert locate(book, "静安区衡山路170弄") == FAR


def test_the_newest_of_agreeing_positions_counts() -> None:
    assert locate(AddressBook([building(), building(at=NEAR)]), "衡山路170弄") == NEAR


def test_positions_that_contradict_each_other_are_no_position() -> None:
    assert locate(AddressBook([building(), building(at=FAR)]), "衡山路170弄") is None


def test_a_building_learned_later_is_found() -> None:
    book = AddressBook()
    book.add(building(lane="１７０弄"))
    assert locate(book, "衡山路170弄") == HERE
