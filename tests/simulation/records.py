"""What the hub has written, read in one go for the invariants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from hub import allotting
from hub.core import Hub
from hub.tables import command_result, event_log, head, incarnation, parked, state
from storeapp.codec import decode_command, decode_events
from storeapp.domain.delivery import Delivery, DeliveryOpened, Holder, Link, Parcel, Proof
from storeapp.domain.kernel import Event, Key
from storeapp.domain.order import OrderPlaced, order_id
from storeapp.domain.rules.orders import PlaceOrder


@dataclass(frozen=True, slots=True)
class Result:
    """One answered command."""

    id: str
    device: str
    incarnation: str
    seq: int
    status: str
    problem: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One state in its feed."""

    feed: str
    seq: int
    key: Key
    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Happened:
    """One applied command with its events."""

    n: int
    command: str
    kind: str
    store: str
    device: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """All of it at one moment."""

    epoch: str
    results: Sequence[Result]
    rows: Sequence[Row]
    heads: Mapping[str, int]
    last_seqs: Mapping[tuple[str, str], int]
    log: Sequence[Happened]
    parked: frozenset[str]

    @property
    def ids(self) -> set[str]:
        """Every command the hub has in whatever way."""
        logged = {one.command for one in self.log if one.kind != allotting.KIND}
        return {one.id for one in self.results} | logged | self.parked


class Reader:
    """Reads records, and decodes every event only once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, bytes], Happened] = {}
        self._before: tuple[int, Records] | None = None

    def read(self, hub: Hub, *, activity: int) -> Records:
        """The records as they are now; without new activity they are as they were."""
        if self._before is None or self._before[0] != activity:
            with hub.db.reading() as connection:
                self._before = activity, self._all(hub, connection)
        return self._before[1]

    def _all(self, hub: Hub, connection: sa.Connection) -> Records:
        c, s = command_result.c, state.c
        results = sa.select(c.id, c.device, c.incarnation, c.seq, c.status, c.problem)
        rows = sa.select(s.feed, s.seq, s.kind, s.id, s.version, s.body).order_by(s.feed, s.seq)
        return Records(
            epoch=hub.identity.epoch,
            results=[Result(*row[:5], bytes(row[5] or b"")) for row in connection.execute(results)],
            rows=[Row(f, n, Key(k, i), v, bytes(b)) for f, n, k, i, v, b in connection.execute(rows)],
            heads=dict(map(tuple, connection.execute(sa.select(head)))),
            last_seqs={(d, i): n for d, i, n in connection.execute(sa.select(incarnation))},
            log=[self._happened(row) for row in connection.execute(sa.select(event_log).order_by(event_log.c.n))],
            parked=frozenset(connection.scalars(sa.select(parked.c.id))),
        )

    def _happened(self, row: Any) -> Happened:
        # A hub set back decides a command again, under the number it had, and perhaps with other events.
        key = (row.command_id, row.n, bytes(row.events))
        if key not in self._known:
            told = [_in_full(row, *event) for event in msgspec.json.decode(row.events) if event[0] != OrderPlaced.KIND]
            events = tuple(decode_events(msgspec.json.encode(told)))
            self._known[key] = Happened(row.n, row.command_id, row.kind, row.store, row.device, events)
        return self._known[key]


def _in_full(row: Any, kind: str, told: Any) -> tuple[str, Any]:
    """An event as it happened; of the job of a new order the log has what the command beside it does not say."""
    if kind != DeliveryOpened.KIND:
        return kind, told
    command = decode_command(row.kind, row.body)
    assert isinstance(command, PlaceOrder)
    here = Link(Holder.STORE, command.store, datetime.fromisoformat(row.at), row.device, row.actor, Proof.NONE)
    job = Delivery(
        id=told["id"],
        order_id=order_id(command.platform, command.order_no),
        store=command.store,
        mode=command.mode,
        window=command.window,
        pieces=told["pieces"],
        weight_g=told["weight_g"],
        parcels=(Parcel(1, (here,)),),
    )
    return kind, DeliveryOpened(job.id, job)
