"""Every verdict is reached through a real scan at a real counter."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from storeapp.adapters.signing import DeviceKey
from storeapp.domain import token
from storeapp.domain.certificate import Certificate, CertificateKind, certify
from storeapp.domain.delivery import DeliveryState, Holder, Proof, slip_name
from storeapp.domain.device import Device
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.kernel import Key
from storeapp.domain.order import Order
from storeapp.domain.short_code import short_code
from storeapp.domain.token import TokenKind
from storeapp.domain.verdict import Verdict
from storeapp.services import guides, handoff, outcomes, slips
from storeapp.services import orders as order_service
from storeapp.services.home import device_key
from storeapp.store import lists
from tests.storeapp.services.desk import CLERK, MANAGER, NOW, Store, granted, refused


def scan(store: Store, badge: str, slip: str) -> handoff.HandoffResult:
    result: handoff.HandoffResult = granted(handoff.scan(store.counter, CLERK, badge, slip))
    return result


def identify(store: Store, **values: str) -> None:
    with store.counter.journal.writing():
        store.counter.journal.identify(**values)
    store.counter.reload()


def slip_token(store: Store, *, key_id: bytes | None = None, slip_id: bytes = b"12345678") -> token.SlipToken:
    return token.SlipToken(
        key_id=key_id or device_key(store.counter).key_id, slip_id=slip_id, reprint=0, issued_at=NOW, ttl_hours=24
    )


def test_ok_moves_custody_and_takes_the_goods_off_the_shelf(store: Store):
    delivery = store.assigned()
    result = scan(store, store.badge().token, store.slip(delivery).qr_text)
    assert (result.verdict, result.saved, result.order_no) == (Verdict.OK, True, "C1")
    assert (result.recipient.phone, result.lines[0].quantity) == ("138******12", 1)
    custodian = store.delivery(delivery).parcels[0].custodian
    assert (custodian.holder, custodian.holder_id, custodian.actor, custodian.proof) == (
        Holder.GUIDE,
        "G01",
        CLERK.id,
        Proof.TOKEN,
    )


def test_an_unassigned_parcel_goes_to_whoever_scans_it(store: Store):
    delivery = store.place()
    assert scan(store, store.badge("G02").token, store.slip(delivery).token).verdict is Verdict.OK
    assert store.delivery(delivery).guide == "G02"


def test_already_used_says_by_whom_and_when(store: Store):
    slip, badge = store.slip(store.assigned()), store.badge()
    scan(store, badge.token, slip.token)
    store.later(minutes=3)
    result = scan(store, badge.token, slip.token)
    assert (result.verdict, result.result.when, result.saved) == (Verdict.ALREADY_USED, NOW, False)
    assert result.by is not None
    assert result.by.name == "赵艳芳"


def test_a_slip_of_an_earlier_round_stays_used(store: Store):
    delivery, badge = store.assigned(), store.badge()
    old = store.slip(delivery)
    scan(store, badge.token, old.token)
    granted(outcomes.return_parcel(store.counter, MANAGER, delivery, "refused"))
    granted(order_service.retry(store.counter, MANAGER, delivery))
    assert scan(store, badge.token, old.token).verdict is Verdict.ALREADY_USED
    assert scan(store, badge.token, old.short_code).verdict is Verdict.ALREADY_USED
    assert scan(store, badge.token, store.slip(delivery).token).verdict is Verdict.OK


def test_superseded_by_a_reprint(store: Store):
    delivery = store.assigned()
    old, new = store.slip(delivery), store.slip(delivery)
    badge = store.badge().token
    assert scan(store, badge, old.token).verdict is Verdict.SUPERSEDED
    assert scan(store, badge, new.token).verdict is Verdict.OK


def test_superseded_when_the_goods_were_packed_anew(store: Store):
    delivery, badge = store.assigned(), store.badge().token
    old = store.slip(delivery)
    granted(order_service.split(store.counter, MANAGER, delivery, 2))
    assert scan(store, badge, old.token).verdict is Verdict.SUPERSEDED
    for parcel in (1, 2):
        slip = granted(slips.issue_slip(store.counter, MANAGER, delivery, parcel)).token
        assert scan(store, badge, slip).verdict is Verdict.OK
        assert scan(store, badge, slip).verdict is Verdict.ALREADY_USED


def test_expired_says_since_when(store: Store):
    slip, badge = store.slip(store.assigned()), store.badge().token
    store.later(hours=23)
    store.place("C2")  # the counter is in use, so its clock is believed
    store.later(hours=2)
    result = scan(store, badge, slip.token)
    assert (result.verdict, result.result.minutes) == (Verdict.EXPIRED, 60)
    assert result.result.may_override


def test_not_yet_when_the_printer_was_ahead(store: Store):
    badge = store.badge().token
    store.later(minutes=30)
    slip = store.slip(store.assigned())
    store.later(minutes=-20)
    assert scan(store, badge, slip.token).verdict is Verdict.NOT_YET


def test_clock_back_when_this_clock_is_not_believed(store: Store):
    slip, badge = store.slip(store.assigned()), store.badge().token
    store.later(days=-3)
    result = scan(store, badge, slip.token)
    assert (result.verdict, result.paper) == (Verdict.CLOCK_BACK, TokenKind.BADGE)


def test_clock_back_when_expiry_follows_from_a_jump(store: Store):
    slip, badge = store.slip(store.assigned()), store.badge().token
    store.later(days=3)
    assert scan(store, badge, slip.token).verdict is Verdict.CLOCK_BACK


def test_clock_back_by_what_the_hub_said_last(store: Store):
    slip, badge = store.slip(store.assigned()), store.badge().token
    with store.counter.cache.writing():
        store.counter.cache.set_mark("received_at", (NOW + timedelta(days=2)).isoformat())
    assert scan(store, badge, slip.token).verdict is Verdict.CLOCK_BACK


def test_bad_signature_of_a_forged_or_altered_slip(store: Store):
    slip, badge = store.slip(store.assigned()).token, store.badge().token
    altered = slip[:-1] + str((int(slip[-1]) + 1) % 10)
    result = scan(store, badge, altered)
    assert result.verdict is Verdict.BAD_SIGNATURE
    assert not result.result.may_override


def test_another_brand_is_a_bad_signature_until_it_is_known(store: Store):
    delivery = store.assigned()
    slip, badge = store.slip(delivery).token, store.badge().token
    identify(store, brand="acme")
    assert scan(store, badge, slip).verdict is Verdict.BAD_SIGNATURE
    identify(store, brands="acme demo")
    assert scan(store, badge, slip).verdict is Verdict.OK


HUB = DeviceKey(bytes(range(32)))


def certificate(kind: CertificateKind, public_key: bytes, of_store: str = "") -> Certificate:
    unsigned = Certificate(
        kind=kind,
        device="dev-2",
        store=of_store,
        public_key=public_key,
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=30),
        issuer_key_id=HUB.key_id,
    )
    return certify(unsigned, HUB.sign)


def enrolled(store: Store, key: DeviceKey, of_store: str, *, revoked_at: datetime | None = None) -> DeviceKey:
    """The hub has told this counter about a counter's key."""
    identify(store, hub_root_certificate=certificate(CertificateKind.ROOT, HUB.public).text())
    text = certificate(CertificateKind.DEVICE, key.public, of_store).text()
    device = Device("dev-2", of_store, "", text, ("demo",), revoked_at)
    with store.counter.cache.writing():
        store.counter.cache.write({Key("device", device.id): device})
    return key


