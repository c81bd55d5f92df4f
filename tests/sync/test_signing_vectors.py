"""The test vectors of RFC 9421 (B.1.4, B.2.6) and RFC 9530, so that others can speak to a hub with their libraries."""

import base64
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from sync.protocol.signing import Message, sign

SEED = base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
PUBLIC = base64.urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=")
KEY_ID = "test-key-ed25519"
CREATED = 1618884473
COVERED = ("date", "@method", "@path", "@authority", "content-type", "content-length")
BASE = """"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")\
;created=1618884473;keyid="test-key-ed25519\""""
SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
BODY = b'{"hello": "world"}'
SHA256 = "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="


def request() -> Message:
    return Message(
        "POST",
        "https://example.com/foo?param=Value&Pet=dog",
        {
            "Host": "example.com",
            "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "Content-Type": "application/json",
            "Content-Length": "18",
        },
    )


class Resolver(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Any:
        assert key_id == KEY_ID
        return Ed25519PublicKey.from_public_bytes(PUBLIC)


def verified(headers: MutableMapping[str, str]) -> Any:
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Resolver())
    verifier.max_clock_skew = datetime.now(UTC) - datetime(2020, 1, 1, tzinfo=UTC)
    message = request()
    message.headers.update(headers)
    return verifier.verify(message, max_age=None)


def test_the_keys_of_the_vectors_belong_together() -> None:
    assert Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw() == PUBLIC
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(base64.b64decode(SIGNATURE), BASE.encode())


def test_our_library_signs_the_vector_to_the_byte() -> None:
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=None)
    prepared = signer.prepare(
        request(),
        key_id=KEY_ID,
        created=datetime.fromtimestamp(CREATED, UTC),
        covered_component_ids=COVERED,
        include_alg=False,
    )
    assert prepared.signature_base.decode() == BASE
    made = Ed25519PrivateKey.from_private_bytes(SEED).sign(prepared.signature_base)
    assert base64.b64encode(made).decode() == SIGNATURE


@pytest.mark.parametrize("label", ["sig-b26", "other"])
def test_our_library_takes_the_vector_under_any_label(label: str) -> None:
    covered = " ".join(f'"{name}"' for name in COVERED)
    parameters = f'({covered});created={CREATED};keyid="{KEY_ID}"'
    headers = {"Signature-Input": f"{label}={parameters}", "Signature": f"{label}=:{SIGNATURE}:"}
    assert verified(headers)[0].parameters["keyid"] == KEY_ID
    with pytest.raises(InvalidSignature):
        verified(headers | {"Content-Length": "19"})


def test_the_digest_of_a_content_is_that_of_rfc_9530() -> None:
    message = request()
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    sign(message, BODY, key_id=KEY_ID, signer=key.sign, created=datetime.fromtimestamp(CREATED, UTC))
    assert message.headers["Content-Digest"] == f"sha-256=:{SHA256}:"
