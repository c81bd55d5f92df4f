"""Serving processes plan regions in the background: searches run beside them, and a dead one's job is taken over."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from hub import jobs
from hub.__main__ import main
from hub.core import Hub
from hub.jobs import JobState, Stage
from hub.users import add_user
from storeapp.domain.moment import STORE_ZONE
from tests.support.databases import Postgres
from tests.support.hubs import make_hub
from tests.support.hubserver import HubProcess, free_port
from tests.support.regions import REGION, RegionOfStores, near

AUTH = ("hq", "a long password")
ORDERS = 30


def now() -> datetime:
    return datetime.now(UTC)


def from_now() -> tuple[int, int]:
    """Hours of work that have begun, and end long after this test: a day would end at midnight, perhaps in a minute."""
    hour = now().astimezone(STORE_ZONE).hour
    return hour, (hour + 6) % 24


@pytest.fixture
def region(tmp_path: Path, database: str) -> Iterator[RegionOfStores]:
    """Three stores with two guides in two of them, as of today."""
    hub = make_hub(tmp_path / "hub", url=database, now=now)  # type: ignore[arg-type]  # a clock that nobody turns
    add_user(hub, *AUTH)
    made = RegionOfStores(hub, ["A", "B", "C"])
    made.guides("A", "G1", "G2", hours=from_now())
    made.guides("B", "G3", "G4", hours=from_now())
    for n in range(ORDERS):
        made.order(f"T{n}", store="ABC"[n % 3], at=near(n % 3, north_m=40 * n))
    yield made
    hub.close()


def until(ask: Callable[[], Any]) -> Any:
    """What a condition gives, once it gives anything."""
    pause = Event()
    while not (found := ask()):
        pause.wait(0.1)
    return found


def over(hub: Hub, plan: str) -> jobs.RegionJob | None:
    job = jobs.job(hub, plan)
    return job if job.state in jobs.OVER else None


def check(region: RegionOfStores, job: jobs.RegionJob) -> None:
    """Everything is accounted for, and nothing was assigned twice."""
    assert job.outcome is not None
    assert (job.state, job.outcome.refused) == (JobState.DONE, ())
    assert job.outcome.assigned + len(job.outcome.left) == job.progress.orders
    given = [region.delivery(key) for key in region.placed if region.delivery(key).guide]
    assert all(each.assignments == 1 for each in given)


def test_a_serving_hub_plans_and_answers_meanwhile(tmp_path: Path, region: RegionOfStores, database: str) -> None:
    port = free_port()
    process = HubProcess(tmp_path / "hub", port, database=database)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=AUTH, timeout=60) as client:
            plan = client.post("/v1/region-plans", json={"region": REGION, "budget_s": 3}).json()["id"]

            def answered() -> dict[str, Any] | None:
                assert client.get("/readyz").status_code == 200
                found: dict[str, Any] = client.get(f"/v1/region-plans/{plan}").json()
                return found if found["state"] in jobs.OVER else None

            done = until(answered)
    finally:
        process.stop()
    assert (done["state"], done["progress"]["parts_done"]) == ("done", done["progress"]["parts"])
    assert done["progress"]["parts"] >= 1
    check(region, jobs.job(region.hub, plan))
    assert {region.delivery(key).guide for key in region.placed if region.delivery(key).store == "C"} - {""}


def test_a_hub_that_is_stopped_gives_its_job_to_another(tmp_path: Path, region: RegionOfStores, database: str) -> None:
    plan = jobs.start(region.hub, REGION, by="hq", budget_s=300).id
    process = HubProcess(tmp_path / "hub", free_port(), database=database)
    until(lambda: jobs.job(region.hub, plan).progress.stage is Stage.PLANNING)
    process.stop()
    assert jobs.job(region.hub, plan).state is JobState.WAITING
    assert jobs.cancel(region.hub, plan, by="hq").state is JobState.CANCELLED


def test_the_job_of_a_killed_process_is_done_by_another(tmp_path: Path, postgres: Postgres) -> None:
    url = postgres.fresh()
    hub = make_hub(tmp_path / "hub", url=url, now=now)  # type: ignore[arg-type]  # a clock that nobody turns
    region = RegionOfStores(hub, ["A", "B"])
    region.guides("A", "G1", hours=from_now())
    for n in range(6):
        region.order(f"T{n}", store="AB"[n % 2], at=near(n % 2, north_m=100 * n))
    plan = jobs.start(hub, REGION, by="hq", budget_s=4).id
    first = HubProcess(tmp_path / "hub", free_port(), database=url)
    until(lambda: jobs.job(hub, plan).progress.stage is Stage.PLANNING)
    first.kill()
    assert jobs.job(hub, plan).state is JobState.RUNNING
    second = HubProcess(tmp_path / "hub", free_port(), database=url)
    try:
        check(region, until(lambda: over(hub, plan)))
    finally:
        second.stop()
        hub.close()
    postgres.drop(url)


def test_a_region_is_planned_from_the_command_line(
    tmp_path: Path, region: RegionOfStores, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "hub"), "--database", database]
    assert main([*home, "regions"]) == 0
    assert '"stores": ["A", "B", "C"]' in capsys.readouterr().out
    assert main([*home, "region-plan", REGION, "--budget", "2"]) == 0
    said = capsys.readouterr()
    assert '"state": "done"' in said.out
    # On a busy machine the log may say between these that a search was late.
    stages = [line.split()[0] for line in said.err.splitlines() if not line.startswith("{")]
    assert (stages[0], stages[-1]) == ("reading", "over")
    (job,) = jobs.jobs(region.hub)
    check(region, jobs.job(region.hub, job.id))
    assert main([*home, "region-show", job.id]) == 0
    assert '"assigned": ' in capsys.readouterr().out
    assert main([*home, "region-plan", REGION, "--later"]) == 0
    later = jobs.jobs(region.hub)[0]
    assert main([*home, "region-plan", REGION]) == 1
    assert main([*home, "region-cancel", later.id]) == 0
    capsys.readouterr()
    for arguments, code in (
        (["region-cancel", later.id], "job_over"),
        (["region-show", "none"], "unknown_job"),
        (["region-plan", "west"], "unknown_region"),
        (["region-plan", REGION, "--budget", "0"], "malformed_request"),
    ):
        assert main([*home, *arguments]) == 1
        assert code in capsys.readouterr().err
