"""Turns commands, events and states into JSON and back; the bytes that were hashed are the bytes kept."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from storeapp.domain.kernel import Command, Event, State
from storeapp.domain.rules.registry import COMMANDS, EVENTS, STATES

encode = msgspec.json.Encoder().encode
_fields = msgspec.json.Decoder(dict[str, Any])
_events = msgspec.json.Decoder(list[tuple[str, msgspec.Raw]])


Retold = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]
FORMER: dict[str, Retold] = {}
"""Kinds of commands, events and states that only older programs write: each as what it is called and tells now.

A kind never changes its meaning. Fields are added with a default; whatever else changes gets a new kind, and the old
one is told anew from here: at the counter that kept it, and at a hub that a counter of before sends it to.
"""


class UnknownKind(ValueError):
    """A newer program wrote a kind of command, event or state that this one does not know."""


class Malformed(ValueError):
    """The bytes are not what their kind says; the message names the kind and the field, never what stands there."""

    def __init__(self, kind: str, field: str = "") -> None:
        super().__init__(f"{kind} {field}".rstrip())
        self.kind = kind
        self.field = field


class UnknownValue(Malformed):
    """A newer program wrote a value, in a field of a known kind, that this one has no word for."""


UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""What a decoder raises."""

# The library ends its message with the path of names in our own types.
_FIELD = re.compile(r"`(\$[a-z0-9_.\[\]]*)`$")

_UNKNOWN_VALUE = "Invalid enum value"

_decoders = {of: msgspec.json.Decoder(of) for of in (*COMMANDS.values(), *EVENTS.values(), *STATES.values())}


def _decode(table: dict[str, type[Any]], kind: str, body: bytes | msgspec.Raw) -> Any:
    of = table.get(kind)
    if of is None:
        return _decode(table, *_told_anew(kind, body))
    return _checked(_decoders[of], kind, body)


def _told_anew(kind: str, body: bytes | msgspec.Raw) -> tuple[str, bytes]:
    retold = FORMER.get(kind)
    if retold is None:
        raise UnknownKind(kind)
    try:
        now, content = retold(_checked(_fields, kind, body))
    except (KeyError, TypeError, ValueError):
        raise Malformed(kind) from None
    return now, encode(content)


def _checked(decoder: msgspec.json.Decoder[Any], kind: str, body: bytes | msgspec.Raw) -> Any:
    try:
        return decoder.decode(body)
    except UNREADABLE as error:
        found = _FIELD.search(str(error))
        failure = UnknownValue if str(error).startswith(_UNKNOWN_VALUE) else Malformed
    # Not chained: the library's message can quote a value, which may be personal.
    raise failure(kind, found[1] if found else "")


def decode_command(kind: str, body: bytes | msgspec.Raw) -> Command:
    """The command of a kind.

    Raises:
        UnknownKind: there is no such command.
        Malformed: the body does not fit it.
    """
    command: Command = _decode(COMMANDS, kind, body)
    return command


StateReader = Callable[[bytes | msgspec.Raw], Any]
STATE_READERS: dict[str, StateReader] = {kind: _decoders[of].decode for kind, of in STATES.items()}
"""How a state of each kind is read by whoever has thousands, who asks `decode_state` where that raises `UNREADABLE`."""


def is_known_state(kind: str) -> bool:
    """Whether this program has such an aggregate."""
    return kind in STATES or kind in FORMER


def decode_state(kind: str, body: bytes | msgspec.Raw) -> State:
    """The state of an aggregate of a kind.

    Raises:
        UnknownKind: there is no such aggregate.
        Malformed: the body does not fit it.
    """
    state: State = _decode(STATES, kind, body)
    return state


def encode_events(events: Iterable[Event]) -> bytes:
    """Events in order, each with its kind."""
    return encode([(event.KIND, event) for event in events])


def decode_events(body: bytes) -> list[Event]:
    """The events that `encode_events` wrote.

    Raises:
        UnknownKind: one is of an unknown kind.
        Malformed: one does not fit its kind.
    """
    return [_decode(EVENTS, kind, raw) for kind, raw in _checked(_events, "events", body)]


def decode_known_events(body: bytes) -> tuple[list[Event], int]:
    """The same without what only a newer program knows, and how many these are.

    Raises:
        Malformed: one does not fit its kind.
    """
    known: list[Event] = []
    written = _checked(_events, "events", body)
    for kind, raw in written:
        try:
            known.append(_decode(EVENTS, kind, raw))
        except (UnknownKind, UnknownValue):
            continue
    return known, len(written) - len(known)
