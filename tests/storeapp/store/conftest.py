"""A home with some hundred commands, for everything that is damaged, cut off or filled up in tests."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from tests.storeapp.store.homes import BASICS, MANAGER, ORDERS, open_counter, run
from tests.storeapp.world import placing


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with some hundred commands and links of the audit chain, closed."""
    home = tmp_path_factory.mktemp("template") / "home"
    with closing(open_counter(home)) as counter:
        run(counter, *BASICS)
        for start in range(0, ORDERS, 50):
            run(counter, *(placing(str(n)) for n in range(start, start + 50)))
        with counter.transaction(MANAGER) as tx:
            for n in range(20):
                tx.audit("reveal", f"order-{n}")
            tx.printed("slip", "delivery", 1)
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "home"))
