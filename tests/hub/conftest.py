"""A hub on a real embedded database, with a clock that a test can turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core import Hub
from tests.support.hubs import make_hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = make_hub(tmp_path / "hub")
    yield hub
    hub.close()
