"""Chinese urban addresses are free text; the parts that name a building are read out, the rest stays hidden."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

_HAN = "㐀-鿿"
_NAME = f"[{_HAN}]"
_COUNT = "(?:[0-9]+[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十百]+)"
_PROVINCE = re.compile(rf"{_NAME}{{2,8}}?(?:省|自治区|特别行政区)")
_CITY = re.compile(rf"{_NAME}{{2,6}}?(?:市|自治州)(?!路|街)")
_MUNICIPALITY = re.compile(rf"(上海|北京|天津|重庆)(?={_NAME}{{1,6}}?[区县])")
_DISTRICT = re.compile(rf"{_NAME}{{1,6}}?(?:区|县|旗|市)(?!路|街)")
_NOT_A_DISTRICT = re.compile(r"(?:小|社|园|校|厂|街|院|景|住宅|生活|开发)区$|[路街道弄号]")
_TOWN = re.compile(rf"{_NAME}{{2,6}}?(?:街道|镇|乡)(?!路|{_NAME}{{0,3}}路[0-9]*[弄号]?$)(?={_NAME})")
_STREET = re.compile(r"[㐀-鿿]{1,9}?(?:大道|大街|公路|路|街(?!道|区|坊)|胡同|[道巷](?=[0-9]))")
_HOUSED = re.compile(r"[室层户号栋幢单元]")
_PLACE = re.compile(rf"{_NAME}{{2,12}}?(?:小区|花园|公寓|大厦|广场|新村|家园|中心|[苑庭府坊])")
_LANE = re.compile(r"([0-9]+[A-Za-z]?(?:-[0-9]+)?)(弄|巷|号院|号(?!楼))")
_BUILDING = re.compile(rf"{_COUNT}(?:号楼|支弄|号|栋|幢|座)")
_ROOM = re.compile(
    rf"(?:{_COUNT}单元)?(?:{_COUNT}(?:层|楼|[Ff]))?(?:[A-Za-z]?[0-9]+[A-Za-z]?(?:-[0-9A-Za-z]+)*(?:室|房|户)?)?"
)
_NUMBER = re.compile("[0-9]")
_ONLY_NUMBER = re.compile("[0-9]+[弄号]?")
_COMMAS = str.maketrans("", "", ",;、")
HIDDEN = "***"
"""What stands on paper and screens for the part of an address that is nobody's business."""


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address, each empty where the text does not state it.

    ``lane`` is the first number after the street with its word (``170弄``, ``170号``), ``building`` the house
    behind it, ``room`` unit, floor and room, ``rest`` whatever was not understood.
    """

    city: str = ""
    district: str = ""
    street: str = ""
    lane: str = ""
    building: str = ""
    room: str = ""
    rest: str = ""

    def masked(self) -> str:
        """The address down to the house; unit, floor, room and everything not understood are hidden."""
        shown = self.city + self.district + self.street + self.lane + self.building
        return shown + HIDDEN if self.room or self.rest else shown


@dataclass(frozen=True, slots=True)
class BuildingKey:
    """What the address book may keep: street and number, never a house behind a lane, a room or a person."""

    city: str
    district: str
    street: str
    lane: str


class _Reader:
    """Takes known parts off the front of a text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text)
        if match is None:
            return ""
        self.text = self.text[match.end() :]
        return match.group()

    def skip(self, word: str) -> None:
        if word and self.text.startswith(word):
            self.text = self.text[len(word) :]


def parse_address(text: str, *, city: str = "", district: str = "") -> Address:
    """Read an address; never fails, what it cannot place goes to ``rest``.

    Args:
        text: the address as written, with or without city and district.
        city: stands in where the text names none.
        district: stands in where the text names none.
    """
    reader = _Reader(_tidied(text))
    found_city, found_district = _region(reader)
    town = reader.take(_TOWN)
    street = _street(reader)
    lane = reader.take(_LANE) if street else ""
    building = reader.take(_BUILDING)
    room = reader.take(_ROOM)
    return Address(
        city=found_city or city,
        district=found_district or district,
        street=street,
        lane=lane,
        building=building,
        room=room,
        rest=town + reader.text,
    )


StreetIn = Callable[[str], tuple[str, int]]


def street_and_lane(text: str, find_street: StreetIn | None = None) -> tuple[str, str]:
    """Only these two parts of an address, for whoever has thousands to read.

    Args:
        text: the address as written.
        find_street: `street_in`, where it remembers what it has found: a whole street long it is asked for the same.
    """
    tidied = _tidied(text)
    number = _NUMBER.search(tidied)
    start = number.start() if number else len(tidied)
    # Nothing up to the street holds a digit, and of what follows only so much matters: a number that ends the address.
    follows = "" if number is None else "0" if _ONLY_NUMBER.fullmatch(tidied, start) else "0-"
    street, end = (find_street or street_in)(tidied[:start] + follows)
    lane = _LANE.match(tidied, end) if street else None
    return street, lane.group() if lane else ""


def street_in(tidied: str) -> tuple[str, int]:
    """The street in what `street_and_lane` has made of an address, and where it ends there."""
    reader = _Reader(tidied)
    _region(reader)
    reader.take(_TOWN)
    street = _street(reader)
    return street, len(tidied) - len(reader.text)


def _tidied(text: str) -> str:
    """In one width, without blanks and commas; most addresses have none, which is told sooner than changed."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return plain.translate(_COMMAS) if "," in plain or ";" in plain or "、" in plain else plain


def building_key(address: Address) -> BuildingKey | None:
    """The key of the building in the address book; None where street or number is missing."""
    if not (address.street and address.lane):
        return None
    return BuildingKey(address.city, address.district, address.street, address.lane)


def _region(reader: _Reader) -> tuple[str, str]:
    province = reader.take(_PROVINCE)
    city = reader.take(_CITY)
    if not city:
        short = reader.take(_MUNICIPALITY)
        city = f"{short}市" if short else ""
    reader.skip(city)
    return city or province, _district(reader)


def _district(reader: _Reader) -> str:
    match = _DISTRICT.match(reader.text)
    return "" if match is None or _NOT_A_DISTRICT.search(match.group()) else reader.take(_DISTRICT)


def _street(reader: _Reader) -> str:
    for pattern in (_STREET, _PLACE):
        match = pattern.match(reader.text)
        if match is not None and not _HOUSED.search(match.group()):
            return reader.take(pattern)
    return ""
