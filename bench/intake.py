"""Measures taking 10,000 orders on from a platform's file, to the last one saved and findable."""

import csv
import tempfile
import time
from pathlib import Path

from bench.homes import DAY, DEMO, MANAGER, PASSPHRASE, orders
from bench.report import Figure, Report
from storeapp.domain.incoming import IncomingOrder
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Counter
from storeapp.services.intake import import_orders, read_files
from storeapp.services.setup import read_tables, set_up

ORDERS = 10_000
COLUMNS = ("order_no", "store", "created_at", "mode", "window_start", "window_end", "customer", "phone", "address")
MORE = ("lat", "lng", "sku", "quantity", "price_fen", "note")


def run() -> Report:
    """Write a plain table, set a store up, import the table, and import it again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        _write(file, orders(ORDERS))
        made = set_up(
            Path(folder) / "home", store="XH", tables_of=read_tables(DEMO), clock=FixedClock(DAY), passphrase=PASSPHRASE
        )
        counter = made.home.open()
        first_s, again_s = (_timed(counter, file) for _ in range(2))
        counter.close()
    return Report(
        "intake", (Figure("import of 10,000 orders", first_s, "s", 10), Figure("import again, unchanged", again_s, "s"))
    )


def _timed(counter: Counter, file: Path) -> float:
    started = time.perf_counter()
    report = import_orders(counter, MANAGER, read_files([file]))
    elapsed = time.perf_counter() - started
    if report.errors or report.imported + report.unchanged != ORDERS:
        raise RuntimeError("the import did not take every order")
    return elapsed


def _write(file: Path, rows: list[IncomingOrder]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow((*COLUMNS, *MORE))
        for order in rows:
            writer.writerows(_cells(order))


def _cells(order: IncomingOrder) -> list[tuple[object, ...]]:
    window, person, where = order.window, order.person, order.person.position
    if window is None or where is None:
        raise ValueError("a measured order has a window and a position")
    head = (order.order_no, "XH", order.created_at.isoformat(), order.mode, window.start.isoformat())
    who = (window.end.isoformat(), person.name, person.phone, person.address, where.lat, where.lng)
    return [(*head, *who, line.sku, line.quantity, line.price_fen, "") for line in order.lines]
