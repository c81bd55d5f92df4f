"""A counter keeps its papers in order by itself, and leaves cleanly when it is turned away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from devtools.proxy import DOWN, HEALTHY, Fault, Proxy
from hub import waiting
from hub.compaction import compact
from hub.core import Hub
from hub.revocations import revoke
from hub.tables import event_log
from storeapp.domain.certificate import parse
from storeapp.domain.incoming import Person
from storeapp.domain.order import Order, order_id
from storeapp.domain.revocation import parse as parse_list
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.domain.words import Platform
from storeapp.services import enrolment
from storeapp.services.counter import Counter
from storeapp.services.enrolment import EnrolmentFailed, Names, may_join
from tests.support.counters import PASSPHRASE, bare, join, run, stand_alone, sync
from tests.support.hubs import TurnedClock, an_order
from tests.support.hubserver import HubServer, serving

FIRST = order_id(Platform.TABLE, "T1")


@pytest.fixture
def server(hub: Hub) -> Iterator[HubServer]:
    with serving(hub) as server:
        yield server


@pytest.fixture
def proxy(server: HubServer) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def counter(tmp_path: Path, hub: Hub, proxy: Proxy) -> Iterator[Counter]:
    counter = stand_alone(tmp_path / "one", passphrase=PASSPHRASE)
    join(counter, hub, proxy.url)
    assert sync(counter).problem == ""
    yield counter
    counter.close()


def later(hub: Hub, days: int) -> None:
    assert isinstance(hub.now, TurnedClock)
    hub.now.moment += timedelta(days=days)


def ends(counter: Counter) -> object:
    return parse(counter.identity[Names.DEVICE_CERTIFICATE]).not_after


@pytest.mark.parametrize(("days", "renewed"), [(300, False), (350, True), (700, True)])
def test_a_certificate_is_renewed_before_its_end_and_after_it(
    hub: Hub, counter: Counter, days: int, renewed: bool
) -> None:
    before = ends(counter)
    later(hub, days)
    assert sync(counter).problem == ""
    assert (ends(counter) != before) is renewed


def test_after_a_year_only_a_new_code_helps_and_nothing_is_lost_or_done_twice(
    hub: Hub, counter: Counter, proxy: Proxy
) -> None:
    run(counter, an_order("T1"))
    assert sync(counter).problem == ""
    run(counter, an_order("T2"))
    assert not may_join(counter)
    later(hub, 800)
    counter.clock.moment += timedelta(days=800)  # type: ignore[attr-defined]  # it is a test's
    # The hub has long forgotten what it has answered.
    for _ in range(2):
        compact(hub)
        later(hub, 40)
    for _ in range(2):
        report = sync(counter)
        assert (report.problem, report.pending) == ("renewal_over", 1)
    incarnation = counter.identity[Names.INCARNATION]
    join(counter, hub, proxy.url)
    report = sync(counter)
    assert (report.problem, report.pending, report.applied, report.refused) == ("", 0, 1, 0)
    assert counter.identity[Names.INCARNATION] == incarnation
    assert not may_join(counter)
    with hub.db.reading() as connection:
        kinds = connection.scalars(sa.select(event_log.c.kind).where(event_log.c.kind == PlaceOrder.KIND)).all()
    assert len(kinds) == 2
    again = sync(counter)
    assert (again.problem, again.applied, again.replayed) == ("", 0, 0)


def test_a_certificate_for_somebody_else_is_not_kept(counter: Counter) -> None:
    before = ends(counter)
    for text in ("nonsense", counter.identity[Names.HUB_ROOT]):
        with pytest.raises(EnrolmentFailed, match="answer_not_for_us"):
            enrolment.renewed(counter, text)
    assert ends(counter) == before


def test_an_older_list_of_revocations_is_refused(hub: Hub, counter: Counter, tmp_path: Path, proxy: Proxy) -> None:
    other = bare(tmp_path / "two")
    join(other, hub, proxy.url)
    revoke(hub, other.device)
    sync(counter)
    first = counter.identity[Names.REVOCATIONS]
    third = bare(tmp_path / "three")
    join(third, hub, proxy.url)
    revoke(hub, third.device)
    sync(counter)
    assert set(parse_list(counter.identity[Names.REVOCATIONS]).since) == {other.device, third.device}
    assert not enrolment.heard_revocations(counter, first)
    assert not enrolment.heard_revocations(counter, "nonsense")
    assert parse_list(counter.identity[Names.REVOCATIONS]).number == 2
    other.close()
    third.close()


class TestTurnedAway:
    @pytest.fixture
    def sealed(self, counter: Counter) -> str:
        keys = counter.privacy.keys_for([FIRST], now=counter.clock.now())
        sealed = counter.privacy.seal(Person(name="A", phone="13800138000"), keys[FIRST], subject=FIRST)
        run(counter, an_order("T1", sealed=sealed), an_order("T2"))
        return sealed

    def person(self, counter: Counter, sealed: str) -> Person | None:
        return counter.privacy.person(FIRST, sealed)

    def test_it_offers_everything_once_and_then_forgets_everybody(
        self, hub: Hub, counter: Counter, sealed: str
    ) -> None:
        revoke(hub, counter.device)
        for _ in range(2):
            report = sync(counter)
            assert (report.problem, report.pending) == ("revoked", 2)
        assert {row.code for row in waiting.listed(hub)} == {"revoked"}
        assert len(waiting.listed(hub)) == 2
        assert self.person(counter, sealed) is None
        assert counter.keys.subjects() == []
        assert not counter.cache.finder_has(FIRST)

    @pytest.mark.parametrize("fault", [DOWN, Fault(cut_request=700)])
    def test_it_forgets_nobody_before_everything_was_offered(
        self, hub: Hub, counter: Counter, sealed: str, proxy: Proxy, fault: Fault
    ) -> None:
        revoke(hub, counter.device)
        proxy.become(fault)
        sync(counter)
        assert self.person(counter, sealed) is not None
        proxy.become(HEALTHY)
        sync(counter)
        assert self.person(counter, sealed) is None

    def test_what_it_saves_afterwards_is_offered_too(self, hub: Hub, counter: Counter, sealed: str) -> None:
        revoke(hub, counter.device)
        sync(counter)
        run(counter, an_order("T3"))
        sync(counter)
        assert len(waiting.listed(hub)) == 3

    def test_an_honest_days_work_counts_when_a_person_says_so(self, hub: Hub, counter: Counter, sealed: str) -> None:
        revoke(hub, counter.device)
        sync(counter)
        for row in waiting.listed(hub):
            assert waiting.retry(hub, row.id, by="hq").status == "applied"
        again = counter.cache.get(Order, FIRST)
        assert again is not None
