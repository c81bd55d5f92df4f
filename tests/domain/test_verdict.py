from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storeapp.adapters.signing import DeviceKey, verify
from storeapp.domain import token as tokens
from storeapp.domain.token import BadgeToken, Malformed, MalformedReason, Parsed, SlipToken
from storeapp.domain.verdict import (
    BadgeRecord,
    Desk,
    KeyRecord,
    ScanResult,
    Severity,
    SlipRecord,
    Verdict,
    judge_badge,
    judge_slip,
)

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEY_ID, SLIP_ID, BADGE_ID = b"kkkk", b"s" * 8, b"b" * 8
SLIP_TOKEN = SlipToken(key_id=KEY_ID, slip_id=SLIP_ID, reprint=1, issued_at=NOW - HOUR, ttl_hours=24)
BADGE_TOKEN = BadgeToken(key_id=KEY_ID, badge_id=BADGE_ID, serial=1, issued_at=NOW - HOUR, valid_days=90)
KEY = KeyRecord(KEY_ID, "S01", NOW - 30 * DAY, NOW + 30 * DAY)
SLIP = SlipRecord(slip_id=SLIP_ID, store="S01", reprint=1, guide="G1")
BADGE = BadgeRecord(badge_id=BADGE_ID, guide="G1", store="S01", serial=1)
DESK = Desk(store="S01", now=NOW, built_at=NOW - 100 * DAY, last_seen=NOW - HOUR)
GARBAGE = Malformed(MalformedReason.LENGTH)


def slip_result(
    scanned: tokens.Token | Malformed = SLIP_TOKEN,
    *,
    verified: bool | None = True,
    key: KeyRecord | None = KEY,
    slip: SlipRecord | None = SLIP,
    guide: str | None = "G1",
    desk: Desk = DESK,
) -> ScanResult:
    read = scanned if isinstance(scanned, Malformed) else Parsed(scanned, b"")
    return judge_slip(read, verified=verified, key=key, slip=slip, guide=guide, desk=desk)


def badge_result(
    scanned: tokens.Token | Malformed = BADGE_TOKEN,
    *,
    verified: bool | None = True,
    key: KeyRecord | None = KEY,
    badge: BadgeRecord | None = BADGE,
    desk: Desk = DESK,
) -> ScanResult:
    read = scanned if isinstance(scanned, Malformed) else Parsed(scanned, b"")
    return judge_badge(read, verified=verified, key=key, badge=badge, desk=desk)


USED = replace(SLIP, used_by="G2", used_at=NOW - HOUR)
LATE = replace(DESK, now=NOW + 24 * HOUR, last_seen=NOW + 20 * HOUR)
EARLY = replace(DESK, now=NOW - 2 * HOUR, last_seen=NOW - 3 * HOUR)
BACK = replace(DESK, last_seen=NOW + 2 * DAY)
EACH_VERDICT = {
    Verdict.OK: slip_result(),
    Verdict.MALFORMED: slip_result(GARBAGE),
    Verdict.WRONG_KIND: slip_result(BADGE_TOKEN),
    Verdict.UNKNOWN_KEY: slip_result(key=None),
    Verdict.BAD_SIGNATURE: slip_result(verified=False),
    Verdict.REVOKED: slip_result(slip=replace(SLIP, cancelled=True)),
    Verdict.WRONG_STORE: slip_result(slip=replace(SLIP, store="S02")),
    Verdict.SUPERSEDED: slip_result(slip=replace(SLIP, reprint=2)),
    Verdict.ALREADY_USED: slip_result(slip=USED),
    Verdict.CLOCK_BACK: slip_result(desk=BACK),
    Verdict.NOT_YET: slip_result(desk=EARLY),
    Verdict.EXPIRED: slip_result(desk=LATE),
    Verdict.WRONG_GUIDE: slip_result(guide="G2"),
}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_reachable(verdict: Verdict) -> None:
    assert EACH_VERDICT[verdict].verdict is verdict


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (Verdict.OK, badge_result()),
        (Verdict.MALFORMED, badge_result(GARBAGE)),
        (Verdict.WRONG_KIND, badge_result(SLIP_TOKEN)),
        (Verdict.UNKNOWN_KEY, badge_result(key=replace(KEY, key_id=b"othr"))),
        (Verdict.BAD_SIGNATURE, badge_result(verified=None)),
        (Verdict.REVOKED, badge_result(badge=replace(BADGE, revoked=True))),
        (Verdict.WRONG_STORE, badge_result(badge=None)),
        (Verdict.WRONG_STORE, badge_result(badge=replace(BADGE, store="S02"))),
        (Verdict.SUPERSEDED, badge_result(badge=replace(BADGE, serial=2))),
        (Verdict.CLOCK_BACK, badge_result(desk=BACK)),
        (Verdict.NOT_YET, badge_result(desk=EARLY)),
        (Verdict.EXPIRED, badge_result(desk=replace(LATE, now=NOW + 91 * DAY, last_seen=NOW + 91 * DAY))),
    ],
)
def test_a_badge_is_judged_the_same_way(expected: Verdict, found: ScanResult) -> None:
    assert found.verdict is expected


