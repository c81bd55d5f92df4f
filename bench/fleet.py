"""Counters that cost next to nothing, so that a hub can be measured on the machine that also makes its load.

They sign, seal and number as real ones do and speak to a real hub over HTTP; they only keep nothing on a disk.
"""

import gzip
import http.client
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from hub import devices
from hub.core import Hub
from storeapp.adapters.sealing import new_order_key, seal
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import Channel, TransportKey, key_purpose
from storeapp.codec import encode
from storeapp.domain.incoming import Person
from storeapp.domain.kernel import Command
from storeapp.domain.moment import Window, utc
from storeapp.domain.order import OrderLine, order_id
from storeapp.domain.place import Position
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.domain.rules.stock import OpenStock
from storeapp.domain.sealed import key_check
from storeapp.domain.words import Mode, Platform
from sync.protocol import messages
from sync.protocol.messages import BatchReply, CommandBatch, EnrolRequest, Hello, HelloReply, WireCommand, WireKey
from sync.protocol.signing import Message, sign

SKUS = [f"BL-{n:03d}" for n in range(1, 16)]
PLENTY = 100_000
ZIP_LEVEL = 5


class FleetCounter:
    """One enrolled counter of a store, with what it will send made beforehand."""

    def __init__(self, hub: Hub, number: int, *, store: str) -> None:
        self.id, self.store, self.number = f"dev-fleet-{number:05d}", store, number
        self._key, transport = DeviceKey.generate(), TransportKey.generate()
        code = devices.new_code(hub, store=store)
        devices.enrol(hub, EnrolRequest(code, self.id, self._key.public, transport.public))
        self._channel: Channel = transport.channel(hub.identity.transport.public)
        self.epoch = hub.identity.epoch
        self._seq = 0

    # -- requests

    def headers(self, method: str, url: str, content: bytes | None = None) -> dict[str, str]:
        """Those of a signed request."""
        headers = {"Accept-Encoding": "gzip"}
        if content is not None:
            headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        message = Message(method, url, headers)
        sign(message, content, key_id=self.id, signer=self._key.sign, created=datetime.now(UTC))
        return dict(message.headers)

    def hello(self, line: "Line") -> int:
        """Agree on numbers; returns the newest number of the store's feed."""
        content = gzip.compress(messages.encode(Hello("fleet", self._seq)), ZIP_LEVEL)
        reply = line.ask(self, "POST", messages.HELLO.format(device=self.id), content)
        return msgspec.json.decode(reply, type=HelloReply).feeds[f"store:{self.store}"]

    def push(self, line: "Line", content: bytes) -> int:
        """Give a batch; returns how many commands the hub applied."""
        reply = msgspec.json.decode(line.ask(self, "POST", messages.COMMANDS, content), type=BatchReply)
        return sum(result.status is messages.ResultStatus.APPLIED for result in reply.results)

    def pull(self, line: "Line", *, after: int = 0) -> int:
        """Read the store's feed to its end; returns how many rows came."""
        rows = 0
        while True:
            text = line.ask(self, "GET", self.changes(after=after), None)
            if not text:
                return rows
            page = json.loads(text)
            rows, after = rows + len(page["rows"]), page["to"]
            if after >= page["last"]:
                return rows

    def changes(self, *, after: int, wait_s: int = 0) -> str:
        """The path of a page."""
        path = messages.CHANGES.format(feed=f"store:{self.store}")
        return f"{path}?epoch={self.epoch}&after={after}&limit=1000&boxed=1" + (f"&wait={wait_s}" if wait_s else "")

    # -- what is sent

    def opening(self) -> bytes:
        """The batch that puts goods into the store."""
        return self._batch([self._wire(OpenStock(self.store, sku, PLENTY)) for sku in SKUS], [])

    def batches(self, orders: int, *, size: int) -> Iterator[bytes]:
        """Batches of sealed orders, zipped."""
        for start in range(0, orders, size):
            made = [self._order(start + n) for n in range(min(size, orders - start))]
            yield self._batch([command for command, _ in made], [key for _, key in made])

    def _batch(self, commands: list[WireCommand], keys: list[WireKey]) -> bytes:
        return gzip.compress(messages.encode(CommandBatch("fleet", commands, keys)), ZIP_LEVEL)

    def _order(self, n: int) -> tuple[WireCommand, WireKey]:
        number, key, now = f"{self.id}-{n:06d}", new_order_key(), utc(datetime.now(UTC))
        subject = order_id(Platform.TABLE, number)
        person = Person(
            "顾客", "13800138000", f"上海市徐汇区衡山路{n % 900}号1单元{n % 30}01室", position=Position(31.2, 121.4)
        )
        command = PlaceOrder(
            platform=Platform.TABLE,
            order_no=number,
            store=self.store,
            mode=Mode.INSTANT,
            window=Window(now, now + timedelta(hours=1)),
            lines=tuple(OrderLine(SKUS[(n + k) % len(SKUS)], 1 + k, 12_300, "眼部精华15ml") for k in range(2)),
            created_at=now,
            updated_at=None,
            sealed=seal(person, key, subject=subject),
            located=True,
        )
        check = key_check(key)
        return self._wire(command), WireKey(subject, check, self._channel.wrap(key, key_purpose(subject, check)))

    def _wire(self, command: Command) -> WireCommand:
        self._seq += 1
        body = msgspec.Raw(encode(command))
        now = utc(datetime.now(UTC))
        return WireCommand(
            self._seq, str(uuid.uuid4()), command.KIND, now, "manager", "manager", self.store, body, needs=()
        )


class Line:
    """One connection to one process of a hub."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)

    def ask(self, counter: FleetCounter, method: str, path: str, content: bytes | None) -> bytes:
        """The content of a good reply, empty where there is none.

        Raises:
            RuntimeError: the hub answered anything else.
        """
        self._connection.request(method, path, content, counter.headers(method, self._url + path, content))
        reply = self._connection.getresponse()
        text = reply.read()
        if reply.status not in {200, 304}:
            raise RuntimeError(f"the hub answered {reply.status}: {text[:200]!r}")
        return gzip.decompress(text) if reply.getheader("Content-Encoding") == "gzip" else text

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
