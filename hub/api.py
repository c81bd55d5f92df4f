"""The hub over HTTP: the calls that counters make, as one FastAPI application."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub import certificates, decisions, devices, feeds, quarantine, requests
from hub.console import add_metrics, add_pages
from hub.core import Hub
from hub.database import DatabaseBusy, Unstorable
from hub.feeds import Reader
from hub.matters import add_matters
from hub.metrics import Measured
from hub.migrate import is_current
from hub.moments import is_sound
from hub.openapi import describe
from hub.problems import HubProblem
from hub.region_calls import add_region_calls
from hub.streams import PatientStream
from storeapp import __version__
from sync.protocol import messages
from sync.protocol.gzipping import gzipped
from sync.protocol.messages import CommandBatch, EnrolRequest, Hello, Problem, RenewReply, encode

RETRY_AFTER_S = 5
ZIP_FROM_BYTES = 1000
JSON = "application/json"
_log = logging.getLogger(__name__)
_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}


def create_app(hub: Hub) -> FastAPI:
    """The application over an open hub; the caller closes the hub."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        hub.bell.attach(asyncio.get_running_loop())
        yield
        hub.bell.detach()

    app = FastAPI(
        title="storehub",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # A signature covers the path: a request for another one would not hold there.
        redirect_slashes=False,
    )
    _handle_problems(app)
    _add_calls(app, hub)
    _add_health(app, hub)
    add_matters(app, hub)
    add_region_calls(app, hub)
    add_metrics(app, hub)
    add_pages(app, hub)
    describe(app)
    app.add_middleware(Measured, metrics=hub.metrics)
    return app


