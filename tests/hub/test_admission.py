"""A command that no database keeps is set aside for people; it must not hold up what comes after it."""

from typing import Any

import msgspec
import pytest

from hub import admission
from hub.core import Hub
from hub.waiting import listed
from storeapp.codec import Malformed, encode
from storeapp.domain.kernel import Command
from storeapp.domain.rules.stock import OpenStock
from sync.protocol.messages import WireKey
from tests.support.hubs import FakeCounter, an_order, stock


def raw(body: str) -> msgspec.Raw:
    return msgspec.Raw(body.encode())


def written(command: Command) -> msgspec.Raw:
    return msgspec.Raw(encode(command))


HOPELESS: list[dict[str, Any]] = [
    {"body": written(an_order("a\0b"))},
    {"kind": OpenStock.KIND, "body": written(stock("x" * 5000))},
    {"kind": OpenStock.KIND, "body": written(stock("单" * 1500))},
    {"actor": "a\0b"},
    {"kind": "a\0b"},
    {"kind": "x" * 5000},
    {"body": msgspec.Raw(encode(an_order("T1")).replace(b":100", b":1" + b"0" * 40))},
    {"body": raw('{"note":"\\ud800"}')},
    {"body": raw('{"1":' * 2000 + "1" + "}" * 2000)},
]


@pytest.mark.parametrize("change", HOPELESS)
def test_what_no_database_keeps_is_parked_and_the_queue_goes_on(hub: Hub, change: dict[str, Any]) -> None:
    counter = FakeCounter(hub)
    reply = counter.send(counter.wire(an_order("T1"), **change), counter.wire(stock()))
    assert [result.status.value for result in reply.results] == ["parked", "applied"]
    assert len(listed(hub)) == 1


def test_keys_of_what_can_never_be_are_left_out(hub: Hub) -> None:
    counter = FakeCounter(hub)
    keys = [WireKey("a\0b", b"k", b"w"), WireKey("x" * 9000, b"k", b"w"), WireKey("order", b"k" * 9000, b"w")]
    assert counter.send(counter.wire(stock()), keys=keys).results[0].status == "applied"


@pytest.mark.parametrize("body", ['{"digits":"\\u0000"}', '{"n":-90071992547409930}', '{"n":[1e300]}', '{"\\u0000":1}'])
def test_a_nul_or_an_endless_number_is_found(body: str) -> None:
    with pytest.raises(Malformed):
        admission.check_body("a kind", body.encode())


@pytest.mark.parametrize(
    "body", ['{"ean":"6901234567890123456"}', '{"note":":1234567890123456"}', '{"n":9007199254740992}']
)
def test_long_digits_in_texts_are_nothing_to_stop(body: str) -> None:
    admission.check_body("a kind", body.encode())
