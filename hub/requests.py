"""Reads requests before anything believes them: size, compression, signature, form."""

from dataclasses import replace
from typing import TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from hub import devices
from hub.core import Hub
from hub.devices import EnrolledDevice
from hub.problems import HubProblem
from sync.protocol import gzipping
from sync.protocol.messages import EnrolRequest
from sync.protocol.signing import BadSignature, Message, verify

T = TypeVar("T")

MAX_SENT_BYTES = 2_000_000
MAX_CONTENT_BYTES = 4_000_000


async def sent(request: Request) -> bytes:
    """The content as it was sent.

    Raises:
        HubProblem: ``request_too_large``.
    """
    pieces, size = [], 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > MAX_SENT_BYTES:
                raise HubProblem("request_too_large", most=MAX_SENT_BYTES)
            pieces.append(piece)
    except ClientDisconnect as error:
        # Nobody will read this; it only ends the request without looking like a bug of ours.
        raise HubProblem("malformed_request") from error
    return b"".join(pieces)


def content(request: Request, body: bytes) -> bytes:
    """The content without its compression, which must not blow up.

    Raises:
        HubProblem: ``request_too_large`` or ``malformed_request``.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise HubProblem("malformed_request", field="content-encoding")
    unzip = gzipping.unzipper()
    try:
        plain = unzip.decompress(body, MAX_CONTENT_BYTES)
    except gzipping.Broken as error:
        raise HubProblem("malformed_request", field="content-encoding") from error
    if not unzip.eof and len(plain) == MAX_CONTENT_BYTES:
        raise HubProblem("request_too_large", most=MAX_CONTENT_BYTES)
    if not unzip.eof or unzip.unused_data:
        raise HubProblem("malformed_request", field="content-encoding")
    return plain


def read(body: bytes, of: type[T]) -> T:
    """The message in a request.

    Raises:
        HubProblem: ``malformed_request``; the content is never repeated.
    """
    try:
        return msgspec.json.decode(body, type=of)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HubProblem("malformed_request") from error


async def authenticated(
    hub: Hub,
    request: Request,
    body: bytes | None,
    *,
    any_age: bool = False,
    over: bool = False,
    revoked: bool = False,
) -> EnrolledDevice:
    """The counter that signed a request.

    Args:
        hub: whose counters count.
        request: what was asked.
        body: its content as sent, None where there is none.
        any_age: take a signature of any age, from whoever has to find out what time it is.
        over: take a certificate that is over.
        revoked: take a counter that was turned away, too.

    Raises:
        HubProblem: ``unknown_device``, ``bad_signature``, ``certificate_over``, ``revoked`` or
            ``too_many_requests``.
    """
    known = await run_in_threadpool(_authenticate, hub, _message(request), _signed(request, body))
    if not (known.signed_now or any_age):
        raise HubProblem("bad_signature")
    hub.requests.count(known.id)
    if known.revoked and not revoked:
        raise HubProblem("revoked")
    # Nobody renews the certificate of a counter that was turned away; what it offers is only kept for a person.
    if not over and not known.revoked and hub.now() >= known.certificate_ends:
        raise HubProblem("certificate_over")
    return known


def _authenticate(hub: Hub, message: Message, body: bytes | None) -> EnrolledDevice:
    found: list[EnrolledDevice] = []

    def public_key(device_id: str) -> bytes | None:
        known = devices.find(hub, device_id)
        if known is None:
            raise HubProblem("unknown_device")
        found.append(known)
        return known.public_key

    try:
        signed = verify(message, body, find=public_key, now=hub.now())
    except BadSignature as error:
        raise HubProblem("bad_signature") from error
    return replace(found[0], signed_now=signed.just_now)


def prove_key(hub: Hub, request: Request, body: bytes, asked: EnrolRequest) -> None:
    """Check that who wants to be enrolled owns the key, whatever its clock says.

    Raises:
        HubProblem: ``bad_signature``.
    """
    try:
        verify(
            _message(request),
            _signed(request, body),
            find=lambda key_id: asked.public_key if key_id == asked.device else None,
            now=hub.now(),
        )
    except BadSignature as error:
        raise HubProblem("bad_signature") from error


def _signed(request: Request, body: bytes | None) -> bytes | None:
    """What the signature must cover: no content needs no digest, but one that is told must hold."""
    return body if body or "content-digest" in request.headers else None


def _message(request: Request) -> Message:
    """The request as it was sent: the target undecoded, the authority of no matter."""
    target = request.scope["raw_path"].decode("ascii", "replace")
    query = request.scope["query_string"].decode("ascii", "replace")
    url = f"http://hub{target}?{query}" if query else f"http://hub{target}"
    return Message(request.method, url, dict(request.headers))
