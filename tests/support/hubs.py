"""Hubs and senders for tests: real databases, chosen clocks, commands as a counter writes them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import msgspec

from hub.core import Hub, database_url, found, open_hub
from hub.database import Database
from hub.decisions import decide
from hub.holding import Sender
from hub.migrate import migrate
from storeapp.adapters.transport_keys import TransportKey
from storeapp.codec import encode
from storeapp.domain.kernel import Command
from storeapp.domain.moment import Window
from storeapp.domain.order import OrderLine
from storeapp.domain.people import Guide
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.domain.rules.people import RegisterGuide
from storeapp.domain.rules.stock import OpenStock
from storeapp.domain.words import Mode, Platform, TravelMode
from sync.protocol.messages import BatchReply, CommandBatch, WireBox, WireCommand, WireKey

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
_ids = count(1)


@dataclass
class TurnedClock:
    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment


def make_hub(home: Path, *, url: str = "", demo: bool = False, now: TurnedClock | None = None) -> Hub:
    db = Database(database_url(home, url))
    migrate(db)
    found(db, home, now=START)
    db.close()
    return open_hub(home, url=url, demo=demo, now=now or TurnedClock())


@dataclass
class FakeCounter:
    """Sends commands straight to the hub's decisions, numbered as a counter would."""

    hub: Hub
    device: str = "dev-1"
    store: str = "XH"
    incarnation: str = "i1"
    transport: TransportKey = field(default_factory=TransportKey.generate)
    seq: int = 0

    @property
    def sender(self) -> Sender:
        return Sender(self.device, self.store, self.transport.public)

    def wire(self, command: Command, **changes: object) -> WireCommand:
        self.seq += 1
        made = WireCommand(
            seq=self.seq,
            id=str(UUID(int=next(_ids))),
            kind=command.KIND,
            at=START + timedelta(seconds=self.seq),
            actor="manager",
            role="manager",
            store=self.store,
            body=msgspec.Raw(encode(command)),
        )
        return msgspec.structs.replace(made, **changes)

    def send(self, *commands: WireCommand, keys: list[WireKey] | WireBox | None = None) -> BatchReply:
        return decide(self.hub, self.sender, CommandBatch(self.incarnation, list(commands), keys or []))

    def do(self, *commands: Command) -> BatchReply:
        return self.send(*[self.wire(command) for command in commands])


def an_order(number: str, *, store: str = "XH", sku: str = "BL-001", quantity: int = 1, sealed: str = "") -> PlaceOrder:
    return PlaceOrder(
        platform=Platform.TABLE,
        order_no=number,
        store=store,
        mode=Mode.SCHEDULED,
        window=Window(START + timedelta(hours=2), START + timedelta(hours=4)),
        lines=(OrderLine(sku, quantity, 100),),
        created_at=START,
        updated_at=None,
        sealed=sealed,
        located=True,
        digest="",
    )


def a_guide(name: str, *, store: str = "XH") -> RegisterGuide:
    return RegisterGuide(Guide(name, name, store, TravelMode.EBIKE, max_parcels=8, max_weight_g=15000))


def stock(sku: str = "BL-001", quantity: int = 10, *, store: str = "XH") -> OpenStock:
    return OpenStock(store, sku, quantity)


def broken(*_: object) -> None:
    """A rule with a bug."""
    raise RuntimeError("a bug")
