"""The pages of the hub: the console of headquarters, and what a phone sees that opens the link of a slip."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hub import refusals, waiting
from hub.core import Hub
from hub.durability import last_backup
from hub.metrics import CONTENT_TYPE
from hub.problems import HubProblem
from hub.refusals import Refusals
from hub.tables import device, incarnation, state
from hub.users import checked, form_token
from hub.waiting import Waiting
from hub.wording import why
from storeapp.codec import decode_state
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.token import DIGITS, Parsed, read
from storeapp.i18n import LANGUAGES, Translator

CASES_SHOWN = 200
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
UNKNOWN = {"WWW-Authenticate": 'Basic realm="storehub", charset="UTF-8"'}
"""By which a browser asks its user for a name and a password."""
_pages = Environment(loader=PackageLoader("hub"), autoescape=select_autoescape())


@dataclass(frozen=True, slots=True)
class Matter:
    """One command that waits for a person, and what follows it."""

    first: Waiting
    followers: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the console shows."""

    stores: list[dict[str, Any]]
    devices: list[dict[str, Any]]
    cases: list[ExceptionCase]
    more_cases: int
    """How many older ones are not shown."""
    matters: list[Matter]
    more_waiting: int
    """How many newer commands wait that are not shown."""
    refused: list[Matter]
    """What was refused to the store that is looked at."""
    more_refused: int
    """How many older ones are not shown."""
    store: str
    """The store that is looked at, empty for none."""
    last_backup: str


def overview(hub: Hub, store: str = "") -> Overview:
    """Stores, counters and open questions, and what was refused to one store: no customer's data in any of them.

    Raises:
        HubProblem: ``unknown_store``.
    """
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
    opened = [
        {"id": s.id, "name": s.name, "region": s.region, "open": sum(c.store == s.id for c in cases)} for s in stores
    ]
    cases.sort(key=lambda case: case.opened_at, reverse=True)
    rows_waiting = waiting.listed(hub)
    refused = refusals.listed(hub, store) if store else Refusals([], 0)
    return Overview(
        opened,
        rows,
        cases[:CASES_SHOWN],
        len(cases[CASES_SHOWN:]),
        matters(rows_waiting),
        max(0, waiting.count(hub) - len(rows_waiting)),
        matters(refused.rows),
        refused.more,
        store,
        _last_backup(hub),
    )


def _last_backup(hub: Hub) -> str:
    with hub.db.reading() as connection:
        return last_backup(hub.db, connection)


def matters(rows: list[Waiting]) -> list[Matter]:
    """Each command that waits with those that follow it."""
    following: dict[str, list[Waiting]] = {}
    for row in rows:
        following.setdefault(row.root or row.id, []).append(row)
    return [Matter(found[0], tuple(found[1:])) for found in following.values()]


def _states(connection: sa.Connection, kind: str) -> list[Any]:
    bodies = connection.scalars(sa.select(state.c.body).where(state.c.kind == kind).order_by(state.c.id))
    return [decode_state(kind, body) for body in bodies if body]


def add_pages(app: FastAPI, hub: Hub) -> None:
    """Serve the pages."""

    @app.get("/console", response_class=HTMLResponse, include_in_schema=False)
    async def console(request: Request) -> Response:
        try:
            user = await checked(hub, request)
        except HubProblem as problem:
            return unknown(problem)
        store = request.query_params.get("store", "")
        view, token = await run_in_threadpool(overview, hub, store), form_token(hub, user)
        return page(request, "console.html", view=view, token=token, said=request.query_params.get("said", ""))

    @app.get("/{digits}", response_class=HTMLResponse, include_in_schema=False)
    async def slip(request: Request, digits: str) -> Response:
        # What the token stands for is told to nobody: a link is never a secret.
        if len(digits) != DIGITS or not isinstance(read(digits), Parsed):
            raise HubProblem("not_found")
        return page(request, "slip.html")


def unknown(problem: HubProblem) -> Response:
    """What a browser is told whose user we do not know.

    Raises:
        HubProblem: the one that is given, where a name and a password would not help.
    """
    if problem.problem.code != "password_wrong":
        raise problem
    return Response(status_code=401, headers=UNKNOWN)


def add_metrics(app: FastAPI, hub: Hub) -> None:
    """Tell Prometheus, which has a name and a password of its own, how it goes."""

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        await checked(hub, request)
        hub.metrics.waiting.set(await run_in_threadpool(waiting.count, hub))
        last = await run_in_threadpool(_last_backup, hub)
        hub.metrics.last_backup.set(datetime.fromisoformat(last).timestamp() if last else 0)
        return Response(hub.metrics.text(), media_type=CONTENT_TYPE)


def page(request: Request, name: str, **data: Any) -> Response:
    """A page in the reader's language."""
    words = Translator(_language(request.headers.get("accept-language", "")))
    body = _pages.get_template(name).render(
        t=words.text, has=words.has, why=partial(why, words), language=words.language.replace("_", "-"), **data
    )
    return HTMLResponse(body, headers=_HEADERS)


def _language(accepted: str) -> str:
    wanted = [part.partition(";")[0].strip().lower() for part in accepted.split(",")]
    first = next((tag for tag in wanted if tag[:2] in {"zh", "en"}), "zh")
    return LANGUAGES[0] if first.startswith("zh") else LANGUAGES[1]
