"""One run of the command line: the home it works on, who works, and at what time."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storeapp.cli.output import Output, Reply
from storeapp.config import Settings
from storeapp.domain.delivery import Delivery
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, utc
from storeapp.domain.order import Order
from storeapp.i18n import Translator
from storeapp.services import queries, staff
from storeapp.services.clock import Clock, FixedClock, SystemClock
from storeapp.services.counter import Actor, Counter, NotSetUp, Refused
from storeapp.services.home import Home
from storeapp.services.ports import MapServices, PaperPainter, SyncPort
from storeapp.services.stock import find_sku


@dataclass(frozen=True, slots=True)
class Ports:
    """What the composition root gives the command line from layers that it may not import."""

    painter: Callable[[], PaperPainter]
    sync: Callable[[], SyncPort]
    window: Callable[[Home, str, str], int]
    """Takes the home, the language and the theme; returns the exit status."""
    maps: Callable[[], MapServices]


class Session:
    """What a command needs; home and counter are opened when they are first asked for."""

    def __init__(
        self, args: argparse.Namespace, *, words: Translator, settings: Settings, output: Output, ports: Ports
    ) -> None:
        self.args = args
        self.words = words
        self.settings = settings
        self.output = output
        self.ports = ports
        self.clock: Clock = FixedClock(args.at) if args.at else SystemClock()
        self._home: Home | None = None
        self._counter: Counter | None = None

    @property
    def path(self) -> Path:
        """The home folder."""
        path: Path = self.args.home
        return path

    @property
    def home(self) -> Home:
        """The home with its root key, where that can be had."""
        if self._home is None:
            self._home = Home(self.path, self.clock)
            if self._home.exists:
                self._home.unlock()
        return self._home

    @property
    def counter(self) -> Counter:
        """The open counter, up to date.

        Raises:
            NotSetUp: there is none.
            VaultError: the keys are locked, and this command is about people.
            StoreError: the files cannot be opened.
        """
        if self._counter is None:
            if not self.home.exists:
                raise NotSetUp
            if self.home.locked is not None and not self.args.keyless:
                raise self.home.locked
            self._counter = self.home.open()
            self._counter.catch_up()
            self._tell_salvage()
        return self._counter

    def _tell_salvage(self) -> None:
        salvaged = self.home.salvaged
        if salvaged is not None:
            numbers = ", ".join(f"{first}-{last}" if first < last else str(first) for first, last in salvaged.gaps)
            told = self.words.text("salvage.done", saved=salvaged.saved, lost=salvaged.lost, kept=salvaged.kept)
            self.output.note(told)
            if numbers:
                self.output.note(self.words.text("salvage.numbers", numbers=numbers))

    @property
    def actor(self) -> Actor:
        """Who works, as ``--as`` says.

        Raises:
            Refused: nobody of that name may sign in here.
        """
        found = staff.actor_of(self.counter, self.args.staff)
        if isinstance(found, Refusal):
            raise Refused(found)
        return found

    def delivery(self, text: str) -> str:
        """The id of the delivery that an id or an order number means.

        Raises:
            Refused: none or several fit.
        """
        found = queries.delivery_of(self.counter, text)
        if found is None:
            order = self.counter.cache.get(Order, text)
            found = order.delivery_id if order else None
        if found is None:
            raise Refused(Refusal("unknown_delivery"))
        return found

    def order(self, text: str) -> str:
        """The id of the order that an id, an order number or a delivery means.

        Raises:
            Refused: none or several fit.
        """
        if self.counter.cache.get(Order, text) is not None:
            return text
        found = queries.delivery_of(self.counter, text)
        delivery = self.counter.cache.get(Delivery, found) if found else None
        if delivery is None:
            raise Refused(Refusal("unknown_order"))
        return delivery.order_id

    def sku(self, text: str) -> str:
        """The SKU that a code or barcode means; an unknown one as it is, to be refused with its name."""
        return find_sku(self.counter, text) or text

    def state_of(self, delivery: str) -> dict[str, object]:
        """A delivery's state after a command, for JSON."""
        known = self.counter.cache.get(Delivery, delivery)
        return {"delivery_id": delivery, "state": known.state.value if known else None}

    def done(self, delivery: str, result: object) -> Reply | Refusal:
        """The usual answer of a command about one delivery."""
        if isinstance(result, Refusal):
            return result
        state = self.state_of(delivery)
        return Reply(state, (self.words.text("cli.done_state", state=self.words.text(f"state.{state['state']}")),))

    def close(self) -> None:
        """Close what was opened."""
        if self._counter is not None:
            self._counter.close()
            self._counter = None


Handler = Callable[[Session], Reply | Refusal]


def moment(text: str) -> datetime:
    """Read an instant; one without an offset is on the store's clock.

    Raises:
        ValueError: it is none.
    """
    try:
        read = datetime.fromisoformat(text)
        return utc(read if read.tzinfo else read.replace(tzinfo=STORE_ZONE))
    except OverflowError as error:
        raise ValueError("out of range") from error
