"""Whatever happens, in whatever order: nothing saved is lost, and in quiet everybody sees the same."""

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.invariants import Broken
from tests.simulation.machine import Days
from tests.simulation.planted import PLANTS, Plant
from tests.simulation.world import template
from tests.support.seeds import seed_of

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
NIGHTS = 3000
NIGHTS_WITH_A_BUG = 3000
"""At most: each bug is found within a few hundred."""

Days.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    database=None,
    suppress_health_check=SLOW,
)
TestDays = Days.TestCase
"""The same days in every run: what a new one would find belongs to the nightly run, which tells its seed."""


def nights(seed: int, *, examples: int, phases: tuple[Phase, ...]) -> None:
    """Days by chance."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=SLOW,
    )
    run_state_machine_as_test(hypothesis.seed(seed)(type("Nights", (Days,), {})), settings=chosen)


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)
def test_thousands_of_days_by_chance(capsys: pytest.CaptureFixture[str]) -> None:
    nights(seed_of("simulation", capsys), examples=NIGHTS, phases=(Phase.generate, Phase.shrink))


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("plant", [plant for plant in PLANTS if plant.by_chance], ids=lambda plant: plant.name)
def test_a_planted_bug_is_found_by_chance(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    template()
    with plant.plant(), pytest.raises(Broken) as caught:
        nights(seed_of("planted", capsys), examples=NIGHTS_WITH_A_BUG, phases=(Phase.generate,))
    assert caught.value.found
