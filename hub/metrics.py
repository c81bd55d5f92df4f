"""Counts what the hub does, for Prometheus; nothing in it names a counter, a store or a person."""

import time
from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.protocol.messages import Result

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 35)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.requests = Counter(
            "storehub_requests", "Requests by call and status.", ["call", "status"], registry=registry
        )
        self.seconds = Histogram(
            "storehub_request_seconds", "How long calls take.", ["call"], buckets=SECONDS, registry=registry
        )
        self.commands = Counter("storehub_commands", "Commands by result.", ["result"], registry=registry)
        self.under_way = Gauge("storehub_requests_under_way", "Requests, long polls included.", registry=registry)
        self.waiting = Gauge("storehub_waiting_commands", "Commands that wait for a person.", registry=registry)
        self.last_backup = Gauge(
            "storehub_last_backup_timestamp_seconds", "When a backup was last verified, 0 for never.", registry=registry
        )

    def decided(self, results: list[Result]) -> None:
        """Count the answers of a batch."""
        for status, count in Tally([result.status for result in results]).items():
            self.commands.labels(status.value).inc(count)

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self._registry)


class Measured:
    """Counts and times every request of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.under_way.track_inprogress():
            try:
                await self._app(scope, receive, noting)
            finally:
                call = _call(scope)
                self._metrics.requests.labels(call, status).inc()
                self._metrics.seconds.labels(call).observe(time.perf_counter() - started)


def _call(scope: Scope) -> str:
    """The route's own name: a path holds ids, and whoever asks for nonsense must not make up labels."""
    route = scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "name", None) or "none"
