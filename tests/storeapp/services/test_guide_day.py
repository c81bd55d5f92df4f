"""A guide's day is drawn from facts, and a home is never more than a square of 500 m."""

from datetime import timedelta
from itertools import pairwise

from msgspec.structs import replace

from storeapp.domain.incoming import Person
from storeapp.domain.people import Guide, home_subject
from storeapp.domain.place import Position
from storeapp.services import guides, handoff, outcomes
from storeapp.services.guide_day import HomeHint, Progress, guide_days, home_hint
from tests.storeapp.services.desk import CLERK, HERE, MANAGER, NOW, Store, granted, present


def hand_over(store: Store, number: str) -> str:
    delivery = store.assigned(number)
    granted(handoff.scan(store.counter, CLERK, store.badge().token, store.slip(delivery).token))
    return delivery


def progress(store: Store) -> list[tuple[str, Progress]]:
    return [(stretch.order_no, stretch.progress) for stretch in guide_days(store.counter).get("G01", ())]


def test_a_day_tells_done_live_and_planned_apart(store: Store):
    done = hand_over(store, "C1")
    store.later(minutes=15)
    code = granted(outcomes.reveal_code(store.counter, MANAGER, store.order(done).id))
    granted(outcomes.deliver(store.counter, CLERK, done, code))
    hand_over(store, "C2")
    store.later(minutes=1)
    store.assigned("C3")
    assert progress(store) == [("C1", Progress.DONE), ("C2", Progress.LIVE), ("C3", Progress.PLANNED)]


def test_what_missed_its_promise_is_late_and_what_failed_comes_back(store: Store):
    hand_over(store, "C1")
    failed = hand_over(store, "C2")
    granted(outcomes.fail(store.counter, CLERK, failed, "unreachable"))
    store.later(hours=3)
    assert sorted(progress(store)) == [("C1", Progress.LATE), ("C2", Progress.RETURN)]


def test_stretches_of_one_guide_never_overlap(store: Store):
    for number in range(5):
        hand_over(store, f"C{number}")
    stretches = guide_days(store.counter)["G01"]
    assert all(one.end <= other.start for one, other in pairwise(stretches))


def test_yesterday_is_not_shown(store: Store):
    delivery = hand_over(store, "C1")
    code = granted(outcomes.reveal_code(store.counter, MANAGER, store.order(delivery).id))
    granted(outcomes.deliver(store.counter, CLERK, delivery, code))
    store.clock.moment = NOW + timedelta(days=1)
    assert progress(store) == []


def test_a_home_is_a_square_of_half_a_kilometre(store: Store):
    known = present(store.counter.cache.get(Guide, "G01"))
    assert home_hint(store.counter, "G01") is None
    subject = home_subject("G01")
    key = store.counter.privacy.keys_for([subject], now=NOW)[subject]
    home = Position(HERE.lat + 0.0060, HERE.lng - 0.0020)
    sealed = store.counter.privacy.seal(Person(position=home), key, subject=subject)
    granted(guides.register(store.counter, MANAGER, replace(known, sealed_home=sealed)))
    assert home_hint(store.counter, "G01") == HomeHint(east=-1, north=1)
