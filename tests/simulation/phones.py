"""A guide's phone: keeps what it was told in its own memory, and is often of another version than the hub."""

from typing import TYPE_CHECKING

import msgspec

from hub.devices import enrol, new_code
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import TransportKey
from storeapp.codec import encode
from storeapp.domain.kernel import Command
from storeapp.services.ports import SyncFailed
from sync.protocol.messages import CommandBatch, EnrolRequest, Hello, WireCommand
from tests.simulation.faults import Fault
from tests.simulation.lines import Line
from tests.support.hubs import START

if TYPE_CHECKING:
    from tests.simulation.world import World

UNKNOWN_KIND = "delivery.teleport"
"""A command that only a newer program knows."""


class Phone:
    """One device without a journal or a cache: a queue, sent in order until it is answered."""

    def __init__(self, world: "World", name: str, *, store: str) -> None:
        self.world = world
        self.name = name
        self.store = store
        self.queue: list[WireCommand] = []
        self.answered: set[str] = set()
        self.line = Line(world, name)

    def enrol(self) -> None:
        """Become a device of the store."""
        hub = self.world.hq.hub
        key, transport = DeviceKey.generate(), TransportKey.generate()
        enrol(hub, EnrolRequest(new_code(hub, store=self.store), self.name, key.public, transport.public))

    def note(self, command: Command, *, strange: bool) -> None:
        """Keep a command; a strange one is written as an older or newer program would."""
        body = encode(command)
        self._keep(command.KIND, _strange(body) if strange else body)

    def note_unknown(self) -> None:
        """Keep what the hub has never heard of."""
        self._keep(UNKNOWN_KIND, b'{"delivery_id":"T0"}')

    def _keep(self, kind: str, body: bytes) -> None:
        command = WireCommand(
            seq=len(self.queue) + 1,
            id=self.world.fresh_id(),
            kind=kind,
            at=START,
            actor="G01",
            role="staff",
            store=self.store,
            body=msgspec.Raw(body),
        )
        self.queue.append(command)
        self.world.ever.add(command.id)
        self.world.shown.add(command.id)

    def send(self, *faults: Fault) -> str:
        """Send what the hub lacks by its own count; says how it ended."""
        self.line.faults = list(faults)
        try:
            known = self.line.hello(Hello("phone", len(self.queue))).last_seq
            while batch := self.queue[known : known + 3]:
                known = self.line.commands(CommandBatch("phone", batch)).last_seq
        except SyncFailed as failed:
            return failed.code
        return ""

    def send_batch(self) -> None:
        """Send all of it at once, as one that hasn't heard of any answer; nobody waits for the reply."""
        if self.queue:
            batch = CommandBatch("phone", self.queue)
            self.world.note_sent(self.name, batch)
            self.line.commands(batch)


def _strange(body: bytes) -> bytes:
    """Without what has a default, with a field that nobody knows."""
    fields = msgspec.json.decode(body)
    kept = {name: value for name, value in fields.items() if value not in ("", None, False)}
    return encode({**kept, "mood": "sunny"})
