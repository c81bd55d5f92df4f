"""The counters of a brand as every counter knows them: which key signs what, and which one no longer may."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace


class Device(Struct, frozen=True, gc=False):
    """An enrolled counter; ``certificate`` is signed by the brand's root and holds its public key.

    ``brands`` are the ids under which it may have signed slips and badges: its hub's, and those from before
    it was enrolled.
    """

    KIND: ClassVar[str] = "device"
    id: str
    store: str
    name: str
    certificate: str
    brands: tuple[str, ...]
    revoked_at: datetime | None = None


class DeviceCertified(Struct, frozen=True, gc=False):
    """A counter was enrolled, or its certificate renewed."""

    KIND: ClassVar[str] = "device.certified"
    OF: ClassVar[type[Device]] = Device
    id: str
    device: Device


class DeviceRevoked(Struct, frozen=True, gc=False):
    """What this counter signs from now on is worth nothing."""

    KIND: ClassVar[str] = "device.revoked"
    OF: ClassVar[type[Device]] = Device
    id: str
    at: datetime


DeviceEvent = DeviceCertified | DeviceRevoked


def evolve(state: Device | None, event: DeviceEvent) -> Device:
    """Apply one event.

    Raises:
        ValueError: an unknown counter was revoked, which the hub never does.
    """
    if isinstance(event, DeviceCertified):
        return event.device
    if state is None:
        raise ValueError("an unknown counter was revoked")
    return replace(state, revoked_at=event.at)
