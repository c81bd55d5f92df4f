import pytest
from msgspec.structs import replace

from storeapp.domain.catalogue import Policy
from storeapp.domain.kernel import Refusal
from storeapp.domain.words import Mode
from storeapp.services.policy import set_policy
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
