"""Commands name what they rest on, and never what is shared."""

import pytest
from msgspec import defstruct
from msgspec.structs import fields

from storeapp.domain.delivery import Delivery, Proof
from storeapp.domain.kernel import Key
from storeapp.domain.needs import Part, rests_on, subject_of
from storeapp.domain.order import Order, order_id
from storeapp.domain.rules.custody import Deliver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.registry import COMMANDS
from storeapp.domain.rules.stock import CountStock
from storeapp.domain.words import Platform
from tests.support.hubs import a_guide, an_order


class _Anything:
    """Stands for every field of a command that is not a name."""


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_whatever_is_about_a_delivery_or_an_order_rests_on_its_being(kind: str) -> None:
    of = COMMANDS[kind]
    names = {field.name for field in fields(of)}  # type: ignore[arg-type]  # every command is a struct
    unchecked = defstruct(of.__name__, [], bases=(of,), namespace={"__post_init__": lambda _: None}, frozen=True)
    command = unchecked(**{n: "D1" if n.endswith("_id") or n == "guide" else _Anything() for n in names})
    if "delivery_id" in names:
        assert Key(Delivery.KIND, "D1") in {ground.key for ground in rests_on(command) if ground.part is Part.BEING}
    elif "order_id" in names:
        assert Key(Order.KIND, "D1") in {ground.key for ground in rests_on(command)}


def test_an_assignment_rests_on_the_one_before_and_a_delivery_on_custody() -> None:
    assert Part.ASSIGNMENT in {ground.part for ground in rests_on(AssignDelivery("D1", "G01", 1))}
    assert Part.CUSTODY in {ground.part for ground in rests_on(Deliver("D1", Proof.PICKUP_CODE))}


def test_stock_is_shared_and_nothing_rests_on_it() -> None:
    assert rests_on(CountStock("XH", "BL-001", 3)) == ()
    assert rests_on(an_order("T1")) == ()


def test_a_list_says_what_a_command_is_about() -> None:
    assert subject_of(Deliver("D1", Proof.PICKUP_CODE)) == "D1"
    assert subject_of(CancelOrder("O1", "customer")) == "O1"
    assert subject_of(CountStock("XH", "BL-001", 3)) == "BL-001"
    assert subject_of(an_order("T1")) == order_id(Platform.TABLE, "T1")
    assert subject_of(a_guide("G01")) == "G01"
