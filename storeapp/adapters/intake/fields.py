"""Single values of foreign files: exactly right, or refused with the field's name and a stable code."""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from storeapp.adapters.intake import limits
from storeapp.domain.moment import Window, utc
from storeapp.domain.money import yuan_to_fen
from storeapp.domain.place import Datum, Position

_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?", re.ASCII)
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+", re.ASCII)
_MOMENT = re.compile(
    r"(20[0-9]{2})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:T| +)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?"
    r" *(Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_FIRST_SECOND, _LAST_SECOND = 946_684_800, 4_102_444_800
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


class BadField(ValueError):
    """A value that this product will not guess at; the value itself is never repeated.

    Attributes:
        field: the name as the file spells it.
        code: a stable code, worded as ``intake.error.<code>``.
    """

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


def text(value: object, field: str, limit: int) -> str:
    """One line for people: no control or direction signs, spaces collapsed; empty for an absent value.

    Raises:
        BadField: not a single value, or longer than the limit.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadField(field, "not_text")
    if len(value) > limits.CELL_CHARS:
        raise BadField(field, "too_long")
    if not (value.isascii() and value.isprintable()):
        value = _UNSEEN.sub(" ", value)
    value = _SPACES.sub(" ", value).strip()
    if len(value) > limit:
        raise BadField(field, "too_long")
    return value


def identifier(value: object, field: str, *, required: bool = True) -> str:
    """An order number or article code, exact: printable, without control signs, never rounded by a spreadsheet.

    Raises:
        BadField: absent though required, too long, or not exact.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        if required:
            raise BadField(field, "missing")
        return ""
    if not isinstance(value, str):
        raise BadField(field, "not_text")
    value = value.strip()
    if len(value) > limits.CODE_CHARS:
        raise BadField(field, "too_long")
    if not value.isprintable() or _UNSEEN.search(value):
        raise BadField(field, "control_sign")
    if _ROUNDED.fullmatch(value):
        raise BadField(field, "number_rounded")
    return value


def whole(value: object, field: str, *, least: int = 0, most: int) -> int:
    """A whole number in ASCII digits.

    Raises:
        BadField: anything else, full-width digits and ``2.0`` included.
    """
    if value is None or value == "":
        raise BadField(field, "missing")
    if not isinstance(value, str) or not _WHOLE.fullmatch(value.strip(" ")):
        raise BadField(field, "not_whole_number")
    number = int(value)
    if not least <= number <= most:
        raise BadField(field, "out_of_range")
    return number


def quantity(value: object, field: str) -> int:
    """Pieces of one article, at least one."""
    return whole(value, field, least=1, most=limits.QUANTITY)


def amount_fen(value: object, field: str) -> int:
    """An amount given in fen."""
    return whole(value, field, most=limits.AMOUNT_FEN)


def amount_yuan(value: object, field: str) -> int:
    """An amount given in yuan with at most two places, in fen.

    Raises:
        BadField: absent, negative, not a plain decimal or too large.
    """
    if value is None or value == "":
        raise BadField(field, "missing")
    if not isinstance(value, str):
        raise BadField(field, "not_amount")
    try:
        fen = yuan_to_fen(value)
    except ValueError:
        raise BadField(field, "not_amount") from None
    if not 0 <= fen <= limits.AMOUNT_FEN:
        raise BadField(field, "out_of_range")
    return fen


def moment(value: object, field: str, *, zone: tzinfo | None) -> datetime:
    """An instant in UTC from a date and time; ``zone`` holds where the text gives no offset.

    Raises:
        BadField: absent, no such moment, a date without a time, or no offset although ``zone`` is None.
    """
    if value is None or value == "":
        raise BadField(field, "missing")
    if not isinstance(value, str) or (match := _MOMENT.fullmatch(value.strip())) is None:
        raise BadField(field, "not_moment")
    year, month, day, hour, minute, second, offset = match.groups()
    if not offset and zone is None:
        raise BadField(field, "moment_without_offset")
    try:
        wall = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)
        if offset:
            wall = wall.replace(tzinfo=UTC if offset == "Z" else datetime.strptime(offset, "%z").tzinfo)
        return utc(wall)
    except ValueError:
        raise BadField(field, "not_moment") from None


def epoch(value: object, field: str) -> datetime:
    """An instant from whole seconds since 1970, between the years 2000 and 2100."""
    return datetime.fromtimestamp(whole(value, field, least=_FIRST_SECOND, most=_LAST_SECOND), UTC)


def window(start: datetime, end: datetime, field: str) -> Window:
    """A promise.

    Raises:
        BadField: it would end before it starts.
    """
    if end <= start:
        raise BadField(field, "window_reversed")
    return Window(start, end)


def position(
    lat: object, lng: object, *, lat_field: str, lng_field: str, datum: Datum = Datum.WGS84
) -> Position | None:
    """A point, or None where either coordinate is absent or both are zero, which is how exports write *none*.

    Raises:
        BadField: not decimal degrees, or outside the globe.
    """
    lat_degrees, lng_degrees = _degrees(lat, lat_field, 90), _degrees(lng, lng_field, 180)
    if lat_degrees is None or lng_degrees is None or (lat_degrees == 0 and lng_degrees == 0):
        return None
    return Position(float(lat_degrees), float(lng_degrees), datum)


def _degrees(value: object, field: str, most: int) -> Decimal | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _DEGREES.fullmatch(value.strip()):
        raise BadField(field, "not_coordinate")
    degrees = Decimal(value.strip())
    if abs(degrees) > most:
        raise BadField(field, "out_of_range")
    return degrees


def is_masked(value: str) -> bool:
    """Whether a platform has hidden part of a text behind stars."""
    return "*" in unicodedata.normalize("NFKC", value)


def has_han(value: str) -> bool:
    """Whether a text contains a Chinese character."""
    return any("㐀" <= sign <= "鿿" for sign in value)
