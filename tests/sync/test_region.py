"""A region planned by the hub and counters that plan alone agree afterwards, because both say the same commands."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import jobs
from hub.core import Hub
from hub.feeds import feeds_of
from hub.jobs import RegionJob
from hub.region_runner import work_on
from hub.tables import state
from storeapp.adapters.insertion import InsertionPlanner
from storeapp.codec import decode_state
from storeapp.domain.catalogue import Policy
from storeapp.domain.delivery import Delivery, Proof
from storeapp.domain.incoming import IncomingLine, Person
from storeapp.domain.kernel import Key, Refusal
from storeapp.domain.moment import Window
from storeapp.domain.people import Guide
from storeapp.domain.place import Position
from storeapp.domain.reference import StoreRow
from storeapp.domain.rules.custody import Deliver
from storeapp.domain.rules.people import SetPolicy
from storeapp.domain.verdict import Verdict
from storeapp.domain.words import Mode, TravelMode
from storeapp.services import attention, dispatch, guides, handoff, orders, slips
from storeapp.services.counter import Counter
from storeapp.services.day import day_report
from storeapp.services.handoff import HandoffResult
from storeapp.services.lending import guests_on
from storeapp.services.setup import StoreTables, set_up
from storeapp.services.situation import situation
from storeapp.services.slips import BadgePaper, SlipPaper
from tests.support import counters
from tests.support.counters import HERE, MANAGER, PASSPHRASE, TestClock, join, run, shown, sync
from tests.support.hubs import START, TurnedClock
from tests.support.hubserver import HubServer, serving
from tests.support.regions import day_of, quick

REGION = "east"
THERE = Position(HERE.lat, HERE.lng + 0.01)
PROMISED = Window(START + timedelta(hours=1), START + timedelta(hours=4))


@dataclass
class Two:
    """Two stores of one region, each with a counter: HH has no guide of its own."""

    hub: Hub
    server: HubServer
    xh: Counter
    hh: Counter

    def plan(self) -> RegionJob:
        started = jobs.start(self.hub, REGION, by="hq")
        taken = jobs.take(self.hub, "here", job_id=started.id)
        assert taken is not None
        done = work_on(self.hub, "here", taken, planners=quick)
        assert done is not None
        return done

    def sync(self) -> None:
        """Until everybody has heard everything."""
        for _ in range(2):
            for counter in (self.xh, self.hh):
                assert not sync(counter).problem

    def later(self, **span: int) -> None:
        for counter in (self.xh, self.hh):
            assert isinstance(counter.clock, TestClock)
            counter.clock.moment += timedelta(**span)
        assert isinstance(self.hub.now, TurnedClock)
        self.hub.now.moment += timedelta(**span)

    def agree(self) -> None:
        for counter in (self.xh, self.hh):
            with self.hub.db.reading() as connection:
                columns = state.c
                query = sa.select(columns.kind, columns.id, columns.body)
                rows = connection.execute(query.where(columns.feed.in_(feeds_of(counter.store))))
                assert shown(counter) == {Key(kind, key): body for kind, key, body in rows if body}


def tables(store: str) -> StoreTables:
    made = counters.tables(store)
    stores = (StoreRow("XH", "XH", "a street", HERE, REGION), StoreRow("HH", "HH", "a street", THERE, REGION))
    return replace(made, stores=stores, guides=made.guides if store == "XH" else ())


@pytest.fixture
def two(tmp_path: Path, hub: Hub) -> Iterator[Two]:
    opened = []
    for store in ("XH", "HH"):
        home = tmp_path / store
        made = set_up(home, store=store, tables_of=tables(store), clock=TestClock(), passphrase=PASSPHRASE)
        opened.append(made.home.open())
    with serving(hub) as server:
        for counter in opened:
            join(counter, hub, server.url, store=counter.store)
        found = Two(hub, server, *opened)
        run(found.xh, SetPolicy(Policy(cross_percent=130, courier_fen=5000)))
        found.sync()
        yield found
    for counter in opened:
        counter.close()


def place(counter: Counter, number: str, position: Position) -> str:
    person = Person(name="x", phone="13800138000", address="a street 1", position=position)
    line = IncomingLine("BL-001", 1, 100)
    made = orders.NewOrder(person, (line,), mode=Mode.SCHEDULED, window=PROMISED, order_no=number)
    placed = orders.place(counter, MANAGER, made)
    assert not isinstance(placed, Refusal), placed
    return placed


def guide_of(counter: Counter, delivery: str) -> str:
    found = counter.cache.get(Delivery, delivery)
    assert found is not None
    return found.guide


def waiting(counter: Counter) -> dict[str, str]:
    return {row.delivery_id: row.code for row in attention.attention_rows(counter) if row.source == "refused"}


def given_by_hub(two: Two, *keys: str) -> dict[str, str]:
    with two.hub.db.reading() as connection:
        query = sa.select(state.c.body).where(state.c.kind == Delivery.KIND, state.c.id.in_(keys))
        found = [decode_state(Delivery.KIND, body) for body in connection.scalars(query)]
    return {job.id: job.guide for job in found if isinstance(job, Delivery)}


def badge_of(two: Two, guide: str) -> str:
    badge = slips.issue_badge(two.xh, MANAGER, guide)
    assert isinstance(badge, BadgePaper)
    two.sync()
    return badge.token


def slip_of(counter: Counter, delivery: str) -> str:
    slip = slips.issue_slip(counter, MANAGER, delivery)
    assert isinstance(slip, SlipPaper)
    return slip.token


def scanned(counter: Counter, badge: str, slip: str) -> HandoffResult:
    found = handoff.scan(counter, MANAGER, badge, slip)
    assert isinstance(found, HandoffResult)
    return found


def test_who_was_unplugged_and_assigned_otherwise_is_told_and_all_agree(two: Two) -> None:
    keys = [place(two.xh, f"T{n}", Position(HERE.lat + 0.001 * n, HERE.lng)) for n in range(1, 4)]
    two.sync()
    assert two.plan().progress.assigned == 3
    # The counter has heard nothing of it: it plans alone, and its manager decides otherwise for one.
    proposal = dispatch.propose(two.xh, InsertionPlanner())
    assert {item.delivery_id for item in proposal.assignments} == set(keys)
    by_hub = given_by_hub(two, *keys)
    other = {"G01": "G02", "G02": "G01"}[by_hub[keys[0]]]
    assert not isinstance(dispatch.assign(two.xh, MANAGER, keys[0], other), Refusal)
    assert guide_of(two.xh, keys[0]) == other
    two.sync()
    two.agree()
    assert {key: guide_of(two.xh, key) for key in keys} == by_hub
    assert waiting(two.xh) == {keys[0]: "stale_base"}
    (row,) = [row for row in attention.attention_rows(two.xh) if row.source == "refused"]
    assert (row.data["winner"], row.data["guide"]) == (by_hub[keys[0]], other)


def test_what_an_unplugged_counter_had_said_before_stands_against_the_plan(two: Two) -> None:
    keys = [place(two.xh, f"T{n}", Position(HERE.lat + 0.001 * n, HERE.lng)) for n in range(1, 4)]
    two.sync()
    dispatch.assign(two.xh, MANAGER, keys[0], "G02")
    sync(two.xh)
    assert two.plan().progress.assigned == 2
    two.sync()
    two.agree()
    assert guide_of(two.xh, keys[0]) == "G02"
    assert waiting(two.xh) == {}


def test_a_store_unplugged_hands_over_to_a_lent_guide_and_the_guides_own_store_pays(two: Two) -> None:
    badges = {guide: badge_of(two, guide) for guide in ("G01", "G02")}
    key = place(two.hh, "H1", Position(THERE.lat + 0.002, THERE.lng))
    two.sync()
    assert two.plan().progress.assigned == 1
    two.sync()
    guide = guide_of(two.hh, key)
    # From here on nobody hears of anybody.
    (row,) = guides.guide_rows(two.hh)
    assert (row.id, row.guest_of, row.assigned, row.badge_serial) == (guide, "XH", 1, 0)
    slip = slip_of(two.hh, key)
    other = next(name for name in badges if name != guide)
    assert scanned(two.hh, badges[other], slip).verdict is Verdict.WRONG_STORE
    found = scanned(two.hh, badges[guide], slip)
    assert (found.verdict, found.saved) == (Verdict.OK, True)
    assert found.guide is not None
    assert (found.guide.code, found.guide.name) == (guide, guide)
    sheet = slips.run_sheet(two.hh, MANAGER, guide)
    assert not isinstance(sheet, Refusal)
    two.later(hours=1)
    run(two.hh, Deliver(key, Proof.PICKUP_CODE))
    rate_fen = Policy().rate_fen[Mode.SCHEDULED] * 130 // 100
    (there,) = day_report(two.hh).guides
    assert (there.guide, there.earnings_fen, there.paid_by) == (guide, rate_fen, "XH")
    assert day_report(two.hh).totals.earnings_fen == 0
    two.sync()
    two.agree()
    at_home = {each.guide: each for each in day_report(two.xh).guides}
    assert (at_home[guide].earnings_fen, at_home[guide].paid_by) == (rate_fen, "")
    assert day_report(two.xh).totals.earnings_fen == rate_fen


def test_neither_store_plans_a_lent_guide_twice(two: Two) -> None:
    key = place(two.hh, "H1", Position(THERE.lat + 0.002, THERE.lng))
    two.sync()
    two.plan()
    two.sync()
    guide = guide_of(two.hh, key)
    (at_home,) = [row for row in guides.guide_rows(two.xh) if row.id == guide]
    ((store, away),) = at_home.away
    (guest,) = guests_on(two.hh, day_of())
    (there,) = guest.windows
    assert store == "HH"
    for counter, windows, inside in ((two.xh, [away], False), (two.hh, [there], True)):
        problem = situation(counter, counter.clock.now()).problem
        spans = [(problem.at(v.start_s), problem.at(v.end_s)) for v in problem.vehicles if v.guide == guide]
        assert spans
        for start, end in spans:
            assert inside == any(w.start <= start and end <= w.end for w in windows)
            assert inside or not any(start < w.end and w.start < end for w in windows)


def test_a_guest_is_no_guide_of_the_store_that_borrows(two: Two) -> None:
    key = place(two.hh, "H1", Position(THERE.lat + 0.002, THERE.lng))
    two.sync()
    two.plan()
    two.sync()
    guide = guide_of(two.hh, key)
    made = Guide(guide, "x", "HH", TravelMode.WALK, 1, 1)
    refused = guides.register(two.hh, MANAGER, made)
    assert isinstance(refused, Refusal)
    assert refused.code == "guide_of_other_store"
    assert isinstance(slips.issue_badge(two.hh, MANAGER, guide), Refusal)
    # Once the loan is over nobody assigns to the guest any more, with or without the network.
    two.later(hours=12)
    again = place(two.hh, "H2", THERE)
    late = dispatch.assign(two.hh, MANAGER, again, guide)
    assert isinstance(late, Refusal)
    assert late.code == "guide_not_lent"