def test_words_get_their_data() -> None:
    assert badge_result().by == "G1"
    assert EACH_VERDICT[Verdict.ALREADY_USED].by == "G2"
    assert EACH_VERDICT[Verdict.ALREADY_USED].when == NOW - HOUR
    assert EACH_VERDICT[Verdict.EXPIRED].minutes == 60
    assert EACH_VERDICT[Verdict.NOT_YET].minutes == 60
    assert EACH_VERDICT[Verdict.WRONG_GUIDE].by == "G1"
    assert EACH_VERDICT[Verdict.MALFORMED].why == "length"


def test_a_genuine_slip_of_another_counter_passes_though_it_is_not_on_record_yet() -> None:
    found = slip_result(slip=None)
    assert (found.verdict, found.known) == (Verdict.OK, False)
    assert slip_result(slip=replace(SLIP, slip_id=b"x" * 8, cancelled=True)) == found


def test_a_slip_unknown_here_but_signed_for_another_store_is_stopped() -> None:
    assert slip_result(slip=None, key=replace(KEY, store="S02")).verdict is Verdict.WRONG_STORE
    assert slip_result(slip=None, key=replace(KEY, store=None)).verdict is Verdict.OK


def test_paper_from_before_its_key_was_revoked_stays_good_where_it_is_on_record() -> None:
    key = replace(KEY, revoked_at=NOW)
    assert slip_result(key=key).verdict is Verdict.OK
    assert slip_result(key=key, slip=None).verdict is Verdict.REVOKED
    assert slip_result(key=replace(KEY, revoked_at=NOW - 2 * HOUR)).verdict is Verdict.REVOKED


def test_a_key_signs_only_while_its_certificate_lasts() -> None:
    assert slip_result(key=replace(KEY, not_after=NOW - HOUR)).verdict is Verdict.UNKNOWN_KEY


def test_a_small_difference_of_clocks_is_forgiven() -> None:
    early = replace(SLIP_TOKEN, issued_at=NOW + timedelta(minutes=5))
    assert slip_result(early).verdict is Verdict.OK


def test_a_clock_that_jumped_only_asks_where_time_would_refuse() -> None:
    jumped = replace(DESK, last_seen=NOW - 5 * DAY)
    assert slip_result(desk=jumped).verdict is Verdict.OK
    assert slip_result(desk=replace(jumped, now=NOW + 2 * DAY)).verdict is Verdict.CLOCK_BACK


def test_a_clock_from_before_the_program_is_not_believed() -> None:
    dead = Desk(store="S01", now=datetime(2000, 1, 1, tzinfo=UTC), built_at=DESK.built_at)
    found = slip_result(desk=dead)
    assert (found.verdict, found.severity, found.may_override) == (Verdict.CLOCK_BACK, Severity.HOLD, True)


def test_only_pass_is_ok_and_goods_stop_for_five_verdicts() -> None:
    by_severity = {verdict: result.severity for verdict, result in EACH_VERDICT.items()}
    assert [verdict for verdict, found in by_severity.items() if found is Severity.PASS] == [Verdict.OK]
    assert {verdict for verdict, found in by_severity.items() if found is Severity.STOP} == {
        Verdict.ALREADY_USED,
        Verdict.SUPERSEDED,
        Verdict.BAD_SIGNATURE,
        Verdict.REVOKED,
        Verdict.WRONG_STORE,
    }


