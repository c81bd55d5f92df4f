"""Looks over what counters send before a rule or a database meets it: what no database keeps must stop no queue.

PostgreSQL takes no NUL in a text and no long text in an index; JSON numbers have no end, and columns have.
"""

from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from storeapp.codec import Malformed
from storeapp.domain.kernel import MOST_NUMBER
from storeapp.domain.rules.registry import COMMANDS

MOST_ID_BYTES = 500
"""PostgreSQL takes about 2,700 bytes for all columns of an index together."""

_NUL = b"\\u0000"
_KINDS = bytes(
    48 if byte in b"0123456789." else 69 if byte in b"eE" else 58 if byte in b":[," else 32 for byte in range(256)
)
_NO_MATTER = b"+- \t\r\n"
_LONG, _POWER = b":" + b"0" * 16, b"0E"
"""How the numbers in question look once every digit is a zero, and whatever a number can follow is a colon."""


def _is_bounded(of: Any) -> bool:
    """Whether the decoder refuses every number that is too large for a value of a type."""
    if get_origin(of) is Annotated:
        plain, *hints = get_args(of)
        bounds = [bound for hint in hints if isinstance(hint, msgspec.Meta) for bound in (hint.ge, hint.le)]
        if plain is int and len(bounds) == 2:
            return all(bound is not None and abs(bound) <= MOST_NUMBER for bound in bounds)
        return _is_bounded(plain)
    if get_origin(of) is not None or not isinstance(of, type):
        return bool(get_args(of)) and all(_is_bounded(each) for each in get_args(of) if each is not ...)
    if issubclass(of, msgspec.Struct) or is_dataclass(of):
        return all(map(_is_bounded, get_type_hints(of, include_extras=True).values()))
    return issubclass(of, (str, bool, datetime, Enum, type(None)))


_BOUNDED = frozenset(kind for kind, command in COMMANDS.items() if _is_bounded(command))
"""Kinds in whose bodies nobody need look for endless numbers; what they don't know is kept as it came, and not read."""


class Unkeepable(ValueError):
    """An id that no database takes."""


def is_text(text: str) -> bool:
    """Whether every database takes it."""
    return "\0" not in text


def is_id(text: str) -> bool:
    """Whether every database takes it as a key."""
    # No letter takes more than four bytes.
    return "\0" not in text and (4 * len(text) <= MOST_ID_BYTES or len(text.encode()) <= MOST_ID_BYTES)


def keepable(text: str) -> str:
    """A text that is only told to people, with what no database takes replaced."""
    return text[:MOST_ID_BYTES].replace("\0", "\ufffd")


def check_body(kind: str, body: bytes) -> None:
    """Refuse values that no database keeps; most bodies are seen at a glance to have none.

    Raises:
        Malformed: there is a NUL in a text, or a number beyond what is kept exactly.
    """
    # To ask with `in` makes an error first that nobody reads.
    if body.find(_NUL) < 0 and (kind in _BOUNDED or not _has_long_number(body)):
        return
    try:
        sound = _is_sound(msgspec.json.decode(body))
    except (msgspec.MsgspecError, RecursionError):
        sound = False
    if not sound:
        raise Malformed(kind)


def _has_long_number(body: bytes) -> bool:
    """Whether there may be one; a text may look like it, too."""
    kinds = body.translate(_KINDS, _NO_MATTER)
    return kinds.find(_LONG) >= 0 or _has_power(kinds)


def _has_power(kinds: bytes) -> bool:
    """Whether digits from a colon on end in an E; sealed records are full of digits before an E that do not."""
    at = kinds.find(_POWER)
    while at >= 0:
        if not kinds[kinds.rfind(b":", 0, at) + 1 : at].strip(b"0"):
            return True
        at = kinds.find(_POWER, at + 1)
    return False


def _is_sound(value: Any) -> bool:
    match value:
        case str():
            return is_text(value)
        case bool() | None:
            return True
        case int() | float():
            return abs(value) <= MOST_NUMBER
        case dict():
            return all(is_text(name) and _is_sound(inner) for name, inner in value.items())
        case _:
            return all(map(_is_sound, value))
