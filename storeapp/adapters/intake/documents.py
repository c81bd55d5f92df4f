"""JSON from shop platforms, read so that numbers stay exact and one strange value spoils one order, not the file."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

from storeapp.adapters.intake.fields import BadField
from storeapp.adapters.intake.result import FileRefused

_LISTS = ("orders", "order_list", "order_infos", "data")


def parse(text: str) -> object:
    """The document; every number is its text, NaN and Infinity included, so nothing is rounded.

    Raises:
        FileRefused: not JSON, cut off, or nested too deeply.
    """
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except RecursionError:
        raise FileRefused("json_too_deep") from None
    except ValueError:
        raise FileRefused("json_malformed") from None


def candidates(document: object) -> Iterator[object]:
    """What may be orders in a bare order, a list, or an API's answer around either.

    Raises:
        FileRefused: the answer reports an error of the platform instead.
    """
    if isinstance(document, list):
        for entry in document:
            yield from _unwrapped(entry)
    else:
        yield from _unwrapped(document)


def _unwrapped(entry: object) -> Iterator[object]:
    if not isinstance(entry, dict):
        yield entry
        return
    if str(entry.get("errcode") or "0") != "0":
        raise FileRefused("api_error")
    inner = entry.get("order")
    if isinstance(inner, dict):
        yield inner
        return
    for name in _LISTS:
        if isinstance(entry.get(name), list):
            yield from entry[name]
            return
    yield entry


def part(order: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A nested object; empty where absent.

    Raises:
        BadField: something else stands there.
    """
    value = order.get(name)
    if value is None or value == "" or value == []:
        return {}
    if not isinstance(value, dict):
        raise BadField(name, "not_object")
    return cast("dict[str, object]", value)


def parts(order: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """A nested list of objects; empty where absent.

    Raises:
        BadField: something else stands there.
    """
    value = order.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadField(name, "not_list")
    return cast("list[Mapping[str, object]]", value)
