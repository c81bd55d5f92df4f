import hmac
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.store.errors import WrongRootKey
from storeapp.store.keywrap import KeyWrap, derive, finder_hash

ROOT = bytes(range(32))


@given(st.binary(max_size=64), st.text())
def test_a_key_is_unwrapped_only_in_its_place(key: bytes, place: str) -> None:
    wrap = KeyWrap(ROOT)
    wrapped = wrap.wrap(key, place)
    assert wrap.unwrap(wrapped, place) == key
    for other, text, where in [(KeyWrap(bytes(32)), wrapped, place), (wrap, wrapped, place + "x"), (wrap, b"", place)]:
        with pytest.raises(WrongRootKey):
            other.unwrap(text, where)


def test_each_purpose_has_its_own_key() -> None:
    assert len({derive(ROOT, "wrap"), derive(ROOT, "finder"), derive(bytes(32), "wrap"), ROOT}) == 4


def test_the_finder_ignores_how_a_text_is_spelled() -> None:
    search_key = KeyWrap(ROOT).search_key
    assert finder_hash(search_key, "name", "Ａda  顾客") == finder_hash(search_key, "name", "ada顾客")
    assert len(finder_hash(search_key, "name", "ada")) == 16


@given(st.binary(min_size=32, max_size=32), st.text(max_size=30))
def test_the_finder_hashes_as_the_library_does(search_key: bytes, text: str) -> None:
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    expected = hmac.digest(search_key, f"name\x1f{plain}".encode(), "sha256")[:16]
    assert finder_hash(search_key, "name", text) == expected


def test_the_finder_keeps_kinds_and_homes_apart() -> None:
    search_key = KeyWrap(ROOT).search_key
    hashes = {
        finder_hash(search_key, "name", "8000"),
        finder_hash(search_key, "phone_end", "8000"),
        finder_hash(KeyWrap(bytes(32)).search_key, "name", "8000"),
        finder_hash(search_key, "name", "8001"),
    }
    assert len(hashes) == 4
