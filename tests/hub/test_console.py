"""People of the hub see what waits in the console, and decide it by its buttons."""

import re

import httpx
import pytest

from hub import console, waiting
from hub.core import Hub
from hub.durability import remember
from hub.users import form_token
from storeapp.domain.delivery import Proof
from storeapp.domain.order import order_id
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.words import Platform
from sync.protocol.messages import WireCommand
from tests.support.hubs import FakeCounter, stock

DELIVERY = f"{order_id(Platform.TABLE, 'T1')}-1"


@pytest.fixture
def parked(hub: Hub) -> WireCommand:
    """A command of a newer counter, and one that hangs on it."""
    counter = FakeCounter(hub)
    unknown = counter.wire(stock(), kind="of.tomorrow")
    counter.send(unknown, counter.wire(AssignDelivery(DELIVERY, "G01", 0), needs=(unknown.id,)))
    return unknown


def press(client: httpx.Client, hub: Hub, matter: str, act: str, **changes: str) -> httpx.Response:
    form = {"matter": matter, "act": act, "token": form_token(hub, "hq"), "store": ""} | changes
    return client.post("/console/decide", data=form, follow_redirects=True)


def test_a_matter_is_shown_with_what_hangs_on_it_and_discarded_by_a_button(
    client: httpx.Client, hub: Hub, parked: WireCommand
) -> None:
    page = client.get("/console").text
    assert "does not know it" in page
    assert "1 step hangs on it" in page
    assert "assigning" in page
    # The page brings everything that its own buttons send.
    (form,) = re.findall(r"<form.*?value=\"discard\"", page, re.DOTALL)
    assert parked.id in form
    assert form_token(hub, "hq") in form
    assert "It was discarded." in press(client, hub, parked.id, "discard").text
    assert "on it and go" not in client.get("/console").text
    assert "Somebody else has decided it already." in press(client, hub, parked.id, "discard").text


def test_what_still_cannot_be_decided_waits_on(client: httpx.Client, hub: Hub, parked: WireCommand) -> None:
    assert "waits on" in press(client, hub, parked.id, "retry").text
    assert parked.id in client.get("/console").text


def test_a_form_of_somebody_else_changes_nothing(client: httpx.Client, hub: Hub, parked: WireCommand) -> None:
    assert press(client, hub, parked.id, "discard", token="0" * 64).status_code == 401
    assert press(client, hub, parked.id, "explode").status_code == 400
    assert client.post("/console/decide", content=b"\xff").status_code == 400
    assert client.post("/console/decide", data={"matter": parked.id}).status_code == 400
    assert client.post("/console/decide", auth=("hq", "wrong")).status_code == 401
    assert parked.id in client.get("/console").text


def test_a_discrepancy_is_listed_and_decided(client: httpx.Client, hub: Hub) -> None:
    FakeCounter(hub).do(HandOver(DELIVERY, 1, "G01", Proof.TOKEN))
    (case,) = client.get("/v1/cases").json()
    assert (case["code"], case["opened_where"]) == ("unknown_delivery", "dev-1")
    assert "Somebody recorded a delivery" in client.get("/console").text
    assert "It was settled." in press(client, hub, case["id"], "checked").text
    assert client.get("/v1/cases").json() == []
    decided = client.post("/v1/cases/decide", json={"case": case["id"], "resolution": "checked"})
    assert decided.json()["code"] == "not_waiting"
    assert client.post("/v1/cases/decide", json={"case": "x", "resolution": "Not a code!"}).status_code == 400


def test_it_says_when_a_backup_was_last_verified(client: httpx.Client, hub: Hub) -> None:
    assert "No backup was ever verified" in client.get("/console").text
    assert "storehub_last_backup_timestamp_seconds 0.0" in client.get("/metrics").text
    remember(hub.db, [], now=hub.now())
    assert f"Last verified backup: {hub.now():%Y-%m-%d %H:%M}" in client.get("/console").text
    assert "storehub_last_backup_timestamp_seconds 1.7" in client.get("/metrics").text


def test_the_api_decides_a_case(client: httpx.Client, hub: Hub) -> None:
    FakeCounter(hub).do(HandOver(DELIVERY, 1, "G01", Proof.TOKEN))
    (case,) = client.get("/v1/cases").json()
    decided = client.post("/v1/cases/decide", json={"case": case["id"], "resolution": "corrected"})
    assert decided.json()["status"] == "applied"


def test_it_says_how_much_is_not_shown(
    client: httpx.Client, hub: Hub, parked: WireCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may take the oldest for all there are."""
    FakeCounter(hub, device="dev-3").do(HandOver(DELIVERY, 1, "G01", Proof.TOKEN))
    page = client.get("/console").text
    assert "more command" not in page
    assert "older question" not in page
    monkeypatch.setattr(waiting, "LISTED", 1)
    monkeypatch.setattr(console, "CASES_SHOWN", 0)
    page = client.get("/console").text
    assert "1 more command waits" in page
    assert "1 older question is open" in page