def other_counter(store: Store, of_store: str) -> DeviceKey:
    return enrolled(store, DeviceKey.generate(), of_store)


def test_unknown_key_until_its_certificate_arrives(store: Store):
    delivery, badge = store.assigned(), store.badge().token
    name = bytes.fromhex(lists_slip(store, delivery))
    stranger = DeviceKey.generate()
    foreign = token.issue(slip_token(store, key_id=stranger.key_id, slip_id=name), brand_id="demo", sign=stranger.sign)
    result = scan(store, badge, foreign)
    assert (result.verdict, result.order_no, result.result.may_override) == (Verdict.UNKNOWN_KEY, "C1", True)
    key = other_counter(store, "XH")
    known = token.issue(slip_token(store, key_id=key.key_id, slip_id=name), brand_id="demo", sign=key.sign)
    assert scan(store, badge, known).verdict is Verdict.OK


def lists_slip(store: Store, delivery: str) -> str:
    [(name,)] = store.counter.cache.db.execute(
        "SELECT slip_id FROM slip_view WHERE delivery_id = ?", [delivery]
    ).fetchall()
    return str(name)


def test_a_genuine_slip_of_an_unknown_delivery_cannot_be_checked(store: Store):
    badge = store.badge().token
    genuine = token.issue(slip_token(store), brand_id="demo", sign=device_key(store.counter).sign)
    result = scan(store, badge, genuine)
    assert (result.verdict, result.saved) == (Verdict.UNKNOWN_KEY, False)


