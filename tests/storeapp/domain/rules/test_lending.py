"""A guide is lent by the hub alone, to one store at a time, and only as far as the own store does without."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from storeapp.domain.catalogue import Policy
from storeapp.domain.kernel import Command, Refusal
from storeapp.domain.lending import Away, LentGuide, as_guest, merged, without
from storeapp.domain.moment import Window, store_day
from storeapp.domain.people import Badge, Guide
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.lending import BorrowGuide, SendGuide
from storeapp.domain.rules.people import IssueBadge, RegisterGuide, RegisterSku, SetPolicy
from storeapp.domain.rules.stock import OpenStock
from storeapp.domain.statement import (
    EarnedElsewhere,
    Earning,
    EarningAdded,
    Elsewhere,
    Statement,
    evolve_statement,
    statement_id,
)
from storeapp.domain.words import Mode, TravelMode
from tests.storeapp.world import NOON, STORE, World, a_delivery, at_hub, line, placing, sku

HOUR = timedelta(hours=1)
SOON = Window(NOON + HOUR, NOON + 2 * HOUR)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.must(RegisterGuide(replace(Guide("G9", "guide", "PD", TravelMode.WALK, 10, 20_000), sealed_home="home")))
    world.must(SetPolicy(Policy(cross_percent=130)))
    yield world
    world.check()


def code(world: World, command: Command, *, store: str) -> str:
    decided = at_hub(world, command, store=store)
    return decided.code if isinstance(decided, Refusal) else ""


def away(world: World) -> Away:
    found = world.get(Away, "G9")
    assert found is not None
    return found


def lent(world: World) -> LentGuide:
    found = world.get(LentGuide, f"G9@{STORE}")
    assert found is not None
    return found


def test_both_stores_know_of_a_loan_and_nobody_else_of_the_home(world: World) -> None:
    assert code(world, SendGuide("G9", STORE, SOON), store="PD") == ""
    assert code(world, BorrowGuide("G9"), store=STORE) == ""
    assert (away(world).store, away(world).loans[0].window) == ("PD", SOON)
    assert (lent(world).store, lent(world).windows) == (STORE, (SOON,))
    assert lent(world).guide.sealed_home == ""
    assert (lent(world).guide.store, as_guest(lent(world)).store) == ("PD", STORE)


def test_the_ways_there_and_back_are_lost_for_both(world: World) -> None:
    there = Window(SOON.start + HOUR / 4, SOON.end - HOUR / 4)
    code(world, SendGuide("G9", STORE, SOON, there), store="PD")
    code(world, BorrowGuide("G9"), store=STORE)
    assert (away(world).loans[0].window, lent(world).windows) == (SOON, (there,))


def test_two_loans_that_overlap_are_one(world: World) -> None:
    for start, end in ((0, 2), (4, 5), (1, 3)):
        window = Window(NOON + start * HOUR, NOON + end * HOUR)
        assert code(world, SendGuide("G9", STORE, window), store="PD") == ""
    code(world, BorrowGuide("G9"), store=STORE)
    assert lent(world).windows == (Window(NOON, NOON + 3 * HOUR), Window(NOON + 4 * HOUR, NOON + 5 * HOUR))
    assert len(away(world).loans) == 2


def test_a_counter_lends_nobody(world: World) -> None:
    assert world.refused(SendGuide("G9", STORE, SOON)) == "hub_decides"
    assert world.refused(BorrowGuide("G9")) == "hub_decides"


def test_only_what_the_own_store_does_without_can_be_borrowed(world: World) -> None:
    assert code(world, BorrowGuide("G9"), store=STORE) == "guide_not_lent"
    assert code(world, BorrowGuide("nobody"), store=STORE) == "unknown_guide"
    assert code(world, BorrowGuide("G9"), store="PD") == "unknown_guide"


def test_only_the_own_store_lends_and_never_to_itself(world: World) -> None:
    assert code(world, SendGuide("G9", STORE, SOON), store="JA") == "unknown_guide"
    assert code(world, SendGuide("G9", "PD", SOON), store="PD") == "unknown_guide"
    world.must(RegisterGuide(Guide("G9", "guide", "PD", TravelMode.WALK, 10, 20_000, active=False)))
    assert code(world, SendGuide("G9", STORE, SOON), store="PD") == "unknown_guide"


def test_a_guide_is_at_one_store_at_a_time(world: World) -> None:
    code(world, SendGuide("G9", STORE, SOON), store="PD")
    meanwhile = Window(SOON.start + HOUR / 2, SOON.end + HOUR)
    assert code(world, SendGuide("G9", "JA", meanwhile), store="PD") == "guide_away"
    assert code(world, SendGuide("G9", "JA", Window(SOON.end, SOON.end + HOUR)), store="PD") == ""
    assert code(world, SendGuide("G9", STORE, meanwhile), store="PD") == "guide_away"


def test_without_a_rule_of_the_brand_nobody_is_lent(world: World) -> None:
    world.must(SetPolicy(Policy()))
    assert code(world, SendGuide("G9", STORE, SOON), store="PD") == "guide_of_other_store"


def test_a_loan_ends_and_the_copy_stays_for_the_name(world: World) -> None:
    code(world, SendGuide("G9", STORE, SOON), store="PD")
    code(world, BorrowGuide("G9"), store=STORE)
    code(world, SendGuide("G9", STORE, None), store="PD")
    code(world, BorrowGuide("G9"), store=STORE)
    assert (away(world).loans, lent(world).windows, lent(world).guide.name) == ((), (), "guide")


def test_after_the_loan_nothing_can_be_assigned_any_more(world: World) -> None:
    world.must(placing("1", line("A")))
    code(world, SendGuide("G9", STORE, SOON), store="PD")
    code(world, BorrowGuide("G9"), store=STORE)
    world.now = SOON.end
    assert world.refused(AssignDelivery(a_delivery(), "G9", 0)) == "guide_not_lent"
    world.now = SOON.end - HOUR / 4
    world.must(AssignDelivery(a_delivery(), "G9", 0))


def test_a_store_that_knows_only_the_copy_decides_the_same(world: World) -> None:
    world.must(RegisterSku(sku("A")))
    world.must(OpenStock(STORE, "A", 5))
    world.must(placing("1", line("A")))
    code(world, SendGuide("G9", STORE, SOON), store="PD")
    code(world, BorrowGuide("G9"), store=STORE)
    here = World({key: state for key, state in world.states.items() if key.kind != Guide.KIND}, commands=world.commands)
    for where in (world, here):
        where.must(AssignDelivery(a_delivery(), "G9", 0))
        where.hand_over("G9")
        where.deliver()
    assert here.every(Statement) == world.every(Statement) != []
    world.give_back()
    assert [statement.earnings for statement in world.every(Statement)] == [()]


def test_the_own_store_pays_what_was_earned_elsewhere() -> None:
    day, one = store_day(NOON), Earning("D1", Mode.INSTANT, 1040, NOON, on_time=True)
    name = statement_id("G9", day)
    own = evolve_statement(None, EarningAdded(name, "G9", "PD", day, Earning("D2", Mode.INSTANT, 800, NOON, True)))
    told = evolve_statement(own, EarnedElsewhere(name, "G9", "PD", day, Elsewhere(STORE, (one,))))
    assert (told.total_fen, len(told.lines), told.store) == (1840, 2, "PD")
    assert evolve_statement(told, EarnedElsewhere(name, "G9", "PD", day, Elsewhere(STORE, ()))) == own


def test_windows_are_merged_and_cut() -> None:
    def window(start: int, end: int) -> Window:
        return Window(NOON + start * HOUR, NOON + end * HOUR)

    assert merged([window(3, 4), window(0, 1), window(1, 2)]) == (window(0, 2), window(3, 4))
    assert without([window(0, 8)], [window(1, 2), window(7, 9), window(10, 11)]) == [window(0, 1), window(2, 7)]
    assert without([window(1, 2)], [window(0, 3)]) == []


def test_a_badge_is_part_of_the_copy(world: World) -> None:
    world.must(IssueBadge("G9", "00ff", 90))
    code(world, SendGuide("G9", STORE, SOON), store="PD")
    code(world, BorrowGuide("G9"), store=STORE)
    assert lent(world).guide.badge == Badge("00ff", 0, NOON, 90)
