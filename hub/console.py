"""The pages of the hub: the console of headquarters, and what a phone sees that opens the link of a slip."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hub import waiting
from hub.core import Hub
from hub.metrics import CONTENT_TYPE
from hub.problems import HubProblem
from hub.tables import console_user, device, incarnation, parked, state
from storeapp.codec import decode_state
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.token import DIGITS, Parsed, read
from storeapp.i18n import LANGUAGES, Translator
from sync.protocol.messages import encode

COST = {"n": 1 << 14, "r": 8, "p": 1, "maxmem": 1 << 26}
PASSWORD_MINIMUM = 12
CASES_SHOWN = 200
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_pages = Environment(loader=PackageLoader("hub"), autoescape=select_autoescape())


def add_user(hub: Hub, name: str, password: str) -> None:
    """Let somebody read the console; a name that exists gets the new password.

    Raises:
        HubProblem: ``password_short``.
    """
    if len(password) < PASSWORD_MINIMUM:
        raise HubProblem("password_short", minimum=PASSWORD_MINIMUM)
    salt = os.urandom(16)
    row = {"name": name, "salt": salt, "verifier": _stretched(password, salt)}
    with hub.db.writing() as connection:
        hub.db.put(connection, console_user, [row])


def _stretched(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **COST)


def _is_user(hub: Hub, header: str) -> bool:
    try:
        name, _, password = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except ValueError:
        return False
    with hub.db.reading() as connection:
        found = connection.execute(sa.select(console_user).where(console_user.c.name == name)).first()
    # An unknown name takes as long as a wrong password.
    salt, verifier = (found.salt, found.verifier) if found else (b"\0" * 16, b"")
    return hmac.compare_digest(_stretched(password, salt), verifier)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the console shows."""

    stores: list[dict[str, Any]]
    devices: list[dict[str, Any]]
    cases: list[ExceptionCase]
    parked: int


def overview(hub: Hub) -> Overview:
    """Stores, counters and open questions, with no customer's data in any of them."""
    with hub.db.reading() as connection:
        stores = _states(connection, "store")
        cases = [case for case in _states(connection, ExceptionCase.KIND) if case.open]
        counters = connection.execute(
            sa.select(device, sa.func.max(incarnation.c.last_seq).label("last_seq"))
            .outerjoin(incarnation, incarnation.c.device == device.c.id)
            .group_by(*device.c)
            .order_by(device.c.store, device.c.id)
        )
        rows = [dict(row._mapping) for row in counters]  # noqa: SLF001 -- SQLAlchemy's public name for a row's mapping
        waiting = connection.scalar(sa.select(sa.func.count()).select_from(parked)) or 0
    opened = [{"id": s.id, "name": s.name, "open": sum(c.store == s.id for c in cases)} for s in stores]
    cases.sort(key=lambda case: case.opened_at, reverse=True)
    return Overview(opened, rows, cases[:CASES_SHOWN], waiting)


def _states(connection: sa.Connection, kind: str) -> list[Any]:
    bodies = connection.scalars(sa.select(state.c.body).where(state.c.kind == kind).order_by(state.c.id))
    return [decode_state(kind, body) for body in bodies if body]


def add_pages(app: FastAPI, hub: Hub) -> None:
    """Serve the pages."""

    @app.get("/console", response_class=HTMLResponse, include_in_schema=False)
    async def console(request: Request) -> Response:
        if not await run_in_threadpool(_is_user, hub, request.headers.get("authorization", "")):
            return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="storehub", charset="UTF-8"'})
        return _page(request, "console.html", view=await run_in_threadpool(overview, hub))

    @app.get("/{digits}", response_class=HTMLResponse, include_in_schema=False)
    async def slip(request: Request, digits: str) -> Response:
        # What the token stands for is told to nobody: a link is never a secret.
        if len(digits) != DIGITS or not isinstance(read(digits), Parsed):
            raise HubProblem("not_found")
        return _page(request, "slip.html")


def _user(request: Request) -> str:
    """Who asks, once the password has been checked."""
    header = request.headers.get("authorization", "")
    return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[0]


def add_waiting(app: FastAPI, hub: Hub) -> None:
    """Let people of the hub look at what waits for them, and decide it."""

    async def checked(request: Request) -> str:
        if not await run_in_threadpool(_is_user, hub, request.headers.get("authorization", "")):
            raise HubProblem("password_wrong")
        # A browser sends the password by itself, even where the page of another site asks it to.
        if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            raise HubProblem("password_wrong")
        return _user(request)

    @app.get("/v1/waiting", response_class=Response, operation_id="waiting")
    async def listed(request: Request) -> Response:
        await checked(request)
        return Response(encode(await run_in_threadpool(waiting.listed, hub)), media_type="application/json")

    @app.post("/v1/waiting/{command}/retry", response_class=Response, operation_id="retry")
    async def retry(request: Request, command: str) -> Response:
        by = await checked(request)
        result = await run_in_threadpool(waiting.retry, hub, command, by=by)
        return Response(encode(result), media_type="application/json")

    @app.post("/v1/waiting/{command}/discard", response_class=Response, operation_id="discard", status_code=204)
    async def discard(request: Request, command: str) -> Response:
        by = await checked(request)
        await run_in_threadpool(waiting.discard, hub, command, by=by)
        return Response(status_code=204)


def add_metrics(app: FastAPI, hub: Hub) -> None:
    """Tell Prometheus, which has a name and a password of its own, how it goes."""

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if not await run_in_threadpool(_is_user, hub, request.headers.get("authorization", "")):
            raise HubProblem("password_wrong")
        hub.metrics.waiting.set(await run_in_threadpool(waiting.count, hub))
        return Response(hub.metrics.text(), media_type=CONTENT_TYPE)


def _page(request: Request, name: str, **data: Any) -> Response:
    words = Translator(_language(request.headers.get("accept-language", "")))
    body = _pages.get_template(name).render(t=words.text, language=words.language.replace("_", "-"), **data)
    return HTMLResponse(body, headers=_HEADERS)


def _language(accepted: str) -> str:
    wanted = [part.partition(";")[0].strip().lower() for part in accepted.split(",")]
    first = next((tag for tag in wanted if tag[:2] in {"zh", "en"}), "zh")
    return LANGUAGES[0] if first.startswith("zh") else LANGUAGES[1]