def test_revoked_slip_of_a_cancelled_order(store: Store):
    delivery = store.assigned()
    slip, badge = store.slip(delivery).token, store.badge().token
    granted(order_service.cancel(store.counter, MANAGER, store.delivery(delivery).order_id, "customer"))
    assert scan(store, badge, slip).verdict is Verdict.REVOKED


def test_revoked_badge_until_a_new_one_is_printed(store: Store):
    slip, old = store.slip(store.assigned()).token, store.badge().token
    granted(guides.revoke_badge(store.counter, MANAGER, "G01"))
    result = scan(store, old, slip)
    assert (result.verdict, result.paper) == (Verdict.REVOKED, TokenKind.BADGE)
    new = store.badge().token
    assert scan(store, old, slip).verdict is Verdict.SUPERSEDED
    assert scan(store, new, slip).verdict is Verdict.OK


def test_revoked_key_keeps_what_it_printed_before(store: Store):
    delivery, badge = store.assigned(), store.badge().token
    slip = store.slip(delivery).token
    enrolled(store, device_key(store.counter), "XH", revoked_at=NOW)
    assert scan(store, badge, slip).verdict is Verdict.REVOKED
    enrolled(store, device_key(store.counter), "XH", revoked_at=NOW + timedelta(hours=1))
    assert scan(store, badge, slip).verdict is Verdict.OK


def test_a_certificate_that_the_root_did_not_sign_counts_for_nothing(store: Store):
    delivery, badge, key = store.assigned(), store.badge().token, DeviceKey.generate()
    other_counter(store, "XH")
    with store.counter.cache.writing():
        for number, text in enumerate(("rubbish", "", store.counter.identity["root_certificate"])):
            device = Device(f"bad-{number}", "XH", "", text, ("demo",))
            store.counter.cache.write({Key("device", device.id): device})
    name = bytes.fromhex(lists_slip(store, delivery))
    forged = token.issue(slip_token(store, key_id=key.key_id, slip_id=name), brand_id="demo", sign=key.sign)
    assert scan(store, badge, forged).verdict is Verdict.UNKNOWN_KEY


def test_wrong_guide_names_the_right_one(store: Store):
    slip = store.slip(store.assigned(guide="G01")).token
    result = scan(store, store.badge("G02").token, slip)
    assert result.verdict is Verdict.WRONG_GUIDE
    assert result.by is not None
    assert result.by.code == "G01"


def test_wrong_store_by_the_key_that_signed(store: Store):
    badge, key = store.badge().token, other_counter(store, "HH")
    foreign = token.issue(slip_token(store, key_id=key.key_id), brand_id="demo", sign=key.sign)
    assert scan(store, badge, foreign).verdict is Verdict.WRONG_STORE


