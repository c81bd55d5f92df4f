"""Open orders are found by their people, whatever the counter was cut off in."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from storeapp.services import intake, orders, search
from storeapp.services.counter import Counter
from storeapp.services.home import CACHE, Home
from storeapp.store import lists
from storeapp.store.cache import reset
from tests.storeapp.services.desk import MANAGER, PASSPHRASE, PERSON, Store
from tests.support.mortal import person_of, taken_on


class PowerCut(BaseException):
    pass


def cut(*_: Any) -> None:
    raise PowerCut


def found(counter: Counter, name: str) -> list[str]:
    return [hit.name for hit in search.find(counter, name)]


def from_a_file(counter: Counter) -> None:
    intake.import_orders(counter, MANAGER, [taken_on("C1")])


def by_hand(counter: Counter) -> None:
    lines = taken_on("C1").orders[0].lines
    orders.place(counter, MANAGER, orders.NewOrder(person_of("C1"), lines, order_no="C1"))


@pytest.mark.parametrize("way", [from_a_file, by_hand])
def test_an_order_is_found_although_the_power_went_as_soon_as_it_was_saved(
    store: Store, way: Callable[[Counter], None]
) -> None:
    store.counter.on_saved = cut
    with pytest.raises(PowerCut):
        way(store.counter)
    with closing(store.opened_again()) as counter:
        counter.catch_up()
        assert found(counter, person_of("C1").name) == ["C1"]


def test_a_corrected_name_is_found_although_the_power_went_as_soon_as_it_was_saved(store: Store) -> None:
    order = store.order(store.place("C1"))
    store.counter.on_saved = cut
    with pytest.raises(PowerCut):
        orders.correct(store.counter, MANAGER, order.id, person=person_of("C1"))
    with closing(store.opened_again()) as counter:
        counter.catch_up()
        assert found(counter, person_of("C1").name) == ["C1"]


def test_of_many_with_one_name_the_newest_are_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ("C1", "C2", "C3"):
        store.place(number)
    assert sorted(found(store.counter, PERSON.name)) == ["C1", "C2", "C3"]
    monkeypatch.setattr(lists, "MOST_FOUND", 2)
    assert sorted(found(store.counter, PERSON.name)) == ["C2", "C3"]


def test_a_cache_made_anew_in_two_tries_finds_people(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.place("C1")
    store.counter.cache.close()
    reset(store.home.path / CACHE)
    with monkeypatch.context() as patch, closing(store.opened_again()) as counter:
        patch.setattr(Counter, "_make_findable", cut)
        with pytest.raises(PowerCut):
            counter.catch_up()
    with closing(store.opened_again()) as counter:
        counter.catch_up()
        assert found(counter, PERSON.name) == ["C1"]


def test_a_cache_made_anew_without_the_keys_finds_people_once_they_are_there(store: Store) -> None:
    store.place("C1")
    store.counter.cache.close()
    reset(store.home.path / CACHE)
    with closing(Home(store.home.path, store.clock).open()) as locked:
        locked.catch_up()
        assert found(locked, PERSON.name) == []
    unlocked = Home(store.home.path, store.clock).unlock(environ={}, passphrase=PASSPHRASE)
    with closing(unlocked.open()) as counter:
        counter.catch_up()
        assert found(counter, PERSON.name) == ["C1"]
