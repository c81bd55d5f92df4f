"""Plans of whole regions as jobs: who started which, how far it is, who works on it, and what came of it.

A job is a row of the database, so every process of the hub sees the same one. Whoever works on it says so again and
again; after `SILENCE` without a word another process begins it anew, which does no harm, because what has been
assigned already stays assigned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

import msgspec
import sqlalchemy as sa

from hub.core import Hub
from hub.database import Collision
from hub.problems import HubProblem
from hub.tables import region_job, state
from storeapp.codec import decode_state
from storeapp.domain.catalogue import Store
from storeapp.domain.kernel import Data
from storeapp.domain.recipe import Recipe
from sync.protocol.messages import encode

SILENCE = timedelta(seconds=15)
DEFAULT_BUDGET_S, MOST_BUDGET_S = 30, 300
LISTED = 50
_BRAND_ROWS = (state.c.kind == Store.KIND, sa.func.length(state.c.body) > 0)


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OVER = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED})


class Stage(StrEnum):
    """What a job is at."""

    WAITING = "waiting"
    READING = "reading"
    PLANNING = "planning"
    ASSIGNING = "assigning"
    OVER = "over"


class Progress(msgspec.Struct, frozen=True):
    """How far a job is. ``parts`` are searches: of the whole, of neighbourhoods, and of all after those."""

    stage: Stage = Stage.WAITING
    stores: int = 0
    guides: int = 0
    orders: int = 0
    planned: int = 0
    parts_done: int = 0
    parts: int = 0
    assigned: int = 0
    cost_fen: int = 0
    seconds: float = 0.0


class JobLeft(msgspec.Struct, frozen=True):
    """A delivery that nobody was given, and why: a stable code with the data that its words need."""

    delivery: str
    store: str
    code: str
    data: Data = {}


class JobOutcome(msgspec.Struct, frozen=True):
    """What came of a job: how many were assigned and lent, and each that was left or refused.

    ``refused`` are those that a counter, or a person, had decided otherwise in the meantime. With the stores' states of
    ``planned_at`` the plan is made again: by ``first``, of each store alone, and from there by ``searches``, each
    neighbourhood's and then that of all together.
    """

    assigned: int = 0
    lent: int = 0
    left: tuple[JobLeft, ...] = ()
    refused: tuple[JobLeft, ...] = ()
    code: str = ""
    """Why it failed."""
    planned_at: str = ""
    first: tuple[Recipe, ...] = ()
    searches: tuple[Recipe, ...] = ()


class RegionJob(msgspec.Struct, frozen=True):
    """A job as people see it."""

    id: str
    region: str
    state: JobState
    budget_s: int
    started_by: str
    started_at: str
    ended_at: str
    cancelled_by: str
    progress: Progress
    outcome: JobOutcome | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A region, its stores and its newest job."""

    name: str
    stores: tuple[str, ...]
    job: RegionJob | None


def stores_of(connection: sa.Connection, region: str | None = None) -> list[Store]:
    """The stores that belong to a region, or to any."""
    bodies = connection.scalars(sa.select(state.c.body).where(*_BRAND_ROWS).order_by(state.c.id))
    stores = [store for body in bodies if isinstance(store := decode_state(Store.KIND, body), Store)]
    return [store for store in stores if store.region and region in {None, store.region}]


def regions(hub: Hub) -> list[Region]:
    """Every region that a store belongs to."""
    with hub.db.reading() as connection:
        stores, rows = stores_of(connection), _newest(connection)
    found: dict[str, list[str]] = {}
    for store in stores:
        found.setdefault(store.region, []).append(store.id)
    return [Region(name, tuple(ids), rows.get(name)) for name, ids in sorted(found.items())]


def _newest(connection: sa.Connection) -> dict[str, RegionJob]:
    last = sa.select(region_job.c.region, sa.func.max(region_job.c.started_at).label("at"))
    newest = last.group_by(region_job.c.region).subquery()
    same = sa.and_(newest.c.region == region_job.c.region, newest.c.at == region_job.c.started_at)
    rows = connection.execute(sa.select(region_job).join(newest, same).order_by(region_job.c.id))
    return {row.region: _job(row) for row in rows}


def start(hub: Hub, region: str, *, by: str, budget_s: int = DEFAULT_BUDGET_S) -> RegionJob:
    """Let a region be planned; a process of the hub will do it.

    Raises:
        HubProblem: ``unknown_region``, ``malformed_request`` (data: field), or ``job_running`` (data: job).
    """
    if not 1 <= budget_s <= MOST_BUDGET_S:
        raise HubProblem("malformed_request", field="budget_s")
    row = {
        "id": uuid4().hex,
        "region": region,
        "state": JobState.WAITING.value,
        "budget_s": budget_s,
        "started_by": by,
        "started_at": hub.now().isoformat(),
        "progress": encode(Progress()),
    }
    try:
        with hub.db.writing() as connection:
            if not region or not stores_of(connection, region):
                raise HubProblem("unknown_region")
            running = _under_way(connection, region)
            if running:
                raise HubProblem("job_running", job=running)
            hub.db.insert(connection, region_job, [row])
    except Collision as error:
        with hub.db.reading() as connection:
            raise HubProblem("job_running", job=_under_way(connection, region) or "") from error
    hub.errands.set()
    return job(hub, str(row["id"]))


