"""A person of the hub, with a browser at the hub's own address."""

from collections.abc import Iterator

import httpx
import pytest

from hub.core import Hub
from hub.users import add_user
from tests.support.hubserver import serving

AUTH = ("hq", "a long password")


@pytest.fixture
def client(hub: Hub) -> Iterator[httpx.Client]:
    """Asks in English, by name and password."""
    add_user(hub, *AUTH)
    with (
        serving(hub) as server,
        httpx.Client(base_url=server.url, auth=AUTH, headers={"accept-language": "en"}, timeout=60) as client,
    ):
        yield client
