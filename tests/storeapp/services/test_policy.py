import pytest
from msgspec.structs import replace

from storeapp.domain.catalogue import Policy
from storeapp.domain.kernel import Refusal
from storeapp.domain.words import Mode
from storeapp.services.policy import bounds_of, change_policy, names, number, set_policy, with_numbers
from tests.storeapp.services.desk import CLERK, MANAGER


def test_a_manager_sets_numbers_within_their_bounds(store) -> None:
    after = replace(Policy(), slip_hours=12)
    assert not isinstance(set_policy(store.counter, MANAGER, after), Refusal)
    assert store.counter.policy == after


@pytest.mark.parametrize("change", [{"slip_hours": 0}, {"rate_fen": {Mode.INSTANT: -1}}, {"radius_m": 100_000}])
def test_a_number_out_of_its_bounds_is_named(store, change) -> None:
    refused = set_policy(store.counter, MANAGER, replace(Policy(), **change))
    assert isinstance(refused, Refusal)
    assert refused.code == "policy_bound"
    assert refused.data["name"] in change


def test_only_a_manager_may(store) -> None:
    assert set_policy(store.counter, CLERK, Policy()) == Refusal("manager_only")


def test_every_number_has_a_name_and_its_default_is_within_its_bounds() -> None:
    for name in names():
        least, most = bounds_of(name)
        assert least <= number(Policy(), name) <= most, name
    assert "prep_minutes.scheduled" in names()


def test_a_change_leaves_what_was_set_elsewhere_meanwhile(store) -> None:
    set_policy(store.counter, MANAGER, replace(Policy(), slip_hours=12))
    change_policy(store.counter, MANAGER, {"rate_fen.instant": 850, "rate_fen.scheduled": 1})
    policy = store.counter.policy
    assert (policy.slip_hours, policy.rate_fen[Mode.INSTANT], policy.rate_fen[Mode.SCHEDULED]) == (12, 850, 1)
    assert policy.rate_fen[Mode.PICKUP_POINT] == Policy().rate_fen[Mode.PICKUP_POINT]


def test_a_change_is_refused_like_a_whole_policy(store) -> None:
    assert change_policy(store.counter, CLERK, {"slip_hours": 12}) == Refusal("manager_only")
    refused = change_policy(store.counter, MANAGER, {"prep_minutes.instant": -1})
    assert isinstance(refused, Refusal)
    assert refused.data["name"] == "prep_minutes"
    assert store.counter.policy == Policy()


@pytest.mark.parametrize("name", ["slip_hours.instant", "rate_fen", "rate_fen.never", "nothing"])
def test_a_name_that_is_none_is_told(name) -> None:
    with pytest.raises(ValueError, match="no rule"):
        with_numbers(Policy(), {name: 1})
