"""Measures making the cache of 100,000 orders anew from the journal alone, until open orders are found by people."""

import sys
import tempfile
import time
from pathlib import Path

from bench.homes import home_with
from bench.report import Figure, Report
from storeapp.domain.order import Order
from storeapp.services.counter import Counter

ORDERS = 100_000
BUDGET_S = 60
FOLDER = Path(tempfile.gettempdir()) / "storeapp-bench"


def run(orders: int = ORDERS) -> Report:
    """Throw the cache away and rebuild it; on a busy machine the processor's share is what to look at."""
    FOLDER.mkdir(exist_ok=True)
    counter = home_with(orders, FOLDER).open()
    try:
        counter.catch_up()
        told: list[tuple[int, int]] = []
        started, worked = time.perf_counter(), time.process_time()
        counter.rebuild(lambda done, total: _note(told, done, total))
        elapsed, cpu_s = time.perf_counter() - started, time.process_time() - worked
        _check(counter, orders)
        commands = counter.journal.last()
    finally:
        counter.close()
    whole = Figure(f"cache of {orders:,} orders anew", elapsed, "s", BUDGET_S)
    own = Figure("of it at work on the processor", cpu_s, "s")
    return Report("rebuild", (whole, own), {"commands": commands, "progress_told": len(told)})


def _check(counter: Counter, orders: int) -> None:
    found = counter.cache.db.execute("SELECT count(*) FROM state WHERE kind = ?", (Order.KIND,)).fetchone()[0]
    if found != orders or counter.cache.applied != counter.journal.last():
        raise RuntimeError("the rebuilt cache is not complete")


def _note(told: list[tuple[int, int]], done: int, total: int) -> None:
    told.append((done, total))
    _show(done, total)


def _show(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done}/{total} commands{'' if done < total else chr(10)}")
