"""The head of a feed is locked before the row of a counter, so that no two wait for each other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import certificates, devices, revocations
from hub.core import Hub
from hub.devices import EnrolledDevice
from hub.tables import device
from storeapp.adapters.signing import DeviceKey
from storeapp.domain.feeds import BRAND_FEED, store_feed
from storeapp.domain.revocation import RevocationList, signed
from sync.protocol.messages import EnrolRequest, Hello
from tests.support.databases import Postgres, until_somebody_waits
from tests.support.hubs import TurnedClock, make_hub
from tests.support.hubserver import PATIENCE_S

KEY = DeviceKey(b"d" * 32)


@pytest.fixture
def hub(tmp_path: Path, postgres: Postgres) -> Iterator[Hub]:
    """One with a counter; an embedded database locks everything at once, so there is nothing to test on it."""
    url = postgres.fresh()
    hub = make_hub(tmp_path / "hub", url=url)
    enrol(hub)
    greet(hub)
    yield hub
    hub.close()
    postgres.drop(url)


def enrol(hub: Hub) -> None:
    code = devices.new_code(hub, store="XH")
    devices.enrol(hub, EnrolRequest(code, "dev-1", KEY.public, b"t" * 32))


def known(hub: Hub) -> EnrolledDevice:
    found = devices.find(hub, "dev-1")
    assert found is not None
    return found


def greet(hub: Hub, revoked: str = "") -> str:
    return devices.hello(hub, known(hub), Hello("i1", 0, shares=[], revocations=revoked)).revocations


def tell_the_forgotten(hub: Hub) -> None:
    """A hub that was set back hears from a counter whom it had turned away."""
    told = RevocationList(brand=hub.identity.brand, number=7, since={"dev-1": hub.now().replace(microsecond=0)})
    greet(hub, signed(told, hub.identity.key.sign).text())


ACTS: dict[str, Callable[[Hub], object]] = {
    "revoke": lambda hub: revocations.revoke(hub, "dev-1"),
    "enrol": enrol,
    "renew": lambda hub: certificates.renew(hub, "dev-1"),
    "hello": greet,
    "hello with news": tell_the_forgotten,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_nobody_holds_a_counter_while_waiting_for_a_feed(hub: Hub, act: Callable[[Hub], object]) -> None:
    assert isinstance(hub.now, TurnedClock)
    hub.now.moment += timedelta(days=30)
    with ThreadPoolExecutor(1) as other:
        with hub.db.writing() as connection:
            hub.db.lock_heads(connection, [BRAND_FEED, store_feed("XH")])
            done = other.submit(act, hub)
            until_somebody_waits(hub)
            # Against somebody who holds this row and waits for our heads, one of both would have to give up.
            connection.execute(sa.update(device).where(device.c.id == "dev-1").values(name="touched"))
        done.result(PATIENCE_S)
