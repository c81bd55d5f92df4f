"""Reads states of one moment of the hub's database, and opens what is sealed in them, in memory only."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa

from hub.core import Hub
from hub.rootkey import RootKeyWrong
from hub.tables import order_key, state
from storeapp.adapters.sealing import SealBroken, sealed_with, unseal
from storeapp.adapters.transport_keys import key_purpose
from storeapp.codec import decode_state
from storeapp.domain.datum import to_wgs84
from storeapp.domain.feeds import store_feed
from storeapp.domain.kernel import State
from storeapp.domain.place import Position

S = TypeVar("S", bound=State)
_CHUNK = 500


class Rows:
    """States as they are, on one connection."""

    def __init__(self, hub: Hub, connection: sa.Connection) -> None:
        self._hub = hub
        self._connection = connection

    def some(self, of: type[S], ids: Iterable[str]) -> dict[str, S]:
        """The states of a kind with these ids, by id."""
        query = sa.select(state.c.body).where(state.c.kind == of.KIND, self._hub.db.among(state.c.id, ids))
        found = (decode_state(of.KIND, body) for body in self._connection.scalars(query) if body)
        return {each.id: each for each in found if isinstance(each, of)}

    def of_feed(
        self, of: type[S], store: str, *, having: Sequence[bytes] = (b"",), without: Sequence[bytes] = ()
    ) -> Iterator[S]:
        """The states of a kind in a store's feed that have some of these bytes, and none of those."""
        wanted = (state.c.feed == store_feed(store), state.c.kind == of.KIND, sa.func.length(state.c.body) > 0)
        query = sa.select(state.c.body).where(*wanted).order_by(state.c.id).execution_options(yield_per=_CHUNK)
        for body in self._connection.scalars(query):
            if any(text in body for text in without) or not any(text in body for text in having):
                continue
            each = decode_state(of.KIND, body)
            if isinstance(each, of):
                yield each

    def positions(self, sealed: Mapping[str, str]) -> dict[str, Position]:
        """Where sealed records say that somebody is; what cannot be opened is left out."""
        found: dict[str, Position] = {}
        keys = self._keys(sealed)
        for subject, record in sealed.items():
            try:
                key = keys.get((subject, sealed_with(record)))
                person = unseal(record, key, subject=subject) if key else None
            except SealBroken:
                continue
            if person is not None and person.position is not None:
                found[subject] = to_wgs84(person.position)
        return found

    def _keys(self, subjects: Iterable[str]) -> dict[tuple[str, bytes], bytes]:
        found = {}
        query = sa.select(order_key).where(self._hub.db.among(order_key.c.subject, subjects))
        for subject, key_id, wrapped in self._connection.execute(query):
            try:
                found[subject, bytes(key_id)] = self._hub.root.unwrap(wrapped, key_purpose(subject, key_id))
            except RootKeyWrong:
                continue  # Its delivery is left with a reason.
        return found
