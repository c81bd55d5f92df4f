import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.signing import DeviceKey, verify
from storeapp.domain.certificate import (
    Certificate,
    CertificateKind,
    ChainProblem,
    MalformedCertificate,
    certify,
    check_chain,
    parse,
)

ROOT_KEY, HUB_KEY, DEVICE_KEY = (DeviceKey(bytes([number]) * 32) for number in (1, 2, 3))
START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=365)
NOON = START + timedelta(hours=12)


def certificate(
    subject: DeviceKey, issuer: DeviceKey, kind: CertificateKind = CertificateKind.DEVICE, store: str = "S01"
) -> Certificate:
    unsigned = Certificate(
        kind=kind,
        device=f"device-{subject.key_id.hex()}",
        store=store,
        public_key=subject.public,
        not_before=START,
        not_after=END,
        issuer_key_id=issuer.key_id,
    )
    return certify(unsigned, issuer.sign)


ROOT = certificate(ROOT_KEY, ROOT_KEY, CertificateKind.ROOT)
DEVICE = certificate(DEVICE_KEY, ROOT_KEY)
BRAND_ROOT = certificate(ROOT_KEY, ROOT_KEY, CertificateKind.ROOT, store="")
HUB = certificate(HUB_KEY, ROOT_KEY, CertificateKind.HUB, store="")
HUB_DEVICE = certificate(DEVICE_KEY, HUB_KEY)


def problem(*chain: Certificate, at: datetime | None = NOON) -> ChainProblem | None:
    return check_chain(chain, root_public_key=ROOT_KEY.public, verify=verify, at=at)


def test_a_stores_own_root_certifies_its_counter() -> None:
    assert problem(DEVICE, ROOT) is None
    assert problem(ROOT) is None


def test_a_hub_certifies_counters_of_every_store() -> None:
    assert problem(HUB_DEVICE, HUB, BRAND_ROOT) is None


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ((), ChainProblem.EMPTY),
        ((DEVICE,), ChainProblem.UNTRUSTED_ROOT),
        ((DEVICE, certificate(HUB_KEY, HUB_KEY, CertificateKind.ROOT)), ChainProblem.UNTRUSTED_ROOT),
        ((HUB_DEVICE, ROOT), ChainProblem.BROKEN_LINK),
        ((certificate(HUB_KEY, DEVICE_KEY), DEVICE, ROOT), ChainProblem.MAY_NOT_ISSUE),
        ((certificate(DEVICE_KEY, ROOT_KEY, store="S02"), ROOT), ChainProblem.OTHER_STORE),
        ((replace(DEVICE, device="another"), ROOT), ChainProblem.BAD_SIGNATURE),
        ((DEVICE, replace(ROOT, signature=b"\0" * 64)), ChainProblem.BAD_SIGNATURE),
    ],
)
def test_a_chain_that_proves_nothing_says_why(chain: tuple[Certificate, ...], expected: ChainProblem) -> None:
    assert problem(*chain) is expected


def test_time_counts_only_where_the_clock_is_believed() -> None:
    assert problem(DEVICE, ROOT, at=END) is ChainProblem.OUT_OF_TIME
    assert problem(DEVICE, ROOT, at=START - timedelta(seconds=1)) is ChainProblem.OUT_OF_TIME
    assert problem(DEVICE, ROOT, at=None) is None


def test_a_certificate_is_read_back() -> None:
    assert parse(DEVICE.text()) == DEVICE
    assert len(DEVICE.text()) < 400


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kid": "AAAAAA"},
        {"kind": "king"},
        {"pub": "AAAA"},
        {"pub": "A"},
        {"extra": 1},
        {"nbf": "1"},
        {"dev": 5},
        {"nbf": 1e9},
    ],
)
def test_a_text_of_another_form_is_refused(change: dict[str, object]) -> None:
    fields = json.loads(DEVICE.text()) | change
    with pytest.raises(MalformedCertificate):
        parse(json.dumps(fields, sort_keys=True, separators=(",", ":")))


def test_another_spelling_of_the_same_fields_is_refused() -> None:
    with pytest.raises(MalformedCertificate, match="canonical"):
        parse(DEVICE.text().replace(",", ", ", 1))


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_garbage_is_refused_without_a_bug(text: str) -> None:
    with pytest.raises(MalformedCertificate):
        parse(text)


def test_values_that_cannot_be_certified_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        replace(DEVICE, public_key=b"short")
    with pytest.raises(ValueError, match="whole seconds"):
        replace(DEVICE, not_after=END + timedelta(milliseconds=1))
