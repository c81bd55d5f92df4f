"""Looks at the moments in a command: one without a zone, or of another age, would stop the screens of every counter.

Which fields hold moments is worked out once for each kind of command, so that most cost one look.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from storeapp.domain.kernel import Command

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""A clock that was never set says 1970 or 2000; shown in any zone, these years are still years."""
_PLAIN = (datetime, datetime | None)
_Look = Callable[[Any], bool]
"""Whether all moments in a value are sound; true of a value that is of another type."""


def is_sound(moment: datetime) -> bool:
    """Whether every counter can show and compare it."""
    return moment.tzinfo is not None and FIRST_YEAR <= moment.year <= LAST_YEAR


def has_sound_moments(command: Command) -> bool:
    """Whether that is true of every moment in a command, wherever it stands in it."""
    look = _look(type(command))
    return look is None or look(command)


@cache
def _look(of: Any) -> _Look | None:
    """How to look at the moments in a value of a type; None where it can't hold any."""
    if isinstance(of, type) and issubclass(of, datetime):
        return lambda value: not isinstance(value, datetime) or is_sound(value)
    if isinstance(of, type) and (issubclass(of, Struct) or is_dataclass(of)):
        return _in_fields(of)
    inner = [look for each in get_args(of) if (look := _look(each)) is not None]
    return _in_members(inner) if inner else None


def _in_fields(of: type[Any]) -> _Look | None:
    plain, places = _places(of)
    if not plain and not places:
        return None
    # At least two, so that they come as a tuple, in one call.
    moments = attrgetter(*plain, plain[0]) if plain else _none

    def sound(value: Any) -> bool:
        if isinstance(value, of):
            for moment in moments(value):
                # As `is_sound`, which would take as long again to call.
                if moment is not None and (moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR):
                    return False
            for name, look in places:
                if not look(getattr(value, name)):
                    return False
        return True

    return sound


def _places(of: type[Any]) -> tuple[list[str], list[tuple[str, _Look]]]:
    """Where a record of a type has its moments: the paths of those that it always has, and how to look at the rest."""
    hints = get_type_hints(of)
    names = of.__struct_fields__ if issubclass(of, Struct) else tuple(field.name for field in fields(of))
    plain: list[str] = []
    places: list[tuple[str, _Look]] = []
    for name in names:
        hint = hints[name]
        inner = _places(hint) if isinstance(hint, type) and issubclass(hint, Struct) else None
        if hint in _PLAIN:
            plain.append(name)
        elif inner is not None and not inner[1]:
            plain += [f"{name}.{path}" for path in inner[0]]
        elif (look := _look(hint)) is not None:
            places.append((name, look))
    return plain, places


def _none(_value: Any) -> tuple[datetime, ...]:
    return ()


def _in_members(looks: list[_Look]) -> _Look:
    """Of a union, a tuple or a mapping: whichever look knows the type of a member looks at it."""

    def sound(value: Any) -> bool:
        members = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else (value,)
        return all(look(member) for member in members for look in looks)

    return sound
