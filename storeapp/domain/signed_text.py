"""Small statements as signed text: JSON in one form only, so that the same words always have the same signature.

A text is canonical: sorted keys, no blanks, ASCII. The signature covers a name of its own for each kind of statement
and the text without ``sig``, so no signature holds for another kind.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

Verify = Callable[[bytes, bytes, bytes], bool]
"""Takes the public key, the signature and the message."""
SIGNATURE = "sig"


class Text(Protocol):
    """A statement that can be written."""

    def text(self) -> str:
        """The canonical JSON to store and to send."""


S = TypeVar("S", bound=Text)


def message(kind: bytes, fields: Mapping[str, object]) -> bytes:
    """The bytes that a signature covers."""
    return kind + _canonical(fields)


def written(fields: Mapping[str, object], signature: str) -> str:
    """The text with its signature, which each kind of statement writes in its own way."""
    return _canonical({**fields, SIGNATURE: signature}).decode("ascii")


def read(text: str, make: Callable[[dict[str, Any]], S]) -> S:
    """The statement in a text; nothing about it is verified yet.

    Raises:
        ValueError: it is not exactly what its `Text.text` writes.
    """
    try:
        found = make(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise ValueError("not such a statement") from error
    if found.text() != text:
        raise ValueError("not in canonical form")
    return found


def _canonical(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
