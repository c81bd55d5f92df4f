import pytest

from storeapp.domain.delivery import DeliveryState, Holder, slip_id
from storeapp.domain.kernel import Command
from storeapp.domain.rules.deliveries import (
    MAX_REPRINT,
    AssignDelivery,
    IssueSlip,
    RetryDelivery,
    SplitDelivery,
    UnassignDelivery,
)
from storeapp.domain.rules.people import RegisterGuide
from tests.storeapp.world import World, a_delivery, a_placed, a_store, guide


def test_an_assignment_makes_a_guide_responsible() -> None:
    world = a_placed()
    world.assign("G1")
    assert (world.state(), world.delivery().guide) == (DeliveryState.ASSIGNED, "G1")


def test_the_first_of_two_rivals_wins() -> None:
    world = a_placed()
    seen = world.delivery().assignments
    world.must(AssignDelivery(a_delivery(), "G1", seen))
    assert world.refused(AssignDelivery(a_delivery(), "G2", seen)) == "stale_base"
    assert world.delivery().guide == "G1"


def test_who_sees_the_first_assignment_may_change_it() -> None:
    world = a_placed()
    world.assign("G1")
    world.assign("G2")
    assert world.delivery().guide == "G2"


def test_a_taken_back_assignment_leaves_the_delivery_waiting() -> None:
    world = a_placed()
    world.assign("G1")
    world.must(UnassignDelivery(a_delivery(), world.delivery().assignments))
    assert world.state() is DeliveryState.WAITING
    assert world.must(UnassignDelivery(a_delivery(), world.delivery().assignments)) == ()


@pytest.mark.parametrize("name", ["nobody", "gone", "elsewhere"])
def test_only_an_active_guide_of_the_store_is_assigned(name: str) -> None:
    world = a_placed()
    world.must(RegisterGuide(guide("gone", active=False)))
    world.must(RegisterGuide(guide("elsewhere", store="other")))
    code = world.refused(AssignDelivery(a_delivery(), name, 0))
    assert code == ("guide_of_other_store" if name == "elsewhere" else "unknown_guide")


@pytest.mark.parametrize("step", ["hand_over", "cancel", "deliver", "returned"])
def test_only_what_waits_can_be_assigned(step: str) -> None:
    world = a_placed()
    match step:
        case "hand_over":
            world.hand_over("G1")
        case "cancel":
            world.cancel()
        case "deliver":
            world.deliver()
        case _:
            world.hand_over("G1")
            world.give_back()
    command = AssignDelivery(a_delivery(), "G2", world.delivery().assignments)
    assert world.refused(command) == "not_assignable"


def test_what_came_back_waits_again_once_somebody_decides_so() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.give_back()
    assert world.state() is DeliveryState.RETURNED
    world.must(RetryDelivery(a_delivery()))
    assert world.state() is DeliveryState.WAITING
    assert world.refused(RetryDelivery(a_delivery())) == "not_returned"


def test_a_reprint_counts_up_and_keeps_the_slips_name() -> None:
    world = a_placed()
    world.slip()
    world.slip()
    slip = world.delivery().parcels[0].slip
    assert slip is not None
    assert (slip.reprint, slip.slip_id) == (1, slip_id(a_delivery(), 1, 0))


def test_a_new_round_has_a_slip_of_another_name() -> None:
    world = a_placed()
    world.slip()
    world.hand_over("G1")
    world.give_back()
    assert world.delivery().parcels[0].slip is None
    world.slip()
    slip = world.delivery().parcels[0].slip
    assert slip is not None
    assert (slip.reprint, slip.slip_id) == (0, slip_id(a_delivery(), 1, 1))


def test_reprints_end_where_the_token_has_no_more_numbers() -> None:
    world = a_placed()
    for _ in range(MAX_REPRINT + 1):
        world.slip()
    assert world.refused(IssueSlip(a_delivery(), 1, "00", 24)) == "too_many_reprints"


