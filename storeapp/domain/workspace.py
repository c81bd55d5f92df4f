"""A batch of commands decided one after another over one reader, with nothing written until the end.

The counter and the hub both decide in a workspace: a command takes effect whole or not at all, and what
changed is written afterwards in bulk.
"""

from collections.abc import Callable, Iterable, Set
from typing import Any, TypeVar

from storeapp.domain.kernel import Command, Context, Draft, Event, Key, Pair, Reader, Refusal, State, WatchedDraft
from storeapp.domain.rules.foreign import other_store, told_elsewhere
from storeapp.domain.rules.registry import decide_in, evolve

S = TypeVar("S", bound=State)


class Workspace:
    """States as they are after the commands so far; ``dirty`` holds those that changed."""

    def __init__(self, reader: Reader, *, watched: bool = False, absent: Iterable[Pair] = ()) -> None:
        """Begin.

        Args:
            reader: what is below.
            watched: whether it is kept what commands look at.
            absent: what the reader has nothing of, as the caller knows, so that it need not be asked one by one.
        """
        self._reader = reader
        self._watched = watched
        # A tuple equals the key it is a plain form of, and is made in no time.
        self._seen: dict[Pair, Any] = dict.fromkeys(absent)
        self.dirty: dict[Key, State] = {}
        self.read: Set[Pair] = frozenset()
        """What the newest command looked at, changed, or was refused for, where that is watched."""

    def get(self, of: type[S], key_id: str) -> S | None:
        """The state of one aggregate, read once from below."""
        key = (of.KIND, key_id)
        found: Any = self._seen.get(key, self)
        if found is self:
            # Nobody's state, and no exception, which would take longer.
            found = self._seen[key] = self._reader.get(of, key_id)
        known: S | None = found
        return known

    def run(self, command: Command, ctx: Context, *, bounded: bool = False) -> tuple[Event, ...] | Refusal:
        """Decide one command; an accepted one takes effect here.

        With ``bounded`` it can't change what is another store's.
        """
        draft = self._draft()
        decided = decide_in(draft, command, ctx)
        if bounded and other_store(draft, ctx.store):
            draft = Draft(self, evolve, self._seen)
            decided = told_elsewhere(draft, ctx, command) or tuple(draft.events)
        if not isinstance(decided, Refusal):
            self._seen.update(draft.changed)  # type: ignore[arg-type]  # a key is a pair
            self.dirty |= draft.changed
        return decided

    def _draft(self) -> Draft:
        if not self._watched:
            return Draft(self, evolve, self._seen)
        watched = WatchedDraft(self, evolve, self._seen)
        self.read = watched.read
        return watched

    def perform(self, act: Callable[[Draft], None]) -> tuple[Event, ...]:
        """Do what follows from the commands and that nobody has asked for; it takes effect here."""
        draft = Draft(self, evolve, self._seen)
        act(draft)
        self._seen.update(draft.changed)  # type: ignore[arg-type]  # a key is a pair
        self.dirty.update(draft.changed)
        return tuple(draft.events)

    def replay(self, events: Iterable[Event]) -> None:
        """Let events happen that were decided before.

        Raises:
            ValueError: an event needs an aggregate that is not here.
        """
        for event in events:
            self._happen(event)

    def replay_what_fits(self, events: Iterable[Event]) -> int:
        """Let events happen as far as what they happened to is here.

        The rest was lost with a damaged journal, or the hub has yet to send it.

        Returns:
            How many were passed over.
        """
        passed_over = 0
        for event in events:
            try:
                self._happen(event)
            except ValueError:
                passed_over += 1
        return passed_over

    def _happen(self, event: Event) -> None:
        key = Key(event.OF.KIND, event.id)
        state = evolve(self.get(event.OF, event.id), event)
        self._seen[key] = self.dirty[key] = state
