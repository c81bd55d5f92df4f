"""Histories of random commands: whatever happens, the laws of custody, stock and pay hold."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from storeapp.domain.delivery import Delivery, Holder, Proof
from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.domain.kernel import Refusal
from storeapp.domain.people import Guide, Shift, shift_id
from storeapp.domain.rules.closing import AcceptRefusal, CloseDay, ReportException, ResolveException
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, PassOn, ReturnDelivery
from storeapp.domain.rules.deliveries import (
    AssignDelivery,
    IssueSlip,
    RetryDelivery,
    SplitDelivery,
    UnassignDelivery,
)
from storeapp.domain.rules.orders import (
    CancelOrder,
    CorrectOrder,
    ForgetOrder,
    RescheduleOrder,
    ReserveOrder,
)
from storeapp.domain.rules.people import IssueBadge, RegisterGuide, RevokeBadge, SetShift
from storeapp.domain.rules.stock import CountStock, MoveStock, OpenStock
from storeapp.domain.statement import DayTotals, StoreDay
from storeapp.domain.stock import Movement
from storeapp.domain.words import Mode
from tests.storeapp.world import AFTERNOON, DAY, STORE, a_delivery, a_store, an_order, guide, line, placing

NUMBERS = st.sampled_from(["1", "2"])
UNKNOWN = st.sampled_from(["1", "2", "1", "2", "nobody"])
GUIDES = st.sampled_from(["G1", "G2", "G3"])
PARCELS = st.sampled_from([1, 1, 2, 3])
MAYBE_PARCEL = st.sampled_from([None, None, 1, 2, 9])
SKUS = st.sampled_from(["A", "B", "unlisted"])
LINES = st.lists(st.builds(line, SKUS, st.integers(1, 3)), min_size=1, max_size=3).map(tuple)
REASONS = st.sampled_from(["", "unreachable", "refused", "damaged", "recall", "customer"])


class StoreMachine(RuleBasedStateMachine):
    """Every command of the store, in any order, known subject or not."""

    @initialize()
    def open_store(self) -> None:
        self.world = a_store(A=4, B=2)

    @rule(minutes=st.integers(1, 90))
    def pass_time(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)

    @rule(number=NUMBERS, lines=LINES, revise=st.booleans(), age=st.sampled_from([None, 0, 1, 2]))
    def place(self, number: str, lines: tuple, revise: bool, age: int | None) -> None:
        at = None if age is None else AFTERNOON.start + timedelta(hours=age)
        self.world.must(placing(number, *lines, revise=revise, updated_at=at))

    @rule(number=UNKNOWN, lines=st.one_of(st.none(), LINES))
    def correct(self, number: str, lines: tuple | None) -> None:
        self.world.run(CorrectOrder(an_order(number), "mended", True, ("name_missing",), lines))

    @rule(number=UNKNOWN, mode=st.sampled_from(Mode))
    def reschedule(self, number: str, mode: Mode) -> None:
        self.world.run(RescheduleOrder(an_order(number), mode, replace(AFTERNOON, end=AFTERNOON.end)))

    @rule(number=UNKNOWN, by_platform=st.booleans())
    def cancel(self, number: str, by_platform: bool) -> None:
        self.world.run(CancelOrder(an_order(number), "customer", by_platform))

    @rule(number=UNKNOWN)
    def reserve(self, number: str) -> None:
        self.world.run(ReserveOrder(an_order(number)))

    @rule(number=UNKNOWN)
    def forget(self, number: str) -> None:
        self.world.must(ForgetOrder(an_order(number)))

    @rule(number=UNKNOWN, name=GUIDES, behind=st.sampled_from([0, 0, 1]))
    def assign(self, number: str, name: str, behind: int) -> None:
        known = self.world.get(Delivery, a_delivery(number))
        base = (known.assignments if known else 0) - behind
        decided = self.world.run(AssignDelivery(a_delivery(number), name, base))
        assert behind == 0 or isinstance(decided, Refusal)

    @rule(number=UNKNOWN)
    def unassign(self, number: str) -> None:
        known = self.world.get(Delivery, a_delivery(number))
        self.world.run(UnassignDelivery(a_delivery(number), known.assignments if known else 0))

    @rule(number=UNKNOWN, parcel=PARCELS)
    def slip(self, number: str, parcel: int) -> None:
        self.world.run(IssueSlip(a_delivery(number), parcel, "00ff00ff", 24))

    @rule(number=UNKNOWN)
    def retry(self, number: str) -> None:
        self.world.run(RetryDelivery(a_delivery(number)))

    @rule(number=UNKNOWN, parcels=st.integers(0, 4))
    def split(self, number: str, parcels: int) -> None:
        self.world.run(SplitDelivery(a_delivery(number), parcels))

    @rule(number=UNKNOWN, parcel=PARCELS, name=GUIDES, reason=st.sampled_from(["", "paper torn"]))
    def hand_over(self, number: str, parcel: int, name: str, reason: str) -> None:
        self.world.must(HandOver(a_delivery(number), parcel, name, Proof.TOKEN, reason=reason))

    @rule(number=UNKNOWN, parcel=MAYBE_PARCEL)
    def deliver(self, number: str, parcel: int | None) -> None:
        self.world.must(Deliver(a_delivery(number), Proof.PICKUP_CODE, parcel))

    @rule(number=UNKNOWN, parcel=MAYBE_PARCEL, reason=REASONS, returning=st.booleans())
    def fail(self, number: str, parcel: int | None, reason: str, returning: bool) -> None:
        self.world.must(FailDelivery(a_delivery(number), reason, returning, parcel))

    @rule(number=UNKNOWN, parcel=MAYBE_PARCEL, reason=REASONS)
    def give_back(self, number: str, parcel: int | None, reason: str) -> None:
        self.world.must(ReturnDelivery(a_delivery(number), reason, parcel))

    @rule(number=UNKNOWN, parcel=MAYBE_PARCEL, holder=st.sampled_from([Holder.COURIER, Holder.PICKUP_POINT]))
    def pass_on(self, number: str, parcel: int | None, holder: Holder) -> None:
        self.world.must(PassOn(a_delivery(number), holder, "somebody", parcel))

    @rule(name=SKUS, quantity=st.integers(0, 5), first=st.booleans())
    def count(self, name: str, quantity: int, first: bool) -> None:
        self.world.must((OpenStock if first else CountStock)(STORE, name, quantity))
        assert self.world.stock(name)[0] == quantity

    @rule(name=SKUS, quantity=st.integers(-3, 3), movement=st.sampled_from(Movement))
    def move(self, name: str, quantity: int, movement: Movement) -> None:
        before = self.world.stock(name)[0]
        self.world.must(MoveStock(STORE, name, movement, quantity))
        assert self.world.stock(name)[0] == before + quantity

    @rule(number=UNKNOWN, kind=st.sampled_from(ExceptionKind))
    def report(self, number: str, kind: ExceptionKind) -> None:
        self.world.must(ReportException(a_delivery(number), kind))

    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        known = [case.id for case in self.world.every(ExceptionCase)]
        case_id = data.draw(st.sampled_from([*known, "nothing"]))
        before = self.world.get(ExceptionCase, case_id)
        decided = self.world.run(ResolveException(case_id, "called"))
        assert isinstance(decided, Refusal) is not (before is not None and before.open)

    @rule()
    def close_day(self) -> None:
        before = self.world.get(StoreDay, f"{STORE}/{DAY.isoformat()}")
        self.world.must(CloseDay(STORE, DAY, DayTotals(0, 0, 0, 0, 0, 0, 0)))
        after = self.world.get(StoreDay, f"{STORE}/{DAY.isoformat()}")
        assert after is not None
        assert after.closings == (before.closings + 1 if before else 1)
        self.world.must(AcceptRefusal("some-command"))

    @invariant()
    def laws_hold(self) -> None:
        self.world.check()


class PeopleMachine(RuleBasedStateMachine):
    """Guides come and go; a badge that was void once is void forever."""

    @initialize()
    def open_store(self) -> None:
        self.world = a_store()
        self.printed: set[tuple[str, str, int]] = set()

    @rule(name=GUIDES, active=st.booleans())
    def register(self, name: str, active: bool) -> None:
        before = self.world.get(Guide, name)
        self.world.must(RegisterGuide(guide(name, active=active)))
        after = self.world.get(Guide, name)
        assert after is not None
        assert after.badge == (before.badge if before else None)

    @rule(name=GUIDES, badge=st.sampled_from(["b1", "b2"]))
    def issue(self, name: str, badge: str) -> None:
        if isinstance(self.world.run(IssueBadge(name, badge, 90)), Refusal):
            return
        known = self.world.get(Guide, name)
        assert known is not None
        assert known.badge is not None
        one = (name, badge, known.badge.serial)
        assert one not in self.printed, "a paper of before is valid again"
        self.printed.add(one)

    @rule(name=GUIDES)
    def revoke(self, name: str) -> None:
        self.world.run(RevokeBadge(name))
        known = self.world.get(Guide, name)
        assert known is None or known.badge is None

    @rule(name=GUIDES, off=st.booleans())
    def set_shift(self, name: str, off: bool) -> None:
        shift = Shift(shift_id(name, DAY), name, STORE, DAY, None if off else AFTERNOON)
        decided = self.world.run(SetShift(shift))
        assert isinstance(decided, Refusal) is (self.world.get(Guide, name) is None)
        assert isinstance(decided, Refusal) or self.world.get(Shift, shift.id) == shift

    @invariant()
    def laws_hold(self) -> None:
        self.world.check_replay()


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPeople = PeopleMachine.TestCase
TestPeople.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
