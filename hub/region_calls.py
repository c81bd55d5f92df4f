"""The calls by which supervisors let a region be planned, see how far it is and stop it: as JSON, and as a page."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub import jobs, requests
from hub.console import page, unknown
from hub.core import Hub
from hub.forms import fields_of
from hub.jobs import DEFAULT_BUDGET_S, MOST_BUDGET_S, OVER, Region, RegionJob
from hub.problems import HubProblem
from hub.users import check_token, checked, form_token
from sync.protocol.messages import encode

JSON = "application/json"
ACCEPTED = 202
REFRESH_S = 2
"""How often the page looks again while something is under way."""
MOST_REGION_CHARS = 200
_SAID = frozenset({"unknown_region", "unknown_job", "job_running", "job_over"})


class PlanRequest(msgspec.Struct, frozen=True):
    """Let a region be planned within a budget of seconds."""

    region: Annotated[str, msgspec.Meta(max_length=MOST_REGION_CHARS)]
    budget_s: Annotated[int, msgspec.Meta(ge=1, le=MOST_BUDGET_S)] = DEFAULT_BUDGET_S


def add_region_calls(app: FastAPI, hub: Hub) -> None:
    """Serve the regions and their plans."""
    _add_calls(app, hub)
    _add_pages(app, hub)


def _add_calls(app: FastAPI, hub: Hub) -> None:
    @app.get("/v1/regions", response_class=Response, operation_id="regions")
    async def regions(request: Request) -> Response:
        await checked(hub, request)
        return Response(encode(await run_in_threadpool(jobs.regions, hub)), media_type=JSON)

    @app.get("/v1/region-plans", response_class=Response, operation_id="region_plans")
    async def plans(request: Request) -> Response:
        await checked(hub, request)
        return Response(encode(await run_in_threadpool(jobs.jobs, hub)), media_type=JSON)

    @app.post("/v1/region-plans", response_class=Response, operation_id="plan_region", status_code=ACCEPTED)
    async def plan(request: Request) -> Response:
        by = await checked(hub, request)
        sent = requests.read(requests.content(request, await requests.sent(request)), PlanRequest)
        return Response(encode(await run_in_threadpool(_start, hub, sent, by)), ACCEPTED, media_type=JSON)

    @app.get("/v1/region-plans/{plan}", response_class=Response, operation_id="region_plan")
    async def one(request: Request, plan: str) -> Response:
        await checked(hub, request)
        return Response(encode(await run_in_threadpool(jobs.job, hub, plan)), media_type=JSON)

    @app.post("/v1/region-plans/{plan}/cancel", response_class=Response, operation_id="cancel_region_plan")
    async def cancel(request: Request, plan: str) -> Response:
        by = await checked(hub, request)
        return Response(encode(await run_in_threadpool(_cancel, hub, plan, by)), media_type=JSON)


def _start(hub: Hub, asked: PlanRequest, by: str) -> RegionJob:
    return jobs.start(hub, asked.region, by=by, budget_s=asked.budget_s)


def _cancel(hub: Hub, plan: str, by: str) -> RegionJob:
    return jobs.cancel(hub, plan, by=by)


def _add_pages(app: FastAPI, hub: Hub) -> None:
    @app.get("/console/regions", response_class=HTMLResponse, include_in_schema=False)
    async def shown(request: Request) -> Response:
        try:
            user = await checked(hub, request)
        except HubProblem as problem:
            return unknown(problem)
        found, token = await run_in_threadpool(jobs.regions, hub), form_token(hub, user)
        said = request.query_params.get("said", "")
        refresh = REFRESH_S if any(_under_way(region) for region in found) else 0
        return page(request, "regions.html", regions=found, token=token, said=said, refresh=refresh)

    @app.post("/console/regions", include_in_schema=False)
    async def decide(request: Request) -> Response:
        by = await checked(hub, request)
        form = fields_of(await requests.sent(request), {"region", "plan", "act", "token"})
        check_token(hub, by, form["token"])
        said = await run_in_threadpool(_act, hub, form, by)
        return RedirectResponse("/console/regions?" + urlencode({"said": said}), status_code=303)


def _under_way(region: Region) -> bool:
    return region.job is not None and region.job.state not in OVER


def _act(hub: Hub, form: dict[str, str], by: str) -> str:
    """Do what a button says; returns the code of what to tell."""
    try:
        match form["act"]:
            case "plan":
                jobs.start(hub, form["region"], by=by)
                return "started"
            case "cancel":
                jobs.cancel(hub, form["plan"], by=by)
                return "cancelled"
            case _:
                raise HubProblem("malformed_request")
    except HubProblem as problem:
        if problem.problem.code not in _SAID:
            raise
        return problem.problem.code
