"""A bug that is planted is found, by the invariant that it breaks; without it the same day is sound."""

import pytest

from tests.simulation.invariants import Broken, check
from tests.simulation.planted import PLANTS, Plant
from tests.simulation.world import World, template


def named(plant: Plant) -> str:
    return plant.name


@pytest.mark.parametrize("plant", PLANTS, ids=named)
def test_a_planted_bug_breaks_its_invariant(plant: Plant) -> None:
    template()

    def day(world: World) -> None:
        plant.day(world)
        check(world, chosen=True)

    with plant.plant(), World() as world, pytest.raises(Broken) as caught:
        day(world)
    assert plant.invariant in caught.value.found


@pytest.mark.parametrize("plant", PLANTS, ids=named)
def test_the_same_day_is_sound_without_the_bug(plant: Plant) -> None:
    with World() as world:
        plant.day(world)
        check(world, chosen=True)
        world.settle()
        check(world, quiet=True, chosen=True)
