"""Keeps the cache's views in step with its states: lists, search, slips, exceptions, history."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import msgspec
from sqlite_utils import Database

from storeapp.domain.delivery import Delivery, slip_name
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.held import HeldCommand
from storeapp.domain.kernel import Event, Key, Pair, State
from storeapp.domain.order import Order, OrderStatus, delivery_id, order_of
from storeapp.domain.stock import StockMoved
from storeapp.store import bulk, finder
from storeapp.store.journal import Entry

_LINE = """order_id, order_no, state, status, window_start, window_end, created_at, guide, pieces, needs, finished_at,
    closed_at, is_sealed, words"""
_SHOWN_ANEW = """ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, status = excluded.status,
    window_start = excluded.window_start, window_end = excluded.window_end, guide = excluded.guide,
    pieces = excluded.pieces, needs = excluded.needs, finished_at = excluded.finished_at,
    closed_at = excluded.closed_at, is_sealed = excluded.is_sealed, words = excluded.words"""


_EPOCH, _DAY_S = datetime(1970, 1, 1, tzinfo=UTC), 24 * 3600
_TO_SECONDS = len("2026-11-21T01:00:00Z")

TABLES = ("delivery_view", "slip_view", "case_view", "held_view")
"""What `project` makes from the states, beside the full text of ``delivery_view``."""


@dataclass(slots=True)
class Lines:
    """What the views say of some states, made of nothing but them."""

    orders: dict[str, tuple[object, ...]] = field(default_factory=dict)
    """The line of each order of which both sides are known, the order and its delivery; its words are the last."""
    halves: dict[str, None] = field(default_factory=dict)
    """Orders of which one side must be looked up."""
    slips: list[tuple[str, str, int]] = field(default_factory=list)
    cases: list[tuple[object, ...]] = field(default_factory=list)
    held: list[HeldCommand] = field(default_factory=list)
    people: list[Order] = field(default_factory=list)
    """Open orders that are to be found by their people."""
    over: list[Order] = field(default_factory=list)
    """Orders that nobody is to find by their people any more."""

    def add(self, others: "Lines") -> None:
        """Take in what other states say, of which none is among these."""
        self.orders |= others.orders
        self.halves |= others.halves
        self.slips += others.slips
        self.cases += others.cases
        self.held += others.held
        self.people += others.people
        self.over += others.over


def lines_of(changed: Mapping[Key, State] | Mapping[Pair, State]) -> Lines:
    """What the views say of these states; it needs no database."""
    lines, orders, deliveries = Lines(), dict[str, Order](), dict[str, Delivery]()
    for state in changed.values():
        if isinstance(state, Order):
            orders[state.id] = state
        elif isinstance(state, Delivery):
            deliveries[state.id] = state
            _add_slips(lines, state)
        elif isinstance(state, ExceptionCase):
            lines.cases.append((state.id, state.kind, state.open, stamp(state.opened_at), state.subject))
        elif isinstance(state, HeldCommand):
            lines.held.append(state)
    for order_id, order in orders.items():
        if order.status is not OrderStatus.OPEN:
            if not order.sealed:
                lines.over.append(order)
        elif order.sealed:
            lines.people.append(order)
        delivery = deliveries.get(delivery_id(order_id))
        if delivery is None:
            lines.halves[order_id] = None
        else:
            lines.orders[order_id] = _line(order, delivery)
    lines.halves |= {each.order_id: None for each in deliveries.values() if each.order_id not in orders}
    return lines


def project(
    db: Database, changed: Mapping[Key, State] | Mapping[Pair, State], *, lookup: Any, lines: Lines | None = None
) -> None:
    """Bring the views up to the changed states.

    ``lookup(kind, id)`` reads a state that did not change, because a row shows an order with its delivery. ``lines`` is
    what `lines_of` makes of the states, where that was done before; it is filled up.
    """
    lines = lines_of(changed) if lines is None else lines
    for order_id in lines.halves:
        order = changed.get(Key(Order.KIND, order_id)) or lookup(Order, order_id)
        if isinstance(order, Order):
            delivery = changed.get(Key(Delivery.KIND, order.delivery_id)) or lookup(Delivery, order.delivery_id)
            if isinstance(delivery, Delivery):
                lines.orders[order_id] = _line(order, delivery)
    _write_orders(db, lines)
    slips = sorted(lines.slips, key=itemgetter(0))
    bulk.insert(db, "INSERT OR IGNORE INTO slip_view (slip_id, delivery_id, parcel)", slips)
    bulk.insert(db, "INSERT OR REPLACE INTO case_view (id, kind, is_open, opened_at, subject)", lines.cases)
    held = [(state.id, state.root, state.open, stamp(state.at)) for state in lines.held]
    bulk.insert(db, "INSERT OR REPLACE INTO held_view (id, root, is_open, at)", held)
    if lines.over:
        finder.remove(db, [order.id for order in lines.over])


def _write_orders(db: Database, lines: Lines) -> None:
    if not lines.orders:
        return
    last = db.conn.execute("SELECT coalesce(max(n), 0) FROM delivery_view").fetchone()[0]
    # In the order of the indexes, which are then written from end to end; SQLite numbers them from there on.
    rows = sorted(lines.orders.values(), key=itemgetter(0))
    fresh = bulk.insert(db, f"INSERT INTO delivery_view ({_LINE})", rows, "ON CONFLICT (order_id) DO NOTHING")
    if fresh:
        _index(db, after=last)
    if fresh < len(rows):
        known = {order_id: line for order_id, line in _known(db, list(lines.orders)).items() if line[0] <= last}
        _show_anew(db, [(n, *lines.orders[order_id]) for order_id, (n, _) in known.items()], dict(known.values()))


def _index(db: Database, *, after: int) -> None:
    """Let full text find the lines with higher numbers: order numbers, SKUs and names; nothing personal is in them."""
    db.conn.execute("INSERT INTO search (rowid, words) SELECT n, words FROM delivery_view WHERE n > ?", (after,))


def _show_anew(db: Database, rows: Sequence[tuple[Any, ...]], said: Mapping[int, str]) -> None:
    """Write lines again that are shown, and index those whose words are others than what was said."""
    changed = {n: now for n, *_, now in rows if said[n] != now}
    _unindex(db, [(n, said[n]) for n in changed])
    bulk.insert(db, f"INSERT INTO delivery_view (n, {_LINE})", rows, _SHOWN_ANEW)
    db.conn.executemany("INSERT INTO search (rowid, words) VALUES (?, ?)", list(changed.items()))


def _unindex(db: Database, lines: Iterable[tuple[int, str]]) -> None:
    """Take lines out of the full text, which must be told what it was given."""
    db.conn.executemany("INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)", list(lines))


def _known(db: Database, orders: Sequence[str]) -> dict[str, tuple[int, str]]:
    """The row number of each order that is shown, with the words under which it is found so far."""
    sql = "SELECT order_id, n, words FROM delivery_view WHERE order_id IN (SELECT value FROM json_each(?))"
    return {order_id: (n, text) for order_id, n, text in db.conn.execute(sql, (json.dumps(orders),))}


def empty(db: Database) -> None:
    """Forget every line."""
    db.execute("INSERT INTO search (search) VALUES ('delete-all')")
    for table in TABLES:
        db.execute(f"DELETE FROM {table}")


def _line(order: Order, delivery: Delivery) -> tuple[object, ...]:
    return (
        order.id,
        order.order_no,
        # SQLite's module takes a plain text and a number in half the time.
        str(delivery.state),
        str(order.status),
        seconds(order.window.start),
        seconds(order.window.end),
        seconds(order.created_at),
        delivery.guide,
        delivery.pieces,
        " ".join(order.needs),
        seconds(delivery.finished_at),
        seconds(order.closed_at),
        int(bool(order.sealed)),
        words(order),
    )


def seconds(moment: datetime | None) -> int | None:
    """Whole seconds since 1970, which take a fifth of the room of text in every index."""
    if moment is None:
        return None
    since = moment - _EPOCH
    return since.days * _DAY_S + since.seconds


def stamp(moment: datetime | None) -> str | None:
    """UTC as text that sorts like time."""
    if moment is None:
        return None
    # The library's way of writing it takes a tenth of the time of Python's, and every order has half a dozen.
    text: str = msgspec.to_builtins(moment)
    return text if len(text) == _TO_SECONDS else text[:19] + "Z"


def words(order: Order) -> str:
    """What full text finds an order by."""
    found = order.order_no
    for line in order.lines:
        found += f"\n{line.sku} {line.title}"
    return found


def _add_slips(lines: Lines, delivery: Delivery) -> None:
    """Every slip that could be printed for a known delivery, so that another counter's slip is found, too."""
    of = delivery.id
    for parcel in delivery.parcels:
        for round_ in range(parcel.round + 1):
            lines.slips.append((slip_name(of, parcel.number, round_).hex(), of, parcel.number))


