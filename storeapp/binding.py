"""Has sqlite3 bind bytes, text as it came over the wire, and NULL as they are.

It asks every value that is no number and no text how it wants to be adapted: twice an attribute that isn't there, and
twice an error that nobody reads, which takes as long as to bind five texts. A type with an adapter is not asked.
"""

import sqlite3
from types import NoneType

import msgspec


def bind_at_once() -> None:
    """Register what changes nothing, for every connection of this process."""
    sqlite3.register_adapter(bytes, bytes)
    sqlite3.register_adapter(msgspec.Raw, memoryview)
    sqlite3.register_adapter(NoneType, _null)


def _null(_value: None) -> None:
    return None