def _under_way(connection: sa.Connection, region: str) -> str | None:
    query = sa.select(region_job.c.id).where(region_job.c.region == region, region_job.c.state.not_in(OVER))
    found: str | None = connection.scalar(query)
    return found


def job(hub: Hub, job_id: str) -> RegionJob:
    """One job.

    Raises:
        HubProblem: ``unknown_job``.
    """
    with hub.db.reading() as connection:
        row = connection.execute(sa.select(region_job).where(region_job.c.id == _plain(job_id))).first()
    if row is None:
        raise HubProblem("unknown_job")
    return _job(row)


def jobs(hub: Hub) -> list[RegionJob]:
    """The newest jobs, the newest first, without what came of them in detail."""
    order = (region_job.c.started_at.desc(), region_job.c.id)
    with hub.db.reading() as connection:
        rows = connection.execute(sa.select(region_job).order_by(*order).limit(LISTED)).all()
    return [msgspec.structs.replace(_job(row), outcome=None) for row in rows]


def cancel(hub: Hub, job_id: str, *, by: str) -> RegionJob:
    """Let a job be; one that is under way ends within a second, and what it has assigned stays.

    Raises:
        HubProblem: ``unknown_job``, ``job_over``.
    """
    known = job(hub, job_id)
    columns, now = region_job.c, hub.now().isoformat()
    mine = columns.id == known.id
    waiting = sa.and_(mine, columns.state == JobState.WAITING.value)
    running = sa.and_(mine, columns.state == JobState.RUNNING.value)
    ended = {"state": JobState.CANCELLED.value, "ended_at": now, "cancelled_by": by, "outcome": encode(JobOutcome())}
    with hub.db.writing() as connection:
        done = connection.execute(sa.update(region_job).where(waiting).values(**ended)).rowcount
        done += connection.execute(sa.update(region_job).where(running).values(cancelled_by=by)).rowcount
    if not done:
        raise HubProblem("job_over")
    return job(hub, job_id)


# -- for who works on it


def take(hub: Hub, owner: str, *, job_id: str = "") -> RegionJob | None:
    """The oldest job that nobody works on, which is the owner's from now on; None where there is none.

    Args:
        hub: the hub.
        owner: who takes it.
        job_id: only this one.
    """
    columns, now = region_job.c, hub.now()
    forsaken = sa.and_(columns.state == JobState.RUNNING.value, columns.beat_at < (now - SILENCE).isoformat())
    free = sa.or_(columns.state == JobState.WAITING.value, forsaken)
    only = (columns.id == job_id,) if job_id else ()
    with hub.db.reading() as connection:
        found = connection.scalar(sa.select(columns.id).where(free, *only).order_by(columns.started_at).limit(1))
    if found is None:
        return None
    mine = {"state": JobState.RUNNING.value, "owner": owner, "beat_at": now.isoformat()}
    with hub.db.writing() as connection:
        # Whoever comes second finds it taken.
        taken = connection.execute(sa.update(region_job).where(columns.id == found, free).values(**mine)).rowcount
    return job(hub, found) if taken else None


def beat(hub: Hub, owner: str, job_id: str, progress: Progress) -> bool:
    """Say that the owner still works on it, and how far it is.

    Returns:
        Whether to go on: it is still the owner's, and nobody has cancelled it.
    """
    values = {"beat_at": hub.now().isoformat(), "progress": encode(progress)}
    with hub.db.writing() as connection:
        mine = connection.execute(sa.update(region_job).where(*_mine(owner, job_id)).values(**values)).rowcount
        query = sa.select(region_job.c.cancelled_by).where(region_job.c.id == job_id)
        return bool(mine) and not connection.scalar(query)


def give_back(hub: Hub, owner: str, job_id: str) -> None:
    """The owner ends; another process may begin anew."""
    free = {"state": JobState.WAITING.value, "owner": "", "progress": encode(Progress())}
    with hub.db.writing() as connection:
        connection.execute(sa.update(region_job).where(*_mine(owner, job_id)).values(**free))
    hub.errands.set()


def finish(hub: Hub, owner: str, job_id: str, ended: JobState, progress: Progress, outcome: JobOutcome) -> bool:
    """Write down what came of it; False where another process has taken it over meanwhile."""
    values = {
        "state": ended.value,
        "ended_at": hub.now().isoformat(),
        "progress": encode(progress),
        "outcome": encode(outcome),
    }
    with hub.db.writing() as connection:
        return bool(connection.execute(sa.update(region_job).where(*_mine(owner, job_id)).values(**values)).rowcount)


def _mine(owner: str, job_id: str) -> Iterable[sa.ColumnElement[bool]]:
    columns = region_job.c
    return columns.id == job_id, columns.owner == owner, columns.state == JobState.RUNNING.value


def _plain(text: str) -> str:
    """What no job is called becomes the name of none, so that no database chokes on it."""
    return text if text.isalnum() and text.isascii() else ""


_progress = msgspec.json.Decoder(Progress)
_outcome = msgspec.json.Decoder(JobOutcome)


def _job(row: Any) -> RegionJob:
    return RegionJob(
        id=row.id,
        region=row.region,
        state=JobState(row.state),
        budget_s=row.budget_s,
        started_by=row.started_by,
        started_at=row.started_at,
        ended_at=row.ended_at or "",
        cancelled_by=row.cancelled_by,
        progress=_progress.decode(row.progress),
        outcome=_outcome.decode(row.outcome) if row.outcome else None,
    )
