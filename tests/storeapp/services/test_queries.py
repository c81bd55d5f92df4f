"""Lists, the board, details and numbers."""

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.exception import ExceptionKind
from storeapp.services import attention, guides, queries
from storeapp.services.doctor import Health, examine
from storeapp.services.home import Home
from storeapp.store.lists import OrderFilter
from tests.storeapp.services.desk import MANAGER, PERSON, Store, granted, present, refused


def test_the_board_sorts_deliveries_into_its_columns(store: Store) -> None:
    waiting, assigned = store.place("C1"), store.assigned("C2")
    found = queries.board(store.counter)
    assert [row.id for row in found.waiting] == [waiting]
    assert [(row.id, row.guide_name) for row in found.assigned] == [(assigned, "赵艳芳")]
    assert found.out == found.back == found.done == ()


def test_rows_show_people_masked(store: Store) -> None:
    row = present(queries.order_rows(store.counter, [store.place()])[0])
    assert row.person.name == "陈**"
    assert row.person.area == "肇嘉浜路573弄"
    assert PERSON.phone not in row.person.phone
    assert "1404" not in row.person.address
    assert row.person.has_note


def test_a_row_that_is_gone_is_none_in_its_place(store: Store) -> None:
    delivery = store.place()
    found = queries.order_rows(store.counter, ["none", delivery])
    assert found[0] is None
    assert present(found[1]).id == delivery


def test_orders_are_found_by_number_sku_guide_and_never_by_parts_of_names(store: Store) -> None:
    delivery = store.assigned("T1234567")

    def found(text: str) -> list[str]:
        return queries.order_ids(store.counter, OrderFilter(text=text))

    for text in ("T12", "3456", "BL-001", "G01", "赵艳芳", "陈小娜", "8012", "肇嘉浜路", "肇嘉浜路573弄"):
        assert found(text) == [delivery], text
    for text in ("陈", "1380013", "1404", "no such", '"', "'", "%"):
        assert found(text) == [], text


def test_filters_narrow_the_list(store: Store) -> None:
    waiting, assigned = store.place("C1"), store.assigned("C2")
    assert queries.order_ids(store.counter, OrderFilter(states=(DeliveryState.ASSIGNED,))) == [assigned]
    assert queries.order_ids(store.counter, OrderFilter(guide="G01")) == [assigned]
    ordered = queries.order_ids(store.counter, OrderFilter(sort="order_no", descending=False, open_only=True))
    assert ordered == [waiting, assigned]


def test_the_detail_tells_lines_custody_and_history(store: Store) -> None:
    delivery = store.assigned()
    detail = present(queries.order_detail(store.counter, delivery))
    assert [(line.name, line.bin, line.reserved) for line in detail.lines] == [("香水1", "A1", 1)]
    assert [link.holder for link in detail.custody] == ["store"]
    events = [row.event for row in detail.timeline]
    assert events[0] == "order.placed"
    assert events[-1] == "delivery.assigned"
    assert queries.order_detail(store.counter, "none") is None


def test_a_delivery_is_meant_by_its_id_or_its_order_number(store: Store) -> None:
    delivery = store.place("C77")
    assert queries.delivery_of(store.counter, delivery) == delivery
    assert queries.delivery_of(store.counter, "C77") == delivery
    assert queries.delivery_of(store.counter, "C7") is None


def test_numbers_follow_what_happens(store: Store) -> None:
    store.place("C1")
    delivery = store.assigned("C2")
    granted(attention.report(store.counter, MANAGER, delivery, ExceptionKind.DAMAGED))
    numbers = queries.counts(store.counter)
    assert (numbers.by_state[DeliveryState.WAITING], numbers.open, numbers.pending) == (1, 2, 0)
    assert numbers.attention == 1


def test_an_exception_waits_until_somebody_resolves_it(store: Store) -> None:
    delivery = store.assigned()
    granted(attention.report(store.counter, MANAGER, delivery, ExceptionKind.LOST))
    row = next(row for row in attention.attention_rows(store.counter) if row.source == "exception")
    assert (row.code, row.order_no, row.delivery_id) == ("lost", "C1", delivery)
    granted(attention.resolve(store.counter, MANAGER, row.id, "found"))
    assert refused(attention.resolve(store.counter, MANAGER, row.id, "found")) == "already_resolved"
    assert [r.source for r in attention.attention_rows(store.counter)] == []
    assert refused(attention.report(store.counter, MANAGER, "none", ExceptionKind.LOST)) == "unknown_delivery"
    assert refused(attention.accept_refusal(store.counter, MANAGER, "none")) == "unknown_command"


def test_guides_show_their_day(store: Store) -> None:
    store.assigned()
    first = guides.guide_rows(store.counter)[0]
    assert (first.id, first.on_shift, first.assigned, first.in_custody) == ("G01", True, 1, 0)
    assert first.badge_until is None
    store.badge("G01")
    assert present(guides.guide_rows(store.counter)[0].badge_until).isoformat() == "2027-02-19"


def test_a_sound_counter_is_found_well(store: Store) -> None:
    store.place()
    found = examine(Home(store.home.path, store.clock, store.home.root))
    assert found.well
    assert {finding.code for finding in found.findings} >= {"journal", "cache", "audit_chain", "keys", "device_key"}


def test_a_counter_without_its_keys_is_doubtful(store: Store) -> None:
    found = examine(Home(store.home.path, store.clock))
    health = {finding.code: finding.health for finding in found.findings}
    assert health["keys_none"] is Health.DOUBTFUL
    assert health["device_key_locked"] is Health.DOUBTFUL


def test_an_order_waits_for_a_person_only_where_somebody_must_act(store: Store) -> None:
    store.place("C1")
    store.place("C2", sku="BL-003", quantity=2)
    rows = attention.attention_rows(store.counter)
    assert [(row.order_no, row.code) for row in rows] == [("C2", "short_stock")]
    assert queries.counts(store.counter).attention == 1


def test_orders_that_lack_anything_are_listed(store: Store) -> None:
    delivery = store.place("N1")
    known = present(queries.order_rows(store.counter, [delivery])[0]).needs
    found = queries.order_ids(store.counter, OrderFilter(needing=True))
    assert (delivery in found) == bool(known)


def test_a_journal_that_the_doctor_finds_damaged_is_looked_over_at_the_next_start(store: Store, monkeypatch) -> None:
    from storeapp.store.journal import Journal, suspicion

    monkeypatch.setattr(Journal, "check", lambda self: False)
    found = examine(Home(store.home.path, store.clock, store.home.root))
    assert not found.well
    assert suspicion(store.home.path / "journal.db").exists()
