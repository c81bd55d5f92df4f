from datetime import timedelta

import pytest

from storeapp.adapters.signing import verify
from storeapp.domain import token
from storeapp.domain.short_code import read_short_code
from storeapp.services import handoff, slips
from storeapp.services.home import device_key
from storeapp.store import lists
from tests.storeapp.services.desk import MANAGER, NOW, PERSON, Store, granted, refused


def test_a_slip_is_signed_by_this_device_for_the_brand(store: Store):
    paper = store.slip(store.assigned())
    parsed = token.read(paper.token)
    assert isinstance(parsed, token.Parsed)
    key = device_key(store.counter)
    assert parsed.token.key_id == key.key_id
    assert verify(key.public, parsed.signature, parsed.message("demo"))
    assert parsed.token.expires_at == token.whole_minute(NOW) + timedelta(hours=24)


def test_a_slip_masks_the_customer_and_names_shelf_and_guide(store: Store):
    content = store.slip(store.assigned()).content
    assert content.recipient.phone == "138******12"
    assert PERSON.name not in content.recipient.name
    assert "1404" not in content.recipient.address
    assert content.has_note
    assert [(line.name, line.shelf) for line in content.lines] == [("香水1", "A1")]
    assert content.guide is not None
    assert (content.guide.code, content.store_name, content.reprint_no) == ("G01", "徐家汇店", 0)


def test_a_reprint_counts_up_and_keeps_the_short_code(store: Store):
    delivery = store.assigned()
    first, second = store.slip(delivery), store.slip(delivery)
    assert second.content.reprint_no == 1
    assert second.short_code == first.short_code
    assert read_short_code(first.short_code) == first.short_code
    assert lists.by_short_code(store.counter.cache.db, first.short_code) == [
        store.delivery(delivery).parcels[0].slip.slip_id
    ]


def test_the_link_names_the_hub_once_there_is_one(store: Store):
    delivery = store.assigned()
    assert store.slip(delivery).qr_text.isdigit()
    with store.counter.journal.writing():
        store.counter.journal.identify(hub="https://hub.example/")
    store.counter.reload()
    assert store.slip(delivery).qr_text.startswith("https://hub.example/")


def test_what_left_the_store_gets_no_slip(store: Store):
    delivery = store.assigned()
    handoff.scan(store.counter, MANAGER, store.badge().token, store.slip(delivery).token)
    assert refused(slips.issue_slip(store.counter, MANAGER, delivery)) == "not_in_store"
    assert refused(slips.issue_slip(store.counter, MANAGER, "nothing")) == "unknown_delivery"


@pytest.mark.parametrize("year", [2020, 2099])
def test_a_clock_that_no_token_can_say_prints_nothing(store: Store, year: int):
    delivery = store.assigned()
    store.clock.moment = NOW.replace(year=year)
    assert refused(slips.issue_slip(store.counter, MANAGER, delivery)) == "clock_in_doubt"
    assert refused(slips.issue_badge(store.counter, MANAGER, "G01")) == "clock_in_doubt"


def test_a_badge_keeps_its_id_and_counts_its_prints(store: Store):
    first, second = store.badge(), store.badge()
    one, two = token.read(first.token), token.read(second.token)
    assert isinstance(one, token.Parsed)
    assert isinstance(two, token.Parsed)
    assert isinstance(one.token, token.BadgeToken)
    assert isinstance(two.token, token.BadgeToken)
    assert one.token.badge_id == two.token.badge_id
    assert (one.token.serial, two.token.serial) == (0, 1)
    assert refused(slips.issue_badge(store.counter, MANAGER, "G99")) == "unknown_guide"


def test_a_run_sheet_reveals_what_is_carried_and_nothing_else(store: Store):
    carried, waiting = store.assigned("C1"), store.assigned("C2")
    handoff.scan(store.counter, MANAGER, store.badge().token, store.slip(carried).token)
    sheet = granted(slips.run_sheet(store.counter, MANAGER, "G01"))
    [stop] = sheet.stops
    assert (stop.order_no, stop.name, stop.phone, stop.note) == ("C1", PERSON.name, PERSON.phone, PERSON.note)
    assert stop.code_digits == 6
    assert (slips.REVEALED, store.order(carried).id) in store.audit()
    assert (slips.REVEALED, store.order(waiting).id) not in store.audit()
    assert refused(slips.run_sheet(store.counter, MANAGER, "G02")) == "nothing_in_custody"
    assert refused(slips.run_sheet(store.counter, MANAGER, "G99")) == "unknown_guide"
