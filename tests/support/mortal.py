"""Counters that work until they are killed: a program that starts them fast, each in a process of its own.

``python -m tests.support.mortal HOME`` reads ``SEED`` lines on its standard input; for each it starts a process
that opens the home and works at random for ever. The process says its number, and the id of each command that it
has been told is saved, before it does anything else. When it ends, the program says so.
"""

import contextlib
import logging
import os
import random
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from storeapp.adapters.intake import FileFormat, Intake
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.incoming import IncomingLine, IncomingOrder, Person
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.words import Platform, Role
from storeapp.services import dispatch, handoff, orders, slips, stock
from storeapp.services.backup import back_up
from storeapp.services.clock import SystemClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.forgetting import forget_due
from storeapp.services.home import Home
from storeapp.services.intake import import_orders
from storeapp.store.errors import Locked
from storeapp.store.journal import Entry
from sync.engine import SyncEngine
from tests.support.counters import PASSPHRASE

MANAGER = Actor("manager", Role.MANAGER)
RECEIVED = "BL-001"
"""What comes in, and what orders from files are about; the typed ones are about another article."""


def say(*words: str) -> None:
    """One line, whole or not at all."""
    os.write(1, (" ".join(words) + "\n").encode())


def told(entries: Sequence[Entry]) -> None:
    """Note what a person would now be shown as saved."""
    for entry in entries:
        say("saved", entry.id, entry.kind)


def person_of(number: str) -> Person:
    """Who ordered: the name follows from the number, so that anybody can tell whether it is still there."""
    tail = sum(map(ord, number)) % 100
    return Person(f"客{number}", f"138001380{tail:02}", f"上海市徐汇区漕溪北路{tail}号")


def taken_on(*numbers: str) -> Intake:
    """A file with these orders."""
    now = datetime.now(UTC).replace(microsecond=0)
    line = IncomingLine(RECEIVED, 1, 100)
    return Intake(
        tuple(IncomingOrder(Platform.TABLE, n, False, now, now, (line,), person_of(n)) for n in numbers),
        (),
        FileFormat.TABLE_CSV,
    )


class Work:
    """One counter's work, a kind of it at a time."""

    def __init__(self, home: Home, chance: random.Random) -> None:
        self.home, self.chance = home, chance
        self.counter: Counter = home.open()
        self.counter.on_saved = told
        self.counter.catch_up()

    def run(self) -> None:
        """Work until somebody ends it."""
        kinds: list[tuple[Callable[[], object], int]] = [
            (self.take_orders, 6),
            (self.type_order, 3),
            (self.correct, 2),
            (self.receive, 3),
            (self.hand_over, 4),
            (self.cancel, 2),
            (self.sync, 4),
            (self.forget, 1),
            (self.back_up, 1),
            (self.rebuild, 1),
            (self.open_again, 1),
        ]
        while True:
            (kind,) = self.chance.choices([each for each, _ in kinds], [weight for _, weight in kinds])
            try:
                kind()
            except Locked:
                # The other counter makes its cache anew: a person is asked to try again, and nothing was saved.
                say("waited")

    def number(self) -> str:
        return f"{self.chance.getrandbits(48):x}"

    def take_orders(self) -> None:
        numbers = [self.number() for _ in range(self.chance.randint(1, 4))]
        import_orders(self.counter, MANAGER, [taken_on(*numbers)])

    def type_order(self) -> None:
        n = self.number()
        line = IncomingLine("BL-002", 1, 100)
        orders.place(self.counter, MANAGER, orders.NewOrder(order_no=n, person=person_of(n), lines=(line,)))

    def _any(self) -> Order | None:
        found = [order for order in self.counter.cache.every(Order) if order.status is OrderStatus.OPEN]
        return self.chance.choice(found) if found else None

    def correct(self) -> None:
        order = self._any()
        if order is not None:
            orders.correct(self.counter, MANAGER, order.id, person=person_of(order.order_no))

    def receive(self) -> None:
        stock.receive(self.counter, MANAGER, RECEIVED, 1)

    def cancel(self) -> None:
        order = self._any()
        if order is not None:
            orders.cancel(self.counter, MANAGER, order.id, "customer")

    def hand_over(self) -> None:
        waiting = [d for d in self.counter.cache.every(Delivery) if d.state is DeliveryState.WAITING]
        if not waiting:
            return
        delivery = self.chance.choice(waiting)
        dispatch.assign(self.counter, MANAGER, delivery.id, "G01")
        slip = slips.issue_slip(self.counter, MANAGER, delivery.id)
        badge = slips.issue_badge(self.counter, MANAGER, "G01")
        if isinstance(slip, slips.SlipPaper) and isinstance(badge, slips.BadgePaper):
            handoff.scan(self.counter, MANAGER, badge.token, slip.token)

    def sync(self) -> None:
        SyncEngine().once(self.counter)

    def forget(self) -> None:
        with contextlib.suppress(Locked):  # Somebody is reading the log; the next call wipes it.
            forget_due(self.counter)

    def back_up(self) -> None:
        back_up(self.home, self.counter, self.home.path / "backup")

    def rebuild(self) -> None:
        self.counter.rebuild()

    def open_again(self) -> None:
        self.counter.close()
        self.counter = self.home.open()
        self.counter.on_saved = told


def work(home: Home, seed: int) -> None:
    """Be one mortal counter."""
    say("begun", str(os.getpid()))
    try:
        Work(home, random.Random(seed)).run()
    except BaseException as error:
        places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        cause = getattr(error.__cause__, "sqlite_errorname", type(error.__cause__).__name__)
        say("failed", type(error).__name__, str(getattr(error, "code", "")), cause, *places)
        raise


def main() -> None:
    """Start one for every line."""
    logging.disable(logging.CRITICAL)
    home = Home(Path(sys.argv[1]), SystemClock()).unlock(environ={}, passphrase=PASSPHRASE)
    children = set()
    for line in sys.stdin:
        if line.strip() == "reap":
            for child in children:
                os.waitpid(child, 0)
            children.clear()
            say("reaped")
            continue
        child = os.fork()
        if child == 0:
            try:
                work(home, int(line))
            finally:
                os._exit(1)
        children.add(child)


if __name__ == "__main__":
    main()
