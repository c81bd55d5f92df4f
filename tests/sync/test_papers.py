"""Paper outlives enrolment: what a stand-alone counter printed is good at every counter of its store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.core import Hub
from hub.revocations import revoke
from storeapp.domain.order import order_id
from storeapp.domain.verdict import Verdict
from storeapp.domain.words import Platform
from storeapp.services import dispatch, handoff, slips
from storeapp.services.counter import Counter
from storeapp.services.handoff import HandoffResult
from storeapp.services.slips import BadgePaper, SlipPaper
from tests.support.counters import MANAGER, PASSPHRASE, TestClock, bare, join, run, stand_alone, sync
from tests.support.hubs import TurnedClock, an_order, make_hub
from tests.support.hubserver import serving

DELIVERY = f"{order_id(Platform.TABLE, 'T1')}-1"


@pytest.fixture
def hub_clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def hub(tmp_path: Path, database: str, hub_clock: TurnedClock) -> Iterator[Hub]:
    hub = make_hub(tmp_path / "hub", url=database, now=hub_clock)
    yield hub
    hub.close()


@pytest.fixture
def counters(tmp_path: Path, hub: Hub) -> Iterator[tuple[Counter, Counter]]:
    first = stand_alone(tmp_path / "first", passphrase=PASSPHRASE)
    second = bare(tmp_path / "second", passphrase=PASSPHRASE)
    yield first, second
    first.close()
    second.close()


def papers(counter: Counter) -> tuple[str, str]:
    run(counter, an_order("T1"))
    dispatch.assign(counter, MANAGER, DELIVERY, "G01")
    badge = slips.issue_badge(counter, MANAGER, "G01")
    slip = slips.issue_slip(counter, MANAGER, DELIVERY)
    assert isinstance(badge, BadgePaper)
    assert isinstance(slip, SlipPaper)
    return badge.token, slip.token


def verdict(counter: Counter, badge: str, slip: str) -> Verdict:
    found = handoff.scan(counter, MANAGER, badge, slip)
    assert isinstance(found, HandoffResult)
    return found.verdict


def test_papers_from_long_before_the_enrolment_are_good_at_another_counter(
    hub: Hub, hub_clock: TurnedClock, counters: tuple[Counter, Counter]
) -> None:
    first, second = counters
    badge, slip = papers(first)
    hub_clock.moment += timedelta(days=30)
    with serving(hub) as server:
        join(first, hub, server.url)
        sync(first)
        join(second, hub, server.url)
        sync(second)
        assert verdict(second, badge, slip) is Verdict.OK
        sync(second)
        sync(first)
    assert verdict(first, badge, slip) is Verdict.ALREADY_USED


def test_a_revoked_counter_signs_nothing_more(hub: Hub, counters: tuple[Counter, Counter]) -> None:
    first, second = counters
    with serving(hub) as server:
        join(first, hub, server.url)
        join(second, hub, server.url)
        sync(first)
        revoke(hub, first.device)
        clock = first.clock
        assert isinstance(clock, TestClock)
        clock.moment += timedelta(hours=1)
        sync(second)
        badge, slip = papers(first)
    assert isinstance(second.clock, TestClock)
    second.clock.moment += timedelta(hours=1)
    assert verdict(second, badge, slip) is Verdict.REVOKED
