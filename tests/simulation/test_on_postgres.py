"""The same days by chance with the hub on a real PostgreSQL, whose locks and transactions are not SQLite's."""

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from hub.core import DATABASE_FILE
from hub.database import sqlite_url
from tests.simulation.machine import Days
from tests.simulation.test_simulation import SLOW
from tests.simulation.world import World, template
from tests.support.databases import Postgres, move
from tests.support.seeds import seed_of

NIGHTS = 300
Live = Callable[..., None]


class Elsewhere(World):
    """A world whose hub has a database of its own on a server, for as long as it lasts."""

    def __init__(self, server: Postgres, model: str) -> None:
        self._drop: Callable[[], Any] = lambda: None
        url = server.copy_of(model)
        self._drop = lambda: server.drop(url)
        super().__init__(url)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._drop()


@pytest.fixture(scope="module")
def model(postgres: Postgres) -> Iterator[str]:
    """The hub's database before the first day."""
    url = postgres.fresh(migrated=False)
    move(sqlite_url(template() / "hub" / DATABASE_FILE), url)
    yield url
    postgres.drop(url)


@pytest.fixture
def live(postgres: Postgres, model: str) -> Live:
    def live(days: type[Days], **chosen: Any) -> None:
        days.make_world = staticmethod(lambda: Elsewhere(postgres, model))
        chosen |= {"deadline": None, "database": None, "suppress_health_check": SLOW}
        run_state_machine_as_test(days, settings=settings(**chosen))

    return live


def test_days_by_chance(live: Live) -> None:
    days = type("DaysOnPostgres", (Days,), {})
    live(days, max_examples=8, stateful_step_count=30, derandomize=True, phases=(Phase.generate,))


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)
def test_hundreds_of_days_by_chance(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    nights = hypothesis.seed(seed_of("simulation on PostgreSQL", capsys))(type("NightsOnPostgres", (Days,), {}))
    live(nights, max_examples=NIGHTS, stateful_step_count=50, phases=(Phase.generate, Phase.shrink))
