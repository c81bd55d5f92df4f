"""Supervisors let a region be planned, see how far it is and stop it, by the API and in the console."""

import re
from datetime import timedelta

import httpx
import pytest

from hub import jobs
from hub.core import Hub
from hub.jobs import JobOutcome, Progress, Stage
from hub.region_problem import SILENT
from hub.users import form_token
from tests.support.hubs import FakeCounter
from tests.support.regions import REGION, RegionOfStores, near


@pytest.fixture
def region(hub: Hub) -> RegionOfStores:
    made = RegionOfStores(hub, ["A", "B"])
    made.guides("A", "G1")
    return made


def press(client: httpx.Client, hub: Hub, act: str, **fields: str) -> httpx.Response:
    form = {"act": act, "region": REGION, "plan": "", "token": form_token(hub, "hq")} | fields
    return client.post("/console/regions", data=form, follow_redirects=True)


def test_a_plan_is_started_watched_and_stopped_by_the_api(client: httpx.Client, region: RegionOfStores) -> None:
    (listed,) = client.get("/v1/regions").json()
    assert (listed["name"], listed["stores"], listed["job"]) == (REGION, ["A", "B"], None)
    started = client.post("/v1/region-plans", json={"region": REGION, "budget_s": 20})
    assert (started.status_code, started.json()["state"], started.json()["budget_s"]) == (202, "waiting", 20)
    plan = started.json()["id"]
    again = client.post("/v1/region-plans", json={"region": REGION})
    assert (again.status_code, again.json()["code"], again.json()["data"]) == (409, "job_running", {"job": plan})
    jobs.take(region.hub, "here")
    jobs.beat(region.hub, "here", plan, Progress(Stage.PLANNING, parts_done=1, parts=4))
    now = client.get(f"/v1/region-plans/{plan}").json()
    assert (now["state"], now["progress"]["parts_done"], now["progress"]["parts"]) == ("running", 1, 4)
    assert client.post(f"/v1/region-plans/{plan}/cancel").json()["cancelled_by"] == "hq"
    assert not jobs.beat(region.hub, "here", plan, Progress())
    jobs.finish(region.hub, "here", plan, jobs.JobState.CANCELLED, Progress(), JobOutcome())
    assert client.post(f"/v1/region-plans/{plan}/cancel").json()["code"] == "job_over"
    assert [job["state"] for job in client.get("/v1/region-plans").json()] == ["cancelled"]


def test_what_is_wrong_is_told_by_its_code(client: httpx.Client, region: RegionOfStores) -> None:
    def code(answer: httpx.Response) -> tuple[int, str]:
        return answer.status_code, answer.json()["code"]

    assert code(client.post("/v1/region-plans", json={"region": "west"})) == (404, "unknown_region")
    assert code(client.post("/v1/region-plans", json={"region": REGION, "budget_s": 0})) == (400, "malformed_request")
    assert code(client.post("/v1/region-plans", json={})) == (400, "malformed_request")
    assert code(client.get("/v1/region-plans/none")) == (404, "unknown_job")
    assert code(client.get("/v1/region-plans/a%00b")) == (404, "unknown_job")
    assert code(client.post("/v1/region-plans/none/cancel")) == (404, "unknown_job")
    assert code(client.get("/v1/regions", auth=("hq", "wrong"))) == (401, "password_wrong")
    assert client.get("/console/regions", auth=("hq", "wrong")).status_code == 401


def test_the_console_starts_shows_and_stops_a_plan(client: httpx.Client, region: RegionOfStores) -> None:
    page = client.get("/console/regions").text
    assert "Never planned as one." in page
    assert "http-equiv" not in page
    page = press(client, region.hub, "plan").text
    assert "The plan was asked for." in page
    # It looks again by itself while something is under way, without a script.
    assert 'http-equiv="refresh"' in page
    assert "being planned already" in press(client, region.hub, "plan").text
    (plan,) = re.findall(r'name="plan" value="(\w+)"', page)
    assert "It is being stopped" in press(client, region.hub, "cancel", plan=plan).text
    assert "Stopped by hq" in client.get("/console/regions").text
    assert "It was over already" in press(client, region.hub, "cancel", plan=plan).text
    assert "No store belongs to this region" in press(client, region.hub, "plan", region="west").text


def test_the_console_says_what_was_left_and_why(client: httpx.Client, region: RegionOfStores) -> None:
    placeless = region.order("T1", store="A", at=None)
    region.order("T2", store="A", at=near(0, north_m=200))
    region.heard_of("B", region.hub.now() - SILENT - timedelta(seconds=1))
    region.order("T3", store="B", at=near(1))
    region.plan()
    page = client.get("/console/regions").text
    assert "Orders assigned: 1. Guides lent: 0." in page
    assert "Orders left: 2" in page
    assert placeless in page
    assert "Nobody knows where it goes" in page
    assert "Nothing was heard of the store" in page
    chinese = client.get("/console/regions", headers={"accept-language": "zh-CN"}).text
    assert "不知道送到哪里" in chinese


def test_a_form_of_somebody_else_plans_nothing(client: httpx.Client, region: RegionOfStores) -> None:
    assert press(client, region.hub, "plan", token="0" * 64).status_code == 401
    assert press(client, region.hub, "explode").status_code == 400
    assert client.post("/console/regions", content=b"\xff").status_code == 400
    assert client.post("/console/regions", data={"act": "plan"}).status_code == 400
    assert jobs.jobs(region.hub) == []


def test_a_hub_without_regions_says_how_to_name_one(client: httpx.Client, hub: Hub) -> None:
    FakeCounter(hub)
    assert "stores.csv" in client.get("/console/regions").text
    assert client.get("/v1/regions").json() == []
