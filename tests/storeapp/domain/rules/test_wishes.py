from storeapp.domain.catalogue import Policy
from storeapp.domain.delivery import Proof
from storeapp.domain.kernel import Refusal
from storeapp.domain.people import Guide
from storeapp.domain.rules.custody import FailDelivery, Rescue
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.people import RegisterGuide, SetPolicy
from storeapp.domain.rules.wishes import BanGuide, PinDelivery, PrioritiseDelivery
from storeapp.domain.statement import Statement
from storeapp.domain.words import TravelMode
from tests.storeapp.world import a_delivery, a_placed, lend

JOB = a_delivery()


def test_a_delivery_is_pinned_banned_and_put_before_others_and_back() -> None:
    world = a_placed()
    world.must(PinDelivery(JOB, "G1"))
    world.must(BanGuide(JOB, "G2"))
    world.must(BanGuide(JOB, "G1"))
    world.must(PrioritiseDelivery(JOB, 2))
    job = world.delivery()
    assert (job.pinned, job.banned, job.priority) == ("G1", ("G1", "G2"), 2)
    world.must(PinDelivery(JOB, ""))
    world.must(BanGuide(JOB, "G1", lifted=True))
    job = world.delivery()
    assert (job.pinned, job.banned) == ("", ("G2",))


def test_what_was_said_before_is_not_said_again() -> None:
    world = a_placed()
    world.must(PinDelivery(JOB, "G1"))
    assert world.must(PinDelivery(JOB, "G1")) == ()
    assert world.must(BanGuide(JOB, "G1", lifted=True)) == ()
    assert world.must(PrioritiseDelivery(JOB, 0)) == ()


def test_a_wish_needs_a_delivery_a_guide_and_a_known_priority() -> None:
    world = a_placed()
    assert world.run(PinDelivery("none", "G1")) == Refusal("unknown_delivery")
    assert world.run(PinDelivery(JOB, "G9")) == Refusal("unknown_guide", {"guide": "G9"})
    assert world.run(BanGuide(JOB, "G9")) == Refusal("unknown_guide", {"guide": "G9"})
    assert world.run(PrioritiseDelivery(JOB, 3)) == Refusal("bad_priority", {"most": 2})
    world.hand_over("G1")
    world.deliver()
    assert world.run(PinDelivery(JOB, "G1")) == Refusal("not_assignable", {"state": "delivered"})


def test_a_rescue_moves_custody_and_pay_to_the_taker_without_a_case() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.must(Rescue(JOB, 1, "G1", "G2", Proof.TOKEN))
    job = world.delivery()
    assert (job.guide, job.parcels[0].custodian.holder_id, job.parcels[0].round, world.cases()) == ("G2", "G2", 0, [])
    world.deliver()
    assert world.earned() == {"G2": 1}


def test_a_rescue_from_somebody_who_did_not_hold_it_stands_and_a_person_is_asked() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.must(Rescue(JOB, 1, "G2", "G2", Proof.STAFF, reason="phone"))
    assert world.cases() == ["recorded_by_staff", "rescued_from_other"]
    assert world.delivery().parcels[0].custodian.holder_id == "G2"


def test_a_rescue_said_twice_moves_nothing_the_second_time() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.must(Rescue(JOB, 1, "G1", "G2", Proof.TOKEN))
    world.must(Rescue(JOB, 1, "G1", "G2", Proof.TOKEN))
    assert len(world.delivery().parcels[0].chain) == 3


def test_what_was_coming_back_is_still_coming_back_with_the_taker() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.must(FailDelivery(JOB, "refused", returning=True))
    before = world.state()
    world.must(Rescue(JOB, 1, "G1", "G2", Proof.TOKEN))
    assert world.state() is before


def test_guides_of_other_stores_are_assigned_and_paid_more_only_where_the_rules_say_so() -> None:
    world = a_placed()
    world.must(RegisterGuide(Guide("G9", "guide", "PD", TravelMode.WALK, 10, 20_000)))
    assert isinstance(world.run(AssignDelivery(JOB, "G9", 0)), Refusal)
    world.must(SetPolicy(Policy(cross_percent=130)))
    assert world.refused(AssignDelivery(JOB, "G9", 0)) == "guide_not_lent"
    lend(world, "G9", home="PD")
    world.must(AssignDelivery(JOB, "G9", 0))
    world.hand_over("G9")
    world.deliver()
    (statement,) = world.every(Statement)
    assert (statement.total_fen, statement.store, statement.guide_store) == (800 * 130 // 100, "XH", "PD")
