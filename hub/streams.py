"""Sends long replies piece by piece, and waits for nobody who does not take them.

A snapshot holds a connection to the database until its last piece has gone. Whoever asks for many and reads none,
be it an attacker or a line that is dead without saying so, would take the hub away from all others.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from hub.problems import HubProblem

MOST_AT_ONCE = 3
"""A counter needs one; what it asked for before its line was cut may not have noticed yet."""
STALL_S = 60.0
"""How long one part of a piece may take to go; with what the server holds back, that is a kilobyte a second."""
PART_BYTES = 1 << 14
_log = logging.getLogger(__name__)


class AtOnce:
    """So many long replies at once for each; every process of a hub counts for itself. Use it in one event loop."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._under_way: Counter[str] = Counter()

    def begin(self, who: str) -> Callable[[], None]:
        """Take one; returns what gives it back.

        Raises:
            HubProblem: ``too_many_requests`` with the seconds to wait.
        """
        if self._under_way[who] >= self._most:
            raise HubProblem("too_many_requests", seconds=round(STALL_S))
        self._under_way[who] += 1

        def end() -> None:
            self._under_way[who] -= 1
            if not self._under_way[who]:
                del self._under_way[who]

        return end


class PatientStream(StreamingResponse):
    """A long reply that ends early where its reader has stopped reading; then ``end`` is called, too."""

    def __init__(
        self,
        pieces: Generator[bytes, None, None],
        end: Callable[[], None],
        headers: Mapping[str, str],
        media_type: str,
    ) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._pieces = pieces
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; whatever becomes of it, its connection to the database is given back."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()
            with suppress(asyncio.CancelledError):
                await run_in_threadpool(self._pieces.close)

    async def stream_response(self, send: Send) -> None:
        """Send all pieces, as long as they are taken."""

        async def patiently(message: Message) -> None:
            body = message.get("body", b"")
            # A slow line takes a whole piece in no such time, and is not dead.
            for start in range(0, len(body) - PART_BYTES, PART_BYTES):
                part = {**message, "body": body[start : start + PART_BYTES], "more_body": True}
                await asyncio.wait_for(send(part), STALL_S)
            if body:
                message = {**message, "body": body[(len(body) - 1) // PART_BYTES * PART_BYTES :]}
            await asyncio.wait_for(send(message), STALL_S)

        try:
            await super().stream_response(patiently)
        except TimeoutError:
            _log.warning("a long reply was not read to its end")