def drop(db: Database, gone: Iterable[Key]) -> None:
    """Take out of the views what is no longer there."""
    ids: dict[str, list[tuple[str]]] = defaultdict(list)
    for key in gone:
        ids[key.kind].append((key.id,))
    orders = {order_id for (order_id,) in ids[Order.KIND]} | {order_of(each) for (each,) in ids[Delivery.KIND]}
    shown = list(_known(db, list(orders)).values()) if orders else []
    _unindex(db, shown)
    db.conn.executemany("DELETE FROM delivery_view WHERE n = ?", [(n,) for n, _ in shown])
    if ids[Order.KIND]:
        finder.remove(db, [order_id for (order_id,) in ids[Order.KIND]])
    if ids[Delivery.KIND]:
        # Looks at every slip, once for all of them: an index would be written with each slip for this alone.
        wanted = json.dumps([delivery_id for (delivery_id,) in ids[Delivery.KIND]])
        db.conn.execute("DELETE FROM slip_view WHERE delivery_id IN (SELECT value FROM json_each(?))", (wanted,))
    db.conn.executemany("DELETE FROM case_view WHERE id = ?", ids[ExceptionCase.KIND])
    db.conn.executemany("DELETE FROM held_view WHERE id = ?", ids[HeldCommand.KIND])