def _handle_problems(app: FastAPI) -> None:
    async def known(_request: Request, error: Exception) -> Response:
        problem = error.problem if isinstance(error, HubProblem) else HubProblem("failed").problem
        wait_s = problem.data.get("seconds")
        return _problem(problem, {"Retry-After": str(wait_s)} if wait_s else None)

    async def busy(_request: Request, error: Exception) -> Response:
        cause = error.__cause__
        # Such as SQLITE_FULL: who runs the hub must know whether it is busy or its disk is full.
        name = getattr(getattr(cause, "orig", None), "sqlite_errorname", "")
        _log.warning("the database did not answer: %s", " ".join(filter(None, (type(cause).__name__, name))))
        return _problem(HubProblem("busy").problem, {"Retry-After": str(RETRY_AFTER_S)})

    async def by_status(_request: Request, error: Exception) -> Response:
        status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
        # Such as which methods are allowed.
        return _problem(HubProblem(_BY_STATUS.get(status, "malformed_request")).problem, headers)

    async def malformed(_request: Request, _error: Exception) -> Response:
        return _problem(HubProblem("malformed_request").problem)

    async def failed(request: Request, error: Exception) -> Response:
        _log.error("%s %s failed: %s", request.method, request.scope.get("route"), type(error).__name__)
        return _problem(HubProblem("failed").problem)

    handlers: dict[type[Exception], Callable[[Request, Exception], Any]] = {
        HubProblem: known,
        DatabaseBusy: busy,
        HTTPException: by_status,
        RequestValidationError: malformed,
        Unstorable: malformed,
        Exception: failed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _problem(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encode(problem), problem.status, headers, media_type=messages.PROBLEM)


def _json(request: Request, body: bytes) -> Response:
    headers = {"Vary": "Accept-Encoding"}
    if len(body) >= ZIP_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzipped(body)
    return Response(body, 200, headers, media_type=JSON)


def _add_calls(app: FastAPI, hub: Hub) -> None:
    @app.post(messages.ENROL, response_class=Response, operation_id="enrol")
    async def enrol(request: Request) -> Response:
        hub.enrolments.count(request.client.host if request.client else "")
        body = await requests.sent(request)
        asked = requests.read(requests.content(request, body), EnrolRequest)
        requests.prove_key(hub, request, body, asked)
        return _json(request, encode(await run_in_threadpool(devices.enrol, hub, asked)))

    @app.post(messages.HELLO, response_class=Response, operation_id="hello")
    async def hello(request: Request, device: str) -> Response:
        body = await requests.sent(request)
        known = await requests.authenticated(hub, request, body, any_age=True, over=True, revoked=True)
        if known.id != device:
            raise HubProblem("bad_signature")
        message = requests.read(requests.content(request, body), Hello)
        return _json(request, encode(await run_in_threadpool(devices.hello, hub, known, message)))

    @app.post(messages.RENEW, response_class=Response, operation_id="renew")
    async def renew(request: Request, device: str) -> Response:
        body = await requests.sent(request)
        known = await requests.authenticated(hub, request, body, over=True)
        if known.id != device:
            raise HubProblem("bad_signature")
        return _json(request, encode(RenewReply(await run_in_threadpool(certificates.renew, hub, known.id))))

    @app.post(messages.COMMANDS, response_class=Response, operation_id="commands")
    async def commands(request: Request) -> Response:
        body = await requests.sent(request)
        known = await requests.authenticated(hub, request, body, revoked=True)

        def reply() -> Response:
            # All of it on a thread: to unpack and to pack so much takes long enough to keep others waiting.
            return _json(request, _decide(hub, known, requests.content(request, body)))

        return await run_in_threadpool(reply)

    @app.get(messages.CHANGES, response_class=Response, operation_id="changes")
    async def changes(
        request: Request,
        feed: str,
        epoch: str,
        after: Annotated[int, Query(ge=0)],
        limit: Annotated[int, Query(ge=1, le=messages.MAX_PAGE_ROWS)] = messages.MAX_PAGE_ROWS,
        wait: Annotated[float, Query(ge=0, le=messages.MAX_WAIT_S)] = 0,
        since: Annotated[int, Query(ge=0)] = 0,
        boxed: bool = False,
    ) -> Response:
        known = await requests.authenticated(hub, request, None)
        reader = Reader(known.store, known.transport_key, boxed)

        def page() -> Response | None:
            found = feeds.changes(hub, reader, feed=feed, epoch=epoch, after=after, limit=limit, since=since)
            if found.upto <= after:
                return None
            reply = _json(request, encode(found))
            reply.headers[messages.UPTO], reply.headers[messages.LAST] = str(found.upto), str(found.last)
            return reply

        with hub.bell.listen(feed) as ear:
            found = await run_in_threadpool(page)
            if found is None and wait and await ear.heard(wait):
                found = await run_in_threadpool(page)
        return found or Response(status_code=304)

    @app.get(messages.SNAPSHOT, response_class=Response, operation_id="snapshot")
    async def snapshot(
        request: Request,
        feed: str,
        epoch: str = "",
        after: Annotated[int, Query(ge=0)] = 0,
        since: Annotated[int, Query(ge=0)] = 0,
        boxed: bool = False,
    ) -> Response:
        known = await requests.authenticated(hub, request, None)
        reader = Reader(known.store, known.transport_key, boxed)
        asked = partial(feeds.snapshot, hub, reader, feed=feed, epoch=epoch, after=after, since=since)
        end = hub.streams.begin(known.id)
        try:
            pieces = await run_in_threadpool(asked)
        except BaseException:
            end()
            raise
        return PatientStream(pieces, end, {"Content-Encoding": "gzip"}, messages.NDJSON)


def _decide(hub: Hub, known: devices.EnrolledDevice, content: bytes) -> bytes:
    batch = requests.read(content, CommandBatch)
    if len(batch.commands) > messages.MAX_BATCH_COMMANDS:
        raise HubProblem("request_too_large", most=messages.MAX_BATCH_COMMANDS)
    if not messages.are_ids([command.id for command in batch.commands]):
        raise HubProblem("malformed_request", field="id")
    if not all(is_sound(command.at) for command in batch.commands):
        raise HubProblem("malformed_request", field="at")
    if known.revoked:
        raise HubProblem("revoked", kept=quarantine.keep(hub, known.sender, batch))
    reply = decisions.decide(hub, known.sender, batch)
    hub.metrics.decided(reply.results)
    return encode(reply)


def _add_health(app: FastAPI, hub: Hub) -> None:
    @app.get("/healthz", operation_id="health")
    async def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok", "version": __version__}

    @app.get("/readyz", operation_id="ready")
    async def ready() -> dict[str, str]:
        """Whether the database answers and has the right schema."""
        if not await run_in_threadpool(is_current, hub.db):
            raise HubProblem("busy")
        return {"status": "ready"}
