"""Reads the keys that come with commands, each by itself or all of a batch in one box."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.admission import is_id
from hub.core import Hub
from hub.holding import Sender
from storeapp.adapters.transport_keys import Channel, TransportError, box_purpose, key_purpose, unboxed
from storeapp.domain.sealed import KEY_BYTES, key_check
from sync.protocol.messages import WireBox, WireKey

_log = logging.getLogger(__name__)
MOST_KEY_ID_BYTES = 64
Sent = Sequence[WireKey] | WireBox


class SentKey(NamedTuple):
    """The key that opens what is sealed about a subject; ``key_id`` follows from it."""

    subject: str
    key_id: bytes
    secret: bytes


def opened(hub: Hub, sender: Sender, keys: Sent) -> Iterator[SentKey]:
    """The keys that can be read; commands count without the others, which are only logged."""
    if not keys:
        return
    try:
        channel = hub.identity.transport.channel(sender.transport_key)
    except TransportError as error:
        _log.warning("the keys of a batch could not be read: %s", error.code)
        return
    found = _of_box(keys, channel) if isinstance(keys, WireBox) else _each(keys, channel)
    yield from (key for key in found if is_id(key.subject))  # No order can have another id.


def one_by_one(hub: Hub, sender: Sender, keys: Sent, subject: str) -> list[WireKey]:
    """The keys of a subject as they would have come without a box, to be kept beside its command."""
    if not isinstance(keys, WireBox):
        return [key for key in keys if key.subject == subject]
    if subject not in keys.subjects:
        return []
    mine = [key for key in opened(hub, sender, keys) if key.subject == subject]
    channel = hub.identity.transport.channel(sender.transport_key) if mine else None
    return [
        WireKey(subject, key.key_id, channel.wrap(key.secret, key_purpose(subject, key.key_id)))
        for key in mine
        if channel is not None
    ]


def _of_box(box: WireBox, channel: Channel) -> Iterator[SentKey]:
    try:
        pairs = unboxed(channel.unwrap(box.wrapped, box_purpose(box.subjects)), box.subjects)
    except TransportError as error:
        _log.warning("a box of keys could not be read: %s", error.code)
        return
    for subject, secret in pairs:
        yield SentKey(subject, key_check(secret), secret)


def _each(keys: Sequence[WireKey], channel: Channel) -> Iterator[SentKey]:
    for key in keys:
        if len(key.key_id) > MOST_KEY_ID_BYTES:
            continue
        try:
            secret = channel.unwrap(key.wrapped, key_purpose(key.subject, key.key_id))
        except TransportError as error:
            _log.warning("a key could not be read: %s", error.code)
            continue
        # Another one would stand in the way of the right one.
        if len(secret) == KEY_BYTES and key_check(secret) == key.key_id:
            yield SentKey(key.subject, key.key_id, secret)