def test_no_slip_is_printed_for_what_a_guide_holds() -> None:
    world = a_placed()
    world.hand_over("G1")
    assert world.refused(IssueSlip(a_delivery(), 1, "00", 24)) == "not_in_store"


def test_a_slip_is_printed_for_the_parcel_that_still_lies_here() -> None:
    world = a_placed()
    world.split(2)
    world.hand_over("G1", 1)
    world.slip(2)
    assert world.delivery().parcels[1].slip is not None


def test_no_slip_is_printed_for_the_rest_of_what_was_called_back() -> None:
    world = a_placed()
    world.split(2)
    world.hand_over("G1", 1)
    world.cancel()
    assert world.refused(IssueSlip(a_delivery(), 2, "00", 24)) == "not_in_store"


def test_a_split_gives_every_parcel_its_own_slip_and_voids_the_old_one() -> None:
    world = a_placed()
    world.slip()
    old = world.delivery().parcels[0].slip
    world.split(3)
    assert [p.slip for p in world.delivery().parcels] == [None] * 3
    for number in (1, 2, 3):
        world.slip(number)
    names = {p.slip.slip_id for p in world.delivery().parcels if p.slip}
    assert old is not None
    assert len(names | {old.slip_id}) == 4


def test_packing_together_and_apart_again_never_names_an_old_slip() -> None:
    world = a_placed()
    seen: list[str] = []
    for parcels in (2, 3, 1, 3):
        world.split(parcels)
        for number in range(1, parcels + 1):
            world.slip(number)
        seen += [p.slip.slip_id for p in world.delivery().parcels if p.slip]
    assert len(seen) == len(set(seen)) == 9


def test_packing_as_it_is_voids_nothing() -> None:
    world = a_placed()
    world.slip()
    assert world.must(SplitDelivery(a_delivery(), 1)) == ()


@pytest.mark.parametrize("parcels", [0, 10])
def test_a_delivery_has_one_to_nine_parcels(parcels: int) -> None:
    assert a_placed().refused(SplitDelivery(a_delivery(), parcels)) == "parcel_count"


def test_what_has_been_out_is_not_split() -> None:
    world = a_placed()
    world.hand_over("G1")
    assert world.refused(SplitDelivery(a_delivery(), 2)) == "not_splittable"
    world.give_back()
    world.must(RetryDelivery(a_delivery()))
    assert world.refused(SplitDelivery(a_delivery(), 2)) == "not_splittable"


def test_the_rest_of_a_partly_delivered_job_can_be_assigned_again() -> None:
    world = partly_delivered()
    world.give_back("refused", parcel=2)
    world.assign("G2")
    world.slip(2)
    world.hand_over("G2", 2)
    world.deliver()
    assert (world.state(), world.earned()) == (DeliveryState.DELIVERED, {"G2": 1})


def test_what_is_on_its_way_is_not_assigned_though_another_parcel_arrived() -> None:
    world = partly_delivered()
    command = AssignDelivery(a_delivery(), "G2", world.delivery().assignments)
    assert world.refused(command) == "not_assignable"


def partly_delivered() -> World:
    """Two parcels with one guide, the first of them at the customer."""
    world = a_placed()
    world.split(2)
    world.hand_over("G1", 1)
    world.hand_over("G1", 2)
    world.deliver(1)
    assert [p.custodian.holder for p in world.delivery().parcels] == [Holder.CUSTOMER, Holder.GUIDE]
    return world


@pytest.mark.parametrize(
    "command",
    [
        AssignDelivery("nobody", "G1", 0),
        UnassignDelivery("nobody", 0),
        IssueSlip("nobody", 1, "00", 24),
        RetryDelivery("nobody"),
        SplitDelivery("nobody", 2),
    ],
)
def test_an_intent_about_an_unknown_delivery_is_refused(command: Command) -> None:
    assert a_store().refused(command) == "unknown_delivery"


def test_an_unknown_parcel_gets_no_slip() -> None:
    assert a_placed().refused(IssueSlip(a_delivery(), 2, "00", 24)) == "unknown_parcel"
