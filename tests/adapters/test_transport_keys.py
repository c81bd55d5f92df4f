import pytest

from storeapp.adapters.transport_keys import BadTransportKey, TransportKey, UnwrapFailed, unboxed

COUNTER, HUB, OTHER = (TransportKey.generate() for _ in range(3))
ORDER_KEY = bytes(range(32))


def test_the_hub_unwraps_what_the_counter_wrapped() -> None:
    wrapped = COUNTER.channel(HUB.public).wrap(ORDER_KEY, b"order 1")
    assert HUB.channel(COUNTER.public).unwrap(wrapped, b"order 1") == ORDER_KEY
    assert ORDER_KEY not in wrapped


def test_wrapping_twice_never_looks_the_same() -> None:
    channel = COUNTER.channel(HUB.public)
    assert channel.wrap(ORDER_KEY, b"") != channel.wrap(ORDER_KEY, b"")


def test_another_pair_another_purpose_or_a_changed_byte_fails() -> None:
    wrapped = COUNTER.channel(HUB.public).wrap(ORDER_KEY, b"order 1")
    receiving = HUB.channel(COUNTER.public)
    changed = bytes([wrapped[0] ^ 1]) + wrapped[1:]
    for channel, text, aad in [
        (OTHER.channel(COUNTER.public), wrapped, b"order 1"),
        (receiving, wrapped, b"order 2"),
        (receiving, changed, b"order 1"),
        (receiving, b"", b"order 1"),
    ]:
        with pytest.raises(UnwrapFailed):
            channel.unwrap(text, aad)


def test_a_box_holds_one_key_a_subject() -> None:
    assert unboxed(b"a" * 32 + b"b" * 32, ["o1", "o2"]) == [("o1", b"a" * 32), ("o2", b"b" * 32)]
    for content in (b"a" * 32, b"a" * 65):
        with pytest.raises(UnwrapFailed):
            unboxed(content, ["o1", "o2"])


def test_the_channel_is_agreed_once() -> None:
    assert COUNTER.channel(HUB.public) is COUNTER.channel(HUB.public)


@pytest.mark.parametrize("public", [b"short", bytes(32)])
def test_an_unusable_public_key_is_refused(public: bytes) -> None:
    with pytest.raises(BadTransportKey):
        COUNTER.channel(public)


def test_a_key_comes_back_and_names_itself_without_its_secret() -> None:
    assert TransportKey(COUNTER.private).public == COUNTER.public
    assert COUNTER.private.hex() not in repr(COUNTER)
