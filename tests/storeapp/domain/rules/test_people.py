import pytest
from msgspec.structs import replace

from storeapp.domain.catalogue import Building, Policy, Store
from storeapp.domain.kernel import Command
from storeapp.domain.people import Guide, Shift, Staff, shift_id
from storeapp.domain.place import Position
from storeapp.domain.rules.people import (
    IssueBadge,
    LocateBuilding,
    RegisterGuide,
    RegisterSku,
    RegisterStaff,
    RegisterStore,
    RevokeBadge,
    SetPolicy,
    SetShift,
)
from storeapp.domain.words import Role
from tests.storeapp.world import AFTERNOON, DAY, STORE, World, a_store, guide, sku

HERE = Position(31.0, 121.0)


def badge_of(world: World, name: str = "G1") -> tuple[str, int] | None:
    found = world.get(Guide, name)
    assert found is not None
    return (found.badge.badge_id, found.badge.serial) if found.badge else None


def test_printing_a_badge_again_voids_the_one_before() -> None:
    world = a_store()
    world.must(IssueBadge("G1", "b", 90))
    world.must(IssueBadge("G1", "b", 90))
    assert badge_of(world) == ("b", 1)


def test_a_revoked_badge_is_not_valid_again_when_it_is_printed_again() -> None:
    world = a_store()
    world.must(IssueBadge("G1", "b", 90))
    world.must(RevokeBadge("G1"))
    assert badge_of(world) is None
    world.must(IssueBadge("G1", "b", 90))
    assert badge_of(world) == ("b", 1)


def test_changing_a_guide_keeps_the_badge() -> None:
    world = a_store()
    world.must(IssueBadge("G1", "b", 90))
    world.must(RegisterGuide(replace(guide("G1"), name="other")))
    assert badge_of(world) == ("b", 0)


def test_serials_end_where_the_token_has_no_more_numbers() -> None:
    world = a_store()
    for _ in range(256):
        world.must(IssueBadge("G1", "b", 90))
    assert world.refused(IssueBadge("G1", "b", 90)) == "too_many_reprints"
    world.must(IssueBadge("G1", "other", 90))


def test_who_left_gets_no_badge() -> None:
    world = a_store()
    world.must(RegisterGuide(guide("G1", active=False)))
    assert world.refused(IssueBadge("G1", "b", 90)) == "unknown_guide"


@pytest.mark.parametrize(
    "command",
    [
        IssueBadge("nobody", "b", 90),
        RevokeBadge("nobody"),
        SetShift(Shift(shift_id("nobody", DAY), "nobody", STORE, DAY, None)),
    ],
)
def test_an_unknown_guide_is_refused(command: Command) -> None:
    assert a_store().refused(command) == "unknown_guide"


@pytest.mark.parametrize(
    "command",
    [
        RegisterGuide(guide("G1")),
        RegisterSku(sku("A")),
        RegisterStore(Store(STORE, "store", "street 1", HERE)),
        RegisterStaff(Staff("s", "s", Role.STAFF, STORE)),
        SetPolicy(Policy(slip_hours=12)),
        SetShift(Shift(shift_id("G1", DAY), "G1", STORE, DAY, AFTERNOON)),
    ],
)
def test_what_is_already_so_is_not_said_again(command: Command) -> None:
    world = a_store()
    world.must(command)
    assert world.must(command) == ()


def test_a_building_counts_how_often_it_was_confirmed() -> None:
    world = World()
    for _ in range(3):
        world.must(LocateBuilding("b1", HERE))
    found = world.get(Building, "b1")
    assert found is not None
    assert (found.confirmations, found.position) == (2, HERE)
