import json
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storeapp import codec
from storeapp.domain.area import Corner
from storeapp.domain.catalogue import Sku
from storeapp.domain.delivery import Holder
from storeapp.domain.moment import Window, utc
from storeapp.domain.order import OrderLine
from storeapp.domain.place import Position
from storeapp.domain.rules.custody import PassOn
from storeapp.domain.rules.registry import COMMANDS, EVENTS, STATES
from storeapp.domain.rules.stock import CountStock, MoveStock, OpenStock
from storeapp.domain.stock import Movement

TEXT = st.text(max_size=12)
PIECES = st.integers(0, 1_000_000)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(utc)

st.register_type_strategy(str, TEXT)
st.register_type_strategy(int, st.integers(-(2**53), 2**53))
st.register_type_strategy(datetime, MOMENTS)
st.register_type_strategy(Mapping, lambda _: st.dictionaries(TEXT, TEXT | st.integers(0, 9)))
st.register_type_strategy(date, st.dates())
st.register_type_strategy(time, st.times())
st.register_type_strategy(Window, st.builds(lambda a, b: Window(min(a, b), max(a, b)), MOMENTS, MOMENTS))
st.register_type_strategy(Position, st.builds(Position, st.floats(-90, 90), st.floats(-180, 180)))
st.register_type_strategy(Corner, st.builds(Corner, st.floats(-90, 90), st.floats(-180, 180)))
st.register_type_strategy(
    OrderLine,
    st.builds(lambda sku, n, price: OrderLine(sku, max(n), price, "", min(n)), TEXT, st.tuples(PIECES, PIECES), PIECES),
)
st.register_type_strategy(Sku, st.builds(Sku, TEXT, TEXT, TEXT, PIECES, PIECES, PIECES))
st.register_type_strategy(PassOn, st.builds(PassOn, TEXT, st.sampled_from([Holder.COURIER, Holder.PICKUP_POINT]), TEXT))
st.register_type_strategy(OpenStock, st.builds(OpenStock, TEXT, TEXT, PIECES, TEXT))
st.register_type_strategy(CountStock, st.builds(CountStock, TEXT, TEXT, PIECES))
st.register_type_strategy(MoveStock, st.builds(MoveStock, TEXT, TEXT, st.sampled_from(Movement), PIECES, TEXT))


def _all_fields(of: type[Any]) -> st.SearchStrategy[Any]:
    """Every field drawn: what a struct makes anew by default is no value that its signature could tell."""
    hints = get_type_hints(of)
    return st.builds(of, **{name: st.from_type(hints[name]) for name in of.__struct_fields__})


for made in STATES.values():
    if any(field.default_factory is not msgspec.NODEFAULT for field in msgspec.structs.fields(made)):
        st.register_type_strategy(made, _all_fields)

few = settings(max_examples=25)


@pytest.mark.parametrize("kind", sorted(COMMANDS))
@few
@given(data=st.data())
def test_a_command_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    command = data.draw(st.from_type(COMMANDS[kind]))
    assert codec.decode_command(kind, codec.encode(command)) == command


@pytest.mark.parametrize("kind", sorted(STATES))
@few
@given(data=st.data())
def test_a_state_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    state = data.draw(st.from_type(STATES[kind]))
    body = codec.encode(state)
    assert codec.decode_state(kind, body) == state
    assert codec.encode(codec.decode_state(kind, body)) == body


@pytest.mark.parametrize("kind", sorted(EVENTS))
@few
@given(data=st.data())
def test_events_come_back_in_their_order(kind: str, data: st.DataObject) -> None:
    events = data.draw(st.lists(st.from_type(EVENTS[kind]), max_size=3))
    assert codec.decode_events(codec.encode_events(events)) == events


def test_no_events_are_an_empty_list() -> None:
    assert codec.decode_events(codec.encode_events([])) == []


@pytest.mark.parametrize(
    "decode",
    [
        lambda: codec.decode_command("order.teleport", b"{}"),
        lambda: codec.decode_state("unicorn", b"{}"),
        lambda: codec.decode_events(b'[["order.teleported", {}]]'),
    ],
)
def test_an_unknown_kind_is_told_apart(decode: Callable[[], Any]) -> None:
    with pytest.raises(codec.UnknownKind):
        decode()


SECRET = "李四 13800138000"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"platform": SECRET}, "$.platform"),
        ({"window": {"start": SECRET, "end": SECRET}}, "$.window.start"),
        ({"lines": [{"sku": "A", "quantity": SECRET, "price_fen": 1}]}, "$.lines[0].quantity"),
        ({"lines": [{"sku": "A", "quantity": -1, "price_fen": 1}]}, "$.lines[0].quantity"),
        ({"lines": [{"sku": "A", "quantity": 1, "price_fen": 1, "reserved": 2}]}, "$.lines[0]"),
        ({"order_no": {"name": SECRET}}, "$.order_no"),
        ({"created_at": f"2026-01-01T00:00:00Z{SECRET}"}, "$.created_at"),
        ({"located": SECRET}, "$.located"),
    ],
)
def test_a_malformed_body_names_its_field_and_never_the_value(change: dict[str, Any], field: str) -> None:
    body = json.loads(codec.encode(an_order()))
    with pytest.raises(codec.Malformed) as caught:
        codec.decode_command("order.place", codec.encode(body | change))
    assert (caught.value.kind, caught.value.field) == ("order.place", field)
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert caught.value.__cause__ is caught.value.__context__ is None


BROKEN = [b"", b"{", b'"x"', SECRET.encode(), b"\xff", b'{"a":' * 5000, b"null"]


@pytest.mark.parametrize("body", [*BROKEN, b"[]"])
def test_what_is_no_such_body_is_malformed(body: bytes) -> None:
    with pytest.raises(codec.Malformed) as caught:
        codec.decode_command("order.place", body)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(codec.Malformed):
        codec.decode_state("order", body)


@pytest.mark.parametrize("body", [*BROKEN, b'[["order.cancelled"]]', b'[["order.cancelled", 1]]'])
def test_what_are_no_events_is_malformed(body: bytes) -> None:
    with pytest.raises(codec.Malformed) as caught:
        codec.decode_events(body)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_fields_of_a_newer_program_are_passed_over() -> None:
    body = json.loads(codec.encode(an_order())) | {"drone": {"id": 1}}
    assert codec.decode_command("order.place", codec.encode(body)) == an_order()


def test_a_window_that_ends_before_it_starts_is_malformed() -> None:
    body = json.loads(codec.encode(an_order()))
    body["window"]["end"] = "2020-01-01T00:00:00Z"
    with pytest.raises(codec.Malformed):
        codec.decode_command("order.place", codec.encode(body))


def an_order() -> Any:
    return msgspec.convert(
        {
            "platform": "table",
            "order_no": "1",
            "store": "XH",
            "mode": "instant",
            "window": {
                "start": datetime(2026, 3, 2, tzinfo=UTC),
                "end": datetime(2026, 3, 2, tzinfo=UTC) + timedelta(1),
            },
            "lines": [{"sku": "A", "quantity": 1, "price_fen": 1}],
            "created_at": datetime(2026, 3, 2, tzinfo=UTC),
            "updated_at": None,
            "sealed": "",
            "located": False,
        },
        COMMANDS["order.place"],
    )
