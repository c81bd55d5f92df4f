"""Looks at the moments in a command: one without a zone, or of another age, would stop the screens of every counter.

Which fields hold moments is worked out once for each kind of command, so that most cost one look.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_type_hints

from storeapp.domain.kernel import Command

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""A clock that was never set says 1970 or 2000; shown in any zone, these years are still years."""
_Look = Callable[[Any], Iterator[datetime]]


def is_sound(moment: datetime) -> bool:
    """Whether every counter can show and compare it."""
    return moment.tzinfo is not None and FIRST_YEAR <= moment.year <= LAST_YEAR


def moments_of(command: Command) -> Iterator[datetime]:
    """Every moment in a command, wherever it stands in it."""
    look = _look(type(command))
    return look(command) if look else iter(())


@cache
def _look(of: Any) -> _Look | None:
    """How to find the moments in a value of a type; None where it can't hold any."""
    if isinstance(of, type) and issubclass(of, datetime):
        return lambda value: iter((value,) if isinstance(value, datetime) else ())
    if isinstance(of, type) and is_dataclass(of):
        return _in_fields(of)
    inner = [look for each in get_args(of) if (look := _look(each)) is not None]
    return _in_members(inner) if inner else None


def _in_fields(of: type[Any]) -> _Look | None:
    hints = get_type_hints(of)
    places = [(field.name, look) for field in fields(of) if (look := _look(hints[field.name])) is not None]
    if not places:
        return None

    def found(value: Any) -> Iterator[datetime]:
        if isinstance(value, of):
            for name, look in places:
                yield from look(getattr(value, name))

    return found


def _in_members(looks: list[_Look]) -> _Look:
    """Of a union, a tuple or a mapping: whichever look knows the type of a member finds something in it."""

    def found(value: Any) -> Iterator[datetime]:
        members = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else (value,)
        for member in members:
            for look in looks:
                yield from look(member)

    return found
