"""Warnings before it is too late, and windows to offer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from storeapp.domain.catalogue import Store
from storeapp.domain.delivery import DeliveryState, Proof
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.offers import recommended
from storeapp.domain.order import Order
from storeapp.domain.place import Position
from storeapp.domain.rules.custody import Deliver, HandOver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.risk import LATE_RISK
from storeapp.services import attention, risk
from storeapp.services.counter import Counter
from storeapp.services.policy import set_policy
from tests.services.store_day import MANAGER, in_state, move_clock, open_counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="10:00")
    yield opened
    opened.close()


def near(counter: Counter, number: int) -> list[str]:
    orders = {order.delivery_id: order for order in counter.cache.every(Order)}
    found = [key for key in in_state(counter, DeliveryState.WAITING) if orders[key].located and not orders[key].needs]
    # Late enough that the guide works long before.
    found = [key for key in found if orders[key].window.end >= counter.clock.now() + timedelta(hours=4)]
    return sorted(found, key=lambda key: (orders[key].window.end, key))[:number]


def assign(counter: Counter, job: str, guide: str = "G01") -> None:
    with counter.transaction(MANAGER) as tx:
        tx.must(AssignDelivery(job, guide, 0))


def cases(counter: Counter) -> list[ExceptionCase]:
    return [case for case in counter.cache.every(ExceptionCase) if case.code == LATE_RISK]


def at_due(counter: Counter, job: str, minutes: int) -> None:
    order = counter.cache.get(Order, job.removesuffix("-1"))
    assert order is not None
    counter.clock.moment = order.window.end - timedelta(minutes=minutes)  # type: ignore[attr-defined]  # a clock by hand


def test_a_promise_with_time_left_is_sure_and_becomes_less_so(counter: Counter) -> None:
    (job,) = near(counter, 1)
    assign(counter, job)
    found = []
    for minutes in (60, 20, 5, -5):
        at_due(counter, job, minutes)
        (known,) = risk.risks(counter)
        found.append(known.chance)
    assert found[0] > 0.85
    assert found == sorted(found, reverse=True)
    assert found[-1] == 0


def test_a_warning_comes_before_it_is_too_late_and_only_once(counter: Counter) -> None:
    (job,) = near(counter, 1)
    assign(counter, job)
    at_due(counter, job, 60)
    assert risk.watch(counter) == risk.Watched()
    at_due(counter, job, 4)
    assert risk.watch(counter).warned == (job,)
    assert risk.watch(counter) == risk.Watched()
    (row,) = [row for row in attention.attention_rows(counter) if row.code == LATE_RISK]
    assert row.delivery_id == job
    assert row.data["guide"] == "G01"
    assert attention.resolve(counter, MANAGER, row.id, "customer_told")
    assert risk.watch(counter) == risk.Watched(), "what a person has settled is not asked again"


def test_a_warning_is_taken_back_when_it_arrived(counter: Counter) -> None:
    (job,) = near(counter, 1)
    assign(counter, job)
    at_due(counter, job, 4)
    risk.watch(counter)
    with counter.transaction(MANAGER) as tx:
        tx.must(HandOver(job, 1, "G01", Proof.TOKEN))
        tx.must(Deliver(job, Proof.PICKUP_CODE))
    (cleared,) = risk.watch(counter).cleared
    (case,) = cases(counter)
    assert (case.id, case.resolution, case.open) == (cleared, "arrived", False)


def test_a_warning_is_taken_back_when_there_is_time_again(counter: Counter) -> None:
    (job,) = near(counter, 1)
    assign(counter, job)
    at_due(counter, job, 4)
    risk.watch(counter)
    at_due(counter, job, 100)
    risk.watch(counter)
    assert [case.resolution for case in cases(counter)] == ["on_time_again"]


def test_the_threshold_is_a_policy(counter: Counter) -> None:
    (job,) = near(counter, 1)
    assign(counter, job)
    at_due(counter, job, 4)
    set_policy(counter, MANAGER, replace(counter.policy, alert_percent=0))
    assert risk.watch(counter) == risk.Watched()
    refused = set_policy(counter, MANAGER, replace(counter.policy, alert_percent=99))
    assert isinstance(refused, Refusal)


def test_what_waits_for_a_guide_is_no_risk_of_a_promise(counter: Counter) -> None:
    assert risk.risks(counter) == ()


# -- windows


def test_windows_of_a_waiting_delivery_have_guides_and_chances(counter: Counter) -> None:
    (job,) = near(counter, 1)
    found = risk.windows_for(counter, job)
    assert not isinstance(found, Refusal)
    assert len(found) > 4
    best = recommended(found)
    assert best is not None
    assert best.chance > 0.8
    assert best.guides >= 1
    assert best.window.end - best.window.start == timedelta(minutes=120)


def test_another_day_is_planned_from_its_morning(counter: Counter) -> None:
    (job,) = near(counter, 1)
    tomorrow = store_day(counter.clock.now()) + timedelta(days=1)
    found = risk.windows_for(counter, job, day=tomorrow)
    assert not isinstance(found, Refusal)
    assert {store_day(offer.window.start) for offer in found} == {tomorrow}
    assert recommended(found) is not None


def test_a_place_without_an_order_is_asked_about_as_well(counter: Counter) -> None:
    store = counter.cache.get(Store, counter.store)
    assert store is not None
    near_by = risk.windows_at(counter, Position(31.2000, 121.4400))
    assert recommended(near_by) is not None
    far = risk.windows_at(counter, Position(31.5, 121.9))
    assert {offer.obstacle.code for offer in far if offer.obstacle} == {"too_far"}


def test_after_the_last_shift_there_is_no_window_left(counter: Counter) -> None:
    move_clock(counter, "23:50")
    assert recommended(risk.windows_at(counter, Position(31.2000, 121.4400))) is None


def test_what_is_out_or_unknown_has_no_other_window(counter: Counter) -> None:
    (job,) = near(counter, 1)
    assign(counter, job)
    with counter.transaction(MANAGER) as tx:
        tx.must(HandOver(job, 1, "G01", Proof.TOKEN))
    assert risk.windows_for(counter, job) == Refusal("not_reschedulable")
    assert risk.windows_for(counter, "nothing") == Refusal("unknown_delivery")
