import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import gzipping

CONTENT = st.binary(max_size=400) | st.binary(min_size=1, max_size=8).map(lambda part: part * 20_000)


@given(CONTENT)
def test_what_is_zipped_is_gzip_for_everybody_and_always_the_same(content: bytes) -> None:
    zipped = gzipping.gzipped(content)
    assert gzip.decompress(zipped) == content
    assert gzipping.gzipped(content) == zipped


@given(CONTENT, st.integers(1, 5))
def test_what_comes_in_pieces_is_one_content(content: bytes, count: int) -> None:
    size = len(content) // count + 1
    zipper = gzipping.zipper()
    pieces = [zipper.compress(content[at : at + size]) for at in range(0, len(content), size)]
    assert gzip.decompress(b"".join([*pieces, zipper.flush()])) == content


@given(CONTENT, st.integers(0, 9), st.integers(1, 5))
def test_what_zlib_has_zipped_is_read_in_pieces(content: bytes, level: int, count: int) -> None:
    zipped = gzip.compress(content, level, mtime=0)
    size = len(zipped) // count + 1
    unzipper = gzipping.unzipper()
    read = b"".join([unzipper.decompress(zipped[at : at + size]) for at in range(0, len(zipped), size)])
    assert (read, unzipper.eof, unzipper.unused_data) == (content, True, b"")


@given(CONTENT, st.integers(1, 1000))
def test_no_more_is_read_than_was_asked_for(content: bytes, most: int) -> None:
    unzipper = gzipping.unzipper()
    read = unzipper.decompress(gzip.compress(content), most)
    assert read == content[:most]
    assert unzipper.eof or len(read) == most


@given(st.binary(min_size=1, max_size=400), st.data())
def test_a_changed_byte_is_broken_or_ends_early_or_changes_nothing(content: bytes, data: st.DataObject) -> None:
    zipped = bytearray(gzipping.gzipped(content))
    at = data.draw(st.integers(0, len(zipped) - 1))
    zipped[at] ^= data.draw(st.integers(1, 255))
    unzipper = gzipping.unzipper()
    try:
        read = unzipper.decompress(bytes(zipped))
    except gzipping.Broken:
        return
    # Of its head gzip keeps no checksum, and some of it means nothing.
    assert not unzipper.eof or read == content


def test_what_is_no_gzip_is_broken() -> None:
    with pytest.raises(gzipping.Broken):
        gzipping.unzipper().decompress(zlib.compress(b"content") * 9)
