"""The decider's vocabulary: states, events, commands and the draft in which one command is decided.

Every rule is a function of (command, states, context); the counter and the hub run the same ones.
``decide`` returns the events of one command or a refusal; ``evolve`` applies one event to one state.

Records are frozen and made of words, numbers and other records, so none is ever part of a cycle of references: they are
``gc=False``, or Python would look for cycles among ten thousands of them again and again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, TypeVar

from msgspec import Meta, Struct, field

from storeapp.domain.words import Role

Data = Mapping[str, str | int]

MOST_NUMBER = 2**53
"""What every JSON reader keeps exactly, and every column holds."""
Whole = Annotated[int, Meta(ge=-MOST_NUMBER, le=MOST_NUMBER)]
"""A number that is no other after it was written and read."""


class Key(NamedTuple):
    """Names one aggregate: its kind, such as ``delivery``, and its id."""

    kind: str
    id: str


Pair = tuple[str, str]
"""A plain pair equals the key that it stands for, and is made in no time."""


class State(Protocol):
    """An aggregate's state: a frozen struct that knows its kind and id."""

    KIND: ClassVar[str]

    @property
    def id(self) -> str:
        """The aggregate's id, unique in its kind."""


class Event(Protocol):
    """What happened to one aggregate: a frozen struct that names its kind and the aggregate's id."""

    KIND: ClassVar[str]
    OF: ClassVar[type[Any]]

    @property
    def id(self) -> str:
        """The id of the aggregate it happened to."""


class Command(Protocol):
    """What somebody asks for (an intent) or states to have happened (a fact)."""

    KIND: ClassVar[str]
    FACT: ClassVar[bool]


S = TypeVar("S", bound=State)


class Reader(Protocol):
    """States as they are before the command."""

    def get(self, of: type[S], key_id: str, /) -> S | None:
        """The state of one aggregate, or None where it never existed."""


class Refusal(Struct, frozen=True, gc=False):
    """Why a command is not done: a stable code with the data that its words need."""

    code: str
    data: Data = field(default_factory=dict)


class Context(Struct, frozen=True, gc=False):
    """Who asks, where and when.

    ``now`` is the clock of the device that made the command; it never orders anything.
    ``command_id`` names what the command creates, so that both hosts create the same. ``incarnation`` names the
    numbering of an enrolled counter's commands, and ``final`` says whether nobody decides after this: the hub and a
    counter that stands alone have the last word, an enrolled counter has not.
    """

    now: datetime
    command_id: str
    store: str
    device: str
    actor: str
    role: Role = Role.MANAGER
    incarnation: str = ""
    final: bool = True


_key = tuple.__new__
"""Makes a `Key` of a pair, in a third of the time that the class takes."""

_UNSEEN: Any = object()
"""Stands for what was never asked for; an exception would take longer, and most commands ask for something new."""

Evolve = Callable[[Any, Any], Any]


class Draft:
    """The states during one command: events take effect at once, and nothing outside sees them."""

    __slots__ = ("_evolve", "_known", "_reader", "changed", "events")

    def __init__(self, reader: Reader, evolve: Evolve, known: Mapping[Pair, Any] | None = None) -> None:
        """Begin; ``known`` is what the reader would say of some keys, for one that has been asked often before."""
        self._reader = reader
        self._evolve = evolve
        self._known = {} if known is None else known
        self.changed: dict[Key, Any] = {}
        self.events: list[Event] = []

    def get(self, of: type[S], key_id: str) -> S | None:
        """The state, with the events of this command so far."""
        key = (of.KIND, key_id)
        # A changed state is never None, so one look at the table is enough.
        found: S | None = self.changed.get(key)  # type: ignore[call-overload]  # a plain pair equals the key
        if found is not None:
            return found
        found = self._known.get(key, _UNSEEN)
        return self._reader.get(of, key_id) if found is _UNSEEN else found

    def before(self, of: type[S], key_id: str) -> S | None:
        """The state as it was when this command began."""
        found: Any = self._known.get((of.KIND, key_id), _UNSEEN)
        known: S | None = self._reader.get(of, key_id) if found is _UNSEEN else found
        return known

    def emit(self, event: Event) -> None:
        """Let an event happen."""
        of, key_id = event.OF, event.id
        key = _key(Key, (of.KIND, key_id))
        state = self.changed.get(key)
        if state is None:
            state = self._known.get(key, _UNSEEN)
            if state is _UNSEEN:
                state = self._reader.get(of, key_id)
        self.changed[key] = self._evolve(state, event)
        self.events.append(event)


class WatchedDraft(Draft):
    """One that keeps which states a command has looked at or changed, for whoever may have to decide it again."""

    __slots__ = ("read",)

    def __init__(self, reader: Reader, evolve: Evolve, known: Mapping[Pair, Any] | None = None) -> None:
        """Begin as a draft does."""
        super().__init__(reader, evolve, known)
        # Plain pairs: as sets they are compared with keys, which they equal.
        self.read: set[Pair] = set()

    def get(self, of: type[S], key_id: str) -> S | None:
        """The state, with the events of this command so far."""
        self.read.add((of.KIND, key_id))
        return super().get(of, key_id)

    def before(self, of: type[S], key_id: str) -> S | None:
        """The state as it was when this command began."""
        self.read.add((of.KIND, key_id))
        return super().before(of, key_id)

    def emit(self, event: Event) -> None:
        """Let an event happen."""
        self.read.add((event.OF.KIND, event.id))
        super().emit(event)
