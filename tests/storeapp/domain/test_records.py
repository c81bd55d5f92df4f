"""What is made by the thousand is nothing that Python looks for cycles among."""

import gc
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
from msgspec import Struct

from storeapp.adapters import sealing
from storeapp.domain import moment, place
from storeapp.domain.kernel import Context, Refusal
from storeapp.domain.rules.registry import COMMANDS, EVENTS, STATES
from storeapp.store import entries
from sync.protocol import messages


def records_in(module: ModuleType) -> Iterator[type[Struct]]:
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, Struct) and found.__module__ == module.__name__:
            yield found


MODULES = {inspect.getmodule(of) for of in (*COMMANDS.values(), *EVENTS.values(), *STATES.values())}
RECORDS = [
    *(found for module in (*MODULES, moment, place, entries, messages) if module for found in records_in(module)),
    *(Context, Refusal, sealing.Findable),
]


@pytest.mark.parametrize("of", sorted(RECORDS, key=lambda of: (of.__module__, of.__name__)), ids=lambda of: of.__name__)
def test_a_record_is_frozen_and_untracked(of: type[Struct]) -> None:
    assert of.__struct_config__.frozen
    assert not of.__struct_config__.gc


def test_every_command_event_and_state_is_such_a_record() -> None:
    assert {*COMMANDS.values(), *EVENTS.values(), *STATES.values()} <= set(RECORDS)


def test_python_does_not_look_at_a_record() -> None:
    assert not gc.is_tracked(Refusal("code", {"name": "value"}))