def unrecord(db: Database, commands: Iterable[int], *, touched: Iterable[str]) -> None:
    """Take commands out of the history of what they touched, because the hub did not apply them."""
    numbers, ids = json.dumps(list(commands)), json.dumps(list(touched))
    for table, column in (("timeline", "subject"), ("movement", "item")):
        db.conn.execute(
            f"""DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))
            AND command IN (SELECT value FROM json_each(?))""",
            (ids, numbers),
        )


def record(db: Database, entry: Entry, events: Iterable[Event]) -> None:
    """Note what a command did, for the history of an order and of a shelf."""
    at = stamp(entry.at)
    events = list(events)
    db.conn.executemany(
        "INSERT INTO timeline (subject, at, actor, event, command) VALUES (?, ?, ?, ?, ?)",
        ((e.id, at, entry.actor, e.KIND, entry.n) for e in events if e.OF in (Order, Delivery, ExceptionCase)),
    )
    db.conn.executemany(
        """INSERT INTO movement (item, movement, quantity, at, reference, actor, command)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            (e.id, e.movement, e.quantity, at, e.reference, entry.actor, entry.n)
            for e in events
            if isinstance(e, StockMoved)
        ),
    )


def needs_of(text: str) -> tuple[str, ...]:
    """The codes of a row's ``needs`` column."""
    return tuple(text.split())
