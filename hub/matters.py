"""The calls by which people of the hub see what waits for them and decide it: as JSON, and from the console."""

from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub import refusals, requests, waiting
from hub.core import Hub
from hub.forms import fields_of
from hub.problems import HubProblem
from hub.users import check_token, checked
from sync.protocol.messages import Result, encode

JSON = "application/json"


class CaseDecision(msgspec.Struct, frozen=True):
    """What a person of the hub decided about an open question; ``resolution`` is a code."""

    case: str
    resolution: str


@dataclass(frozen=True, slots=True)
class _Form:
    """What the console's buttons send."""

    matter: str
    act: str
    token: str
    store: str
    """Whose refusals are looked at, empty for nobody's."""


def add_matters(app: FastAPI, hub: Hub) -> None:
    """Serve what waits, and take decisions."""
    _add_calls(app, hub)

    @app.post("/console/decide", include_in_schema=False)
    async def decide(request: Request) -> Response:
        by = await checked(hub, request)
        form = _form(await requests.sent(request))
        check_token(hub, by, form.token)
        said = {"said": await run_in_threadpool(_decide, hub, form, by)} | ({"store": form.store} if form.store else {})
        return RedirectResponse("/console?" + urlencode(said), status_code=303)


def _add_calls(app: FastAPI, hub: Hub) -> None:
    @app.get("/v1/waiting", response_class=Response, operation_id="waiting")
    async def listed(request: Request, store: str = "") -> Response:
        await checked(hub, request)
        return Response(encode(await run_in_threadpool(waiting.listed, hub, store=store)), media_type=JSON)

    @app.post("/v1/waiting/{command}/retry", response_class=Response, operation_id="retry")
    async def retry(request: Request, command: str) -> Response:
        by = await checked(hub, request)
        return Response(encode(await run_in_threadpool(_retry, hub, command, by)), media_type=JSON)

    @app.post("/v1/waiting/{command}/discard", response_class=Response, operation_id="discard", status_code=204)
    async def discard(request: Request, command: str) -> Response:
        by = await checked(hub, request)
        await run_in_threadpool(_discard, hub, command, by)
        return Response(status_code=204)

    @app.get("/v1/refused/{store}", response_class=Response, operation_id="refused")
    async def refused(request: Request, store: str) -> Response:
        await checked(hub, request)
        found = await run_in_threadpool(refusals.listed, hub, store)
        return Response(encode(found.rows), media_type=JSON)

    @app.post("/v1/refused/{command}/accept", response_class=Response, operation_id="accept", status_code=204)
    async def accept(request: Request, command: str) -> Response:
        by = await checked(hub, request)
        await run_in_threadpool(_accept, hub, command, by)
        return Response(status_code=204)

    @app.get("/v1/cases", response_class=Response, operation_id="cases")
    async def cases(request: Request, store: str = "") -> Response:
        await checked(hub, request)
        return Response(encode(await run_in_threadpool(waiting.open_cases, hub, store=store)), media_type=JSON)

    @app.post("/v1/cases/decide", response_class=Response, operation_id="decide_case")
    async def decide_case(request: Request) -> Response:
        by = await checked(hub, request)
        sent = requests.read(requests.content(request, await requests.sent(request)), CaseDecision)
        return Response(encode(await run_in_threadpool(_decide_case, hub, sent, by)), media_type=JSON)


def _retry(hub: Hub, command: str, by: str) -> Result:
    return waiting.retry(hub, command, by=by)


def _discard(hub: Hub, command: str, by: str) -> None:
    waiting.discard(hub, command, by=by)


def _accept(hub: Hub, command: str, by: str) -> None:
    refusals.accept(hub, command, by=by)


def _decide_case(hub: Hub, decision: CaseDecision, by: str) -> Result:
    return waiting.resolve_case(hub, decision.case, decision.resolution, by=by)


def _form(body: bytes) -> _Form:
    return _Form(**fields_of(body, {"matter", "act", "token", "store"}))


def _decide(hub: Hub, form: _Form, by: str) -> str:
    """Do what a button says; returns the code of what to tell."""
    try:
        match form.act:
            case "retry":
                return _retry(hub, form.matter, by).status.value
            case "discard":
                _discard(hub, form.matter, by)
                return "discarded"
            case "accept":
                _accept(hub, form.matter, by)
                return "decided"
            case "checked" | "corrected":
                waiting.resolve_case(hub, form.matter, form.act, by=by)
                return "decided"
            case _:
                raise HubProblem("malformed_request")
    except HubProblem as problem:
        if problem.problem.code not in {"not_waiting", "not_resolved"}:
            raise
        return problem.problem.code
