"""A set-up counter for every test, copied from one that was made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storeapp.services import desk


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> desk.Template:
    return desk.make_template(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def store(template: desk.Template, tmp_path: Path) -> Iterator[desk.Store]:
    opened = desk.open_copy(template, tmp_path / "home")
    yield opened
    opened.counter.close()
