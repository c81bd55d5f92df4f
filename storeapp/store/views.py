"""Keeps the cache's views in step with its states: lists, search, slips, exceptions, history."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storeapp.domain.delivery import Delivery, slip_id
from storeapp.domain.exception import ExceptionCase
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


TABLES = ("delivery_view", "slip_view", "case_view", "search")
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


def _project_orders(db: Database, order_ids: Iterable[str], changed: dict[Key, State], lookup: Any) -> None:
    pairs = []
    for order_id in order_ids:
        order = changed.get(Key("order", order_id)) or lookup(Order, order_id)
        if isinstance(order, Order):
            delivery = changed.get(Key("delivery", order.delivery_id)) or lookup(Delivery, order.delivery_id)
            if isinstance(delivery, Delivery):
                pairs.append((order, delivery))
    db.conn.executemany(_INSERT, (_line(order, delivery) for order, delivery in pairs))
    _index_words(db, [order for order, _ in pairs if Key("order", order.id) in changed])


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
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _index_words(db: Database, orders: list[Order]) -> None:
    """Order numbers, SKUs and article names; nothing personal is ever indexed in clear."""
    known = "SELECT n FROM delivery_view WHERE order_id = ?"
    db.conn.executemany(
        f"INSERT OR REPLACE INTO search (rowid, words) VALUES (({known}), ?)",
        ((order.id, words(order)) for order in orders),
    )
    gone = [(order.id,) for order in orders if order.status is not OrderStatus.OPEN and not order.sealed]
    db.conn.executemany("DELETE FROM finder WHERE order_id = ?", gone)


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


def drop(db: Database, gone: Iterable[Key]) -> None:
    """Take out of the views what is no longer there."""
    keys = list(gone)
    orders = [(key.id,) for key in keys if key.kind == Order.KIND]
    db.conn.executemany("DELETE FROM search WHERE rowid = (SELECT n FROM delivery_view WHERE order_id = ?)", orders)
    db.conn.executemany("DELETE FROM finder WHERE order_id = ?", orders)
    db.conn.executemany("DELETE FROM delivery_view WHERE order_id = ?", orders)
    deliveries = [(key.id,) for key in keys if key.kind == Delivery.KIND]
    db.conn.executemany("DELETE FROM slip_view WHERE delivery_id = ?", deliveries)
    cases = [(key.id,) for key in keys if key.kind == ExceptionCase.KIND]
    db.conn.executemany("DELETE FROM case_view WHERE id = ?", cases)


def record(db: Database, entry: Entry, events: Iterable[Event]) -> None:
    """Note what a command did, for the history of an order and of a shelf."""
    at = stamp(entry.at)
    events = list(events)
    db.conn.executemany(
        "INSERT INTO timeline (subject, at, actor, event, command) VALUES (?, ?, ?, ?, ?)",
        ((e.id, at, entry.actor, e.KIND, entry.n) for e in events if e.OF in (Order, Delivery, ExceptionCase)),
    )
    db.conn.executemany(
        "INSERT INTO movement (item, movement, quantity, at, reference, actor) VALUES (?, ?, ?, ?, ?, ?)",
        ((e.id, e.movement, e.quantity, at, e.reference, entry.actor) for e in events if isinstance(e, StockMoved)),
    )


def needs_of(text: str) -> tuple[str, ...]:
    """The codes of a row's ``needs`` column."""
    return tuple(text.split())