def test_a_forgery_and_a_used_slip_are_never_overridden() -> None:
    for verdict in (Verdict.BAD_SIGNATURE, Verdict.ALREADY_USED, Verdict.MALFORMED, Verdict.WRONG_KIND, Verdict.OK):
        assert not EACH_VERDICT[verdict].may_override
    assert EACH_VERDICT[Verdict.EXPIRED].may_override
    assert not slip_result(slip=None, desk=LATE).may_override


def test_a_slip_is_used_by_somebody_at_some_time() -> None:
    with pytest.raises(ValueError, match="used"):
        replace(SLIP, used_at=NOW)


MOMENT = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given below
KEY_IDS = st.sampled_from([KEY_ID, b"othr"])
STORES = st.sampled_from(["S01", "S02"])
GUIDES = st.sampled_from(["G1", "G2"])
KEYS = st.builds(KeyRecord, KEY_IDS, st.none() | STORES, MOMENT, MOMENT, st.none() | MOMENT)
SLIPS = st.builds(
    lambda used, **rest: SlipRecord(used_by=used and "G1", used_at=used, **rest),
    st.none() | MOMENT,
    slip_id=st.just(SLIP_ID),
    store=STORES,
    reprint=st.integers(0, 3),
    guide=st.none() | GUIDES,
    cancelled=st.booleans(),
)
BADGE_RECORDS = st.builds(
    BadgeRecord,
    badge_id=st.just(BADGE_ID),
    guide=GUIDES,
    store=st.none() | STORES,
    serial=st.integers(0, 3),
    revoked=st.booleans(),
)
DESKS = st.builds(Desk, store=STORES, now=MOMENT, built_at=MOMENT, last_seen=st.none() | MOMENT)
SCANS = st.sampled_from([GARBAGE, Parsed(SLIP_TOKEN, b""), Parsed(BADGE_TOKEN, b"")])


@given(SCANS, st.none() | st.booleans(), st.none() | KEYS, st.none() | SLIPS, st.none() | GUIDES, DESKS)
def test_judging_a_slip_is_total(
    scan: Parsed | Malformed,
    verified: bool | None,
    key: KeyRecord | None,
    slip: SlipRecord | None,
    guide: str | None,
    desk: Desk,
) -> None:
    found = judge_slip(scan, verified=verified, key=key, slip=slip, guide=guide, desk=desk)
    if found.verdict is Verdict.OK:
        assert verified
        assert key is not None
        assert slip is None or (slip.used_at is None and not slip.cancelled and slip.store == desk.store)


@given(SCANS, st.none() | st.booleans(), st.none() | KEYS, st.none() | BADGE_RECORDS, DESKS)
def test_judging_a_badge_is_total(
    scan: Parsed | Malformed,
    verified: bool | None,
    key: KeyRecord | None,
    badge: BadgeRecord | None,
    desk: Desk,
) -> None:
    found = judge_badge(scan, verified=verified, key=key, badge=badge, desk=desk)
    if found.verdict is Verdict.OK:
        assert verified
        assert badge is not None
        assert not badge.revoked


SIGNER = DeviceKey(bytes(32))
SIGNED_SLIP = replace(SLIP_TOKEN, key_id=SIGNER.key_id)
SIGNED = tokens.issue(SIGNED_SLIP, brand_id="b", sign=SIGNER.sign)
SIGNED_KEY = replace(KEY, key_id=SIGNER.key_id)


def scan(text: str) -> Verdict:
    found = tokens.read(text)
    verified = isinstance(found, Parsed) and verify(SIGNER.public, found.signature, found.message("b"))
    key = SIGNED_KEY if isinstance(found, Parsed) and found.token.key_id == SIGNER.key_id else None
    return judge_slip(found, verified=verified, key=key, slip=None, guide="G1", desk=DESK).verdict


@settings(max_examples=300)
@given(st.integers(0, 197), st.integers(1, 9))
def test_one_wrong_digit_never_passes(place: int, shift: int) -> None:
    assert scan(SIGNED) is Verdict.OK
    wrong = str((int(SIGNED[place]) + shift) % 10)
    assert scan(SIGNED[:place] + wrong + SIGNED[place + 1 :]) is not Verdict.OK
