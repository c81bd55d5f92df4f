"""What a rule refused waits until somebody has taken note of it: at the store, or at headquarters."""

import httpx
import pytest

from hub import refusals
from hub.core import Hub
from hub.problems import HubProblem
from hub.users import form_token
from storeapp.domain.order import order_id
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.words import Platform
from sync.protocol.messages import WireCommand
from tests.support.hubs import FakeCounter, a_guide, an_order, stock

DELIVERY = f"{order_id(Platform.TABLE, 'T1')}-1"


def refuse(counter: FakeCounter) -> tuple[WireCommand, WireCommand]:
    """An assignment that lost a race, and one that falls with it."""
    counter.do(stock(), a_guide("G01"), an_order("T1"), AssignDelivery(DELIVERY, "G01", 0))
    lost = counter.wire(AssignDelivery(DELIVERY, "G01", 0))
    after = counter.wire(AssignDelivery(DELIVERY, "G01", 5), needs=(lost.id,))
    assert [result.status for result in counter.send(lost, after).results] == ["refused", "refused"]
    return lost, after


def test_a_refusal_is_listed_with_what_fell_with_it_and_let_stand_once(hub: Hub) -> None:
    counter = FakeCounter(hub)
    assert refusals.listed(hub, "XH") == ([], 0)
    lost, after = refuse(counter)
    first, second = refusals.listed(hub, "XH").rows
    assert (first.id, first.store, first.device, first.root) == (lost.id, "XH", "dev-1", "")
    assert (second.id, second.root, second.code) == (after.id, lost.id, "needs_refused")
    assert refusals.accept(hub, lost.id, by="hq") == "XH"
    assert refusals.listed(hub, "XH") == ([], 0)
    with pytest.raises(HubProblem, match="not_waiting"):
        refusals.accept(hub, lost.id, by="hq")


def test_what_fell_with_another_is_not_decided_by_itself_and_asking_leaves_nothing_behind(hub: Hub) -> None:
    _, after = refuse(FakeCounter(hub))
    with pytest.raises(HubProblem) as raised:
        refusals.accept(hub, after.id, by="hq")
    assert raised.value.problem.code == "not_resolved"
    assert len(refusals.listed(hub, "XH").rows) == 2


def test_the_newest_comes_first_and_nobody_is_told_more_than_a_page(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = FakeCounter(hub)
    lost, after = refuse(counter)
    later = counter.wire(AssignDelivery(DELIVERY, "G01", 0))
    counter.send(later)
    rows, more = refusals.listed(hub, "XH")
    assert more == 0
    assert {row.id for row in rows} == {lost.id, after.id, later.id}
    assert [row.id for row in rows].index(after.id) == [row.id for row in rows].index(lost.id) + 1
    for most in (1, 2):
        monkeypatch.setattr(refusals, "LISTED", most)
        found = refusals.listed(hub, "XH")
        # A matter is shown with all that fell with it, or not at all.
        assert {row.root or row.id for row in found.rows} <= {row.id for row in found.rows}
        assert len(found.rows) + found.more == 3
        assert found.rows
        assert found.more


def test_another_kind_of_matter_is_none_of_these(hub: Hub) -> None:
    counter = FakeCounter(hub)
    parked = counter.wire(stock(), kind="of.tomorrow")
    counter.send(parked)
    assert refusals.listed(hub, "XH") == ([], 0)
    for unknown in (parked.id, "nothing", "0" * 36):
        with pytest.raises(HubProblem, match="not_waiting"):
            refusals.accept(hub, unknown, by="hq")


def test_the_counter_hears_who_has_taken_note(hub: Hub) -> None:
    counter = FakeCounter(hub)
    lost, _ = refuse(counter)
    refusals.accept(hub, lost.id, by="hq")
    again = counter.send(lost).results[0]
    assert (again.status, again.problem.code if again.problem else "") == ("refused", "stale_base")


def test_people_of_the_hub_see_and_decide_it_by_the_api(client: httpx.Client, hub: Hub) -> None:
    lost, _ = refuse(FakeCounter(hub))
    listed = client.get("/v1/refused/XH").json()
    assert listed[0]["id"] == lost.id
    assert client.post(f"/v1/refused/{lost.id}/accept").status_code == 204
    assert client.get("/v1/refused/XH").json() == []
    assert client.post(f"/v1/refused/{lost.id}/accept").json()["code"] == "not_waiting"
    assert client.get("/v1/refused/XH", auth=("hq", "wrong")).status_code == 401
    assert client.post(f"/v1/refused/{lost.id}/accept", auth=("hq", "wrong")).status_code == 401


def test_the_console_shows_the_refusals_of_one_store_in_words(client: httpx.Client, hub: Hub) -> None:
    lost, _ = refuse(FakeCounter(hub))
    assert lost.id not in client.get("/console").text
    page = client.get("/console?store=XH").text
    assert "Refused at XH" in page
    assert lost.id in page
    assert "1 step hangs on it" in page
    assert "it is “Assigned” now" in page
    form = {"matter": lost.id, "act": "accept", "token": form_token(hub, "hq"), "store": "XH"}
    answer = client.post("/console/decide", data=form, follow_redirects=True)
    assert "It was settled." in answer.text
    assert "Refused at XH" in answer.text
    assert lost.id not in answer.text
    again = client.post("/console/decide", data=form, follow_redirects=True)
    assert "Somebody else has decided it already." in again.text
    assert "Refused at XH" in again.text
