"""Keeps the cache's views in step with its states: lists, search, slips, exceptions, history."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storeapp.domain.delivery import Delivery, slip_id
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.held import HeldCommand
from storeapp.domain.kernel import Event, Key, State
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.short_code import short_code
from storeapp.domain.stock import StockMoved
from storeapp.store.journal import Entry

_INSERT = """INSERT INTO delivery_view (id, order_id, order_no, platform, state, status, mode, window_start,
    window_end, created_at, guide, eta, pieces, weight_g, needs, located, finished_at, closed_at, is_sealed)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
    ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, status = excluded.status, mode = excluded.mode,
    window_start = excluded.window_start, window_end = excluded.window_end, guide = excluded.guide,
    eta = excluded.eta, pieces = excluded.pieces, weight_g = excluded.weight_g, needs = excluded.needs,
    located = excluded.located, finished_at = excluded.finished_at, closed_at = excluded.closed_at,
    is_sealed = excluded.is_sealed"""


TABLES = ("delivery_view", "slip_view", "case_view", "held_view", "search")
"""What `project` makes from the states."""


def project(db: Database, changed: dict[Key, State], *, lookup: Any) -> None:
    """Bring the views up to the changed states.

    ``lookup(kind, id)`` reads a state that did not change, because a row shows an order with its delivery.
    """
    orders = {s.id for s in changed.values() if isinstance(s, Order)}
    orders |= {s.order_id for s in changed.values() if isinstance(s, Delivery)}
    _project_orders(db, orders, changed, lookup)
    _project_slips(db, [s for s in changed.values() if isinstance(s, Delivery)])
    _project_cases(db, [s for s in changed.values() if isinstance(s, ExceptionCase)])
    _project_held(db, [s for s in changed.values() if isinstance(s, HeldCommand)])


def _project_orders(db: Database, order_ids: Iterable[str], changed: dict[Key, State], lookup: Any) -> None:
    pairs = []
    # In the order of the indexes, which are then written from end to end.
    for order_id in sorted(order_ids):
        order = changed.get(Key("order", order_id)) or lookup(Order, order_id)
        if isinstance(order, Order):
            delivery = changed.get(Key("delivery", order.delivery_id)) or lookup(Delivery, order.delivery_id)
            if isinstance(delivery, Delivery):
                pairs.append((order, delivery))
    db.conn.executemany(_INSERT, (_line(order, delivery) for order, delivery in pairs))
    _index_words(db, [order for order, _ in pairs])


def _line(order: Order, delivery: Delivery) -> tuple[object, ...]:
    return (
        delivery.id,
        order.id,
        order.order_no,
        order.platform,
        delivery.state,
        order.status,
        order.mode,
        stamp(order.window.start),
        stamp(order.window.end),
        stamp(order.created_at),
        delivery.guide,
        stamp(delivery.eta),
        delivery.pieces,
        delivery.weight_g,
        " ".join(order.needs),
        order.located,
        stamp(delivery.finished_at),
        stamp(order.closed_at),
        bool(order.sealed),
    )


def stamp(moment: datetime | None) -> str | None:
    """UTC as text that sorts like time."""
    return None if moment is None else moment.isoformat(timespec="seconds")[:19] + "Z"


def _index_words(db: Database, orders: Sequence[Order]) -> None:
    """Order numbers, SKUs and article names; nothing personal is ever indexed in clear."""
    rows = _rows_of(db, orders)
    found = ((*rows[order.id], words(order)) for order in orders)
    fresh = [(n, text) for n, known, text in found if text != known]
    db.conn.executemany("INSERT OR REPLACE INTO search (rowid, words) VALUES (?, ?)", fresh)
    gone = [(order.id,) for order in orders if order.status is not OrderStatus.OPEN and not order.sealed]
    db.conn.executemany("DELETE FROM finder WHERE order_id = ?", gone)


def _rows_of(db: Database, orders: Sequence[Order]) -> dict[str, tuple[int, str | None]]:
    """The row number of each order with the words under which it is found so far."""
    found: dict[str, tuple[int, str | None]] = {}
    for start in range(0, len(orders), 500):
        part = [order.id for order in orders[start : start + 500]]
        marks = ",".join("?" * len(part))
        sql = f"""SELECT order_id, n, words FROM delivery_view LEFT JOIN search ON search.rowid = n
            WHERE order_id IN ({marks})"""
        found |= {order_id: (n, known) for order_id, n, known in db.execute(sql, part)}
    return found


def words(order: Order) -> str:
    """What full text finds an order by."""
    return "\n".join((order.order_no, *(f"{line.sku} {line.title}" for line in order.lines)))


def _project_slips(db: Database, deliveries: list[Delivery]) -> None:
    """Every slip that could be printed for a known delivery, so that another counter's slip is found, too."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO slip_view (slip_id, delivery_id, parcel, short_code) VALUES (?, ?, ?, ?)",
        (
            (name, delivery.id, parcel.number, short_code(bytes.fromhex(name)))
            for delivery in deliveries
            for parcel in delivery.parcels
            for name in (slip_id(delivery.id, parcel.number, round_) for round_ in range(parcel.round + 1))
        ),
    )


def _project_cases(db: Database, cases: list[ExceptionCase]) -> None:
    db.conn.executemany(
        "INSERT OR REPLACE INTO case_view (id, kind, is_open, opened_at, subject) VALUES (?, ?, ?, ?, ?)",
        ((case.id, case.kind, case.open, stamp(case.opened_at), case.subject) for case in cases),
    )


def _project_held(db: Database, commands: list[HeldCommand]) -> None:
    db.conn.executemany(
        "INSERT OR REPLACE INTO held_view (id, root, is_open, at) VALUES (?, ?, ?, ?)",
        ((held.id, held.root, held.open, stamp(held.at)) for held in commands),
    )


def drop(db: Database, gone: Iterable[Key]) -> None:
    """Take out of the views what is no longer there."""
    keys = list(gone)
    orders = [(key.id,) for key in keys if key.kind == Order.KIND]
    deliveries = [(key.id,) for key in keys if key.kind == Delivery.KIND]
    for column, ids in (("order_id", orders), ("id", deliveries)):
        db.conn.executemany(f"DELETE FROM search WHERE rowid = (SELECT n FROM delivery_view WHERE {column} = ?)", ids)
        db.conn.executemany(f"DELETE FROM delivery_view WHERE {column} = ?", ids)
    db.conn.executemany("DELETE FROM finder WHERE order_id = ?", orders)
    db.conn.executemany("DELETE FROM slip_view WHERE delivery_id = ?", deliveries)
    cases = [(key.id,) for key in keys if key.kind == ExceptionCase.KIND]
    db.conn.executemany("DELETE FROM case_view WHERE id = ?", cases)
    db.conn.executemany(
        "DELETE FROM held_view WHERE id = ?", [(key.id,) for key in keys if key.kind == HeldCommand.KIND]
    )


def unrecord(db: Database, commands: Iterable[int]) -> None:
    """Take commands out of the history, because the hub did not apply them."""
    numbers = [(n,) for n in commands]
    db.conn.executemany("DELETE FROM timeline WHERE command = ?", numbers)
    db.conn.executemany("DELETE FROM movement WHERE command = ?", numbers)


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