def test_wrong_kind_when_the_papers_are_swapped(store: Store):
    slip, badge = store.slip(store.assigned()).token, store.badge().token
    result = scan(store, slip, badge)
    assert (result.verdict, result.paper) == (Verdict.WRONG_KIND, TokenKind.BADGE)
    assert scan(store, badge, badge).paper is TokenKind.SLIP
    assert (handoff.kind_of(badge), handoff.kind_of(slip), handoff.kind_of("1")) == (
        TokenKind.BADGE,
        TokenKind.SLIP,
        None,
    )


@pytest.mark.parametrize("text", ["", "6901234500001", "http://example.com/1", "１２３", "x" * 5000, "\x00"])
def test_malformed_says_why(store: Store, text: str):
    result = scan(store, store.badge().token, text)
    assert result.verdict is Verdict.MALFORMED
    assert result.result.why


def test_every_verdict_has_a_test_here():
    source = Path(__file__).read_text("utf-8")
    assert [verdict for verdict in Verdict if f"Verdict.{verdict.name}" not in source] == []


def test_a_refused_scan_of_a_known_slip_is_audited(store: Store):
    delivery = store.assigned(guide="G01")
    scan(store, store.badge("G02").token, store.slip(delivery).token)
    assert (f"{handoff.REFUSED_SCAN}.wrong_guide", delivery) in store.audit()


def test_short_codes_hand_over_what_this_counter_printed(store: Store):
    delivery = store.assigned()
    slip, badge = store.slip(delivery), store.badge()
    result = scan(store, badge.short_code.lower(), f"{slip.short_code[:5]}-{slip.short_code[5:]}")
    assert result.verdict is Verdict.OK
    assert store.delivery(delivery).parcels[0].custodian.proof is Proof.SHORT_CODE


def test_a_short_code_without_a_print_on_record_needs_a_supervisor(store: Store):
    delivery, badge = store.assigned(), store.badge().token
    code = short_code(slip_name(delivery, 1, 0))
    assert refused(handoff.scan(store.counter, CLERK, badge, code)) == "supervisor_needed"
    assert refused(handoff.scan(store.counter, CLERK, badge, code, supervisor=CLERK)) == "supervisor_needed"
    assert granted(handoff.scan(store.counter, CLERK, badge, code, supervisor=MANAGER)).verdict is Verdict.OK


def test_an_unknown_short_code_is_refused(store: Store):
    slip, badge = store.slip(store.assigned()), store.badge()
    strange = short_code(b"87654321")
    assert refused(handoff.scan(store.counter, CLERK, badge.token, strange)) == "unknown_short_code"
    assert refused(handoff.scan(store.counter, CLERK, strange, slip.token)) == "unknown_short_code"
    assert lists.by_short_code(store.counter.cache.db, strange) == []


def test_a_manager_records_what_happened_with_a_reason(store: Store):
    delivery = store.assigned(guide="G01")

    def record(actor, **changed):
        given = {"guide": "G02", "delivery_id": delivery, "reason": "left_already", "verdict": "wrong_guide"} | changed
        return handoff.record_what_happened(store.counter, actor, **given)

    assert refused(record(CLERK)) == "manager_only"
    assert refused(record(MANAGER, reason=" ")) == "reason_missing"
    assert refused(record(MANAGER, guide="G99")) == "unknown_guide"
    assert refused(record(MANAGER, delivery_id="x")) == "unknown_delivery"
    assert refused(record(MANAGER, parcel=7)) == "unknown_parcel"
    assert record(MANAGER) is None
    assert store.delivery(delivery).state is DeliveryState.IN_CUSTODY
    codes = {case.code for case in store.counter.cache.every(ExceptionCase)}
    assert codes == {"recorded_by_staff", "other_guide_took_it"}


def test_nothing_is_saved_for_a_verdict_other_than_ok(store: Store):
    delivery = store.assigned(guide="G01")
    slip, badge = store.slip(delivery).token, store.badge("G02").token
    before = store.counter.journal.last()
    scan(store, badge, slip)
    assert store.counter.journal.last() == before
    assert store.counter.cache.get(Order, store.delivery(delivery).order_id) is not None
