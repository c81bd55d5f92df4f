import io
from collections.abc import Callable
from pathlib import Path

import pytest

from storeapp.services.ports import PaperUnavailable
from tests.storeapp.cli.conftest import DEMO, Terminal


def carried(terminal: Terminal, order: str, tmp_path: Path) -> tuple[str, str]:
    """Assign to G01, print, scan; returns the tokens of badge and slip."""
    terminal.json("assign", order, "G01")
    slip = terminal.json("slip", order, "--out", tmp_path / "slip.pdf")["token"]
    badge = terminal.json("badge", "G01", "--out", tmp_path / "badge.png")["token"]
    assert terminal.json("scan", badge, slip)["verdict"] == "ok"
    return badge, slip


def test_importing_tells_what_it_did_and_twice_changes_nothing(terminal: Terminal):
    again = terminal.json("import", DEMO / "orders-table.csv")
    assert (again["orders"], again["imported"], again["unchanged"] + again["other_store"]) == (20, 0, 20)
    later = terminal.json("import", DEMO / "orders-weixin-shop-later.json", "--dry-run")
    assert (later["imported"], later["updated"], later["cancelled"]) == (2, 1, 1)
    assert terminal.json("import", DEMO / "orders-weixin-shop-later.json")["imported"] == 2
    assert all(set(each) == {"order_no", "codes"} for each in later["attention"])


def test_bad_rows_are_told_and_the_rest_is_taken_on(terminal: Terminal, tmp_path: Path):
    file = tmp_path / "bad.csv"
    file.write_text("order_no,store,created_at,sku,quantity,price_fen\nA1,XH,2026-11-21T09:00:00+08:00,BL-001,x,1\n")
    answer = terminal.json("import", file, status=1)
    [error] = answer["errors"]
    assert set(error) == {"file", "row", "field", "code"}
    assert error["file"] == "bad.csv"
    assert terminal.refused("import", tmp_path / "nothing.csv", status=3) == "file_failed"
    assert "nothing" not in terminal.err


def test_orders_have_the_documented_shape(terminal: Terminal):
    orders = terminal.json("orders")["orders"]
    assert len(orders) == 67
    one = orders[0]
    assert {"id", "order_no", "platform", "delivery_id", "state", "mode", "window", "lines", "needs"} <= set(one)
    assert set(one["lines"][0]) == {"sku", "quantity"}
    assert set(one["window"]) == {"start", "end"}
    assert len(terminal.json("orders", "--limit", 3)["orders"]) == 3
    assert terminal.json("orders", "--state", "delivered")["orders"] == []
    assert terminal.json("orders", "--find", "T000003", "--open")["orders"][0]["order_no"] == "T000003"


def test_a_proposal_names_every_order_once_and_applying_assigns_it(terminal: Terminal):
    proposal = terminal.json("dispatch")
    named = [each["delivery_id"] for key in ("assignments", "unassigned") for each in proposal[key]]
    assert len(named) == len(set(named)) == 67
    assert all(each["reasons"] for key in ("assignments", "unassigned") for each in proposal[key])
    assert terminal.json("orders", "--state", "assigned")["orders"] == []
    applied = terminal.json("dispatch", "--apply")
    assigned = terminal.json("orders", "--state", "assigned")["orders"]
    assert {o["delivery_id"] for o in assigned} == {a["delivery_id"] for a in applied["assignments"]}


def test_a_delivery_is_named_by_id_or_number(terminal: Terminal, waiting: Callable[[], str]):
    number = waiting()
    order = terminal.json("orders", "--find", number)["orders"][0]
    for name, guide in ((number, "G01"), (order["delivery_id"], "G07"), (order["id"], "G10")):
        assert terminal.json("assign", name, guide)["delivery_id"] == order["delivery_id"]
    assert terminal.json("unassign", number)["state"] == "waiting"
    assert terminal.refused("assign", "nothing", "G01") == "unknown_delivery"
    assert terminal.refused("assign", number, "G99") == "unknown_guide"
    assert terminal.refused("cancel", "nothing", "--reason", "x1") == "unknown_order"


def test_from_slip_to_customer(terminal: Terminal, waiting: Callable[[], str], tmp_path: Path):
    order = waiting()
    badge, slip = carried(terminal, order, tmp_path)
    assert terminal.json("scan", badge, slip, status=1)["verdict"] == "already_used"
    sheet = terminal.json("run-sheet", "G01", "--out", tmp_path / "run.pdf")
    assert [stop["order_no"] for stop in sheet["stops"]] == [order]
    assert terminal.refused("deliver", order, "--code", "x") == "wrong_code"
    code = terminal.json("code", order)["code"]
    assert terminal.json("deliver", order, "--code", code)["state"] == "delivered"
    assert terminal.refused("return", order, "--reason", "damaged") == "already_delivered"
    day = terminal.json("close-day")
    assert (day["delivered"], day["earnings_fen"] > 0, day["closings"]) == (1, True, 1)
    assert terminal.json("day", "--day", "2026-11-21")["delivered"] == 1


def test_papers_are_asked_for_in_the_wanted_size_and_language(
    terminal: Terminal, waiting: Callable[[], str], tmp_path: Path
):
    order = waiting()
    answer = terminal.json("slip", order, "--out", tmp_path / "a.png", "--width", 58, "--lang", "en")
    assert {"delivery_id", "token", "qr_text", "short_code", "file"} <= set(answer)
    [(_, (content, width, language))] = terminal.paper.asked
    assert (content.order_no, width, language) == (order, 58, "en")
    assert terminal.refused("slip", order, "--out", tmp_path / "a.txt", status=2) == "usage"


def test_a_paper_that_cannot_be_painted_leaves_the_slip_of_before_valid(
    terminal: Terminal, waiting: Callable[[], str], tmp_path: Path
):
    order = waiting()
    slip = terminal.json("slip", order, "--out", tmp_path / "slip.pdf")["token"]
    badge = terminal.json("badge", "G01", "--out", tmp_path / "badge.pdf")["token"]
    terminal.paper.fails = PaperUnavailable("paper.no_font")
    assert terminal.refused("slip", order, "--out", tmp_path / "slip.pdf", status=3) == "paper.no_font"
    assert terminal.refused("badge", "G01", "--out", tmp_path / "b.pdf", status=3) == "paper.no_font"
    assert terminal.json("scan", badge, slip)["verdict"] == "ok"


def test_a_manager_records_what_a_verdict_would_stop(terminal: Terminal, waiting: Callable[[], str], tmp_path: Path):
    order = waiting()
    terminal.json("assign", order, "G01")
    slip = terminal.json("slip", order, "--out", tmp_path / "s.pdf")["token"]
    badge = terminal.json("badge", "G07", "--out", tmp_path / "b.pdf")["token"]
    answer = terminal.json("scan", badge, slip, status=1)
    assert (answer["verdict"], answer["by"], answer["may_override"]) == ("wrong_guide", "G01", True)
    record = ("record", "G07", order, "--reason", "swapped", "--verdict", "wrong_guide")
    terminal.json("hire", "xu", "小许")
    assert terminal.refused(*record, "--as", "xu") == "manager_only"
    assert terminal.json(*record)["state"] == "in_custody"
    assert terminal.json("attention")["attention"]


def test_a_damaged_parcel_comes_back_and_goes_out_again(terminal: Terminal, waiting: Callable[[], str], tmp_path: Path):
    order = waiting()
    carried(terminal, order, tmp_path)
    assert terminal.json("fail", order, "--reason", "damaged", "--returning")["state"] == "returning"
    assert terminal.json("return", order, "--reason", "damaged")["state"] == "returned"
    assert terminal.json("retry", order)["state"] == "waiting"
    case = next(each for each in terminal.json("attention")["attention"] if each["code"] == "damaged")
    terminal.json("resolve", case["id"], "--resolution", "written_off")
    assert terminal.refused("resolve", case["id"], "--resolution", "written_off") == "already_resolved"
    assert terminal.refused("resolve", case["id"], "--resolution", "给顾客退款") == "bad_reason"


def test_other_ways_of_an_order(terminal: Terminal, waiting: Callable[[], str]):
    order = waiting()
    assert terminal.json("split", order, 2)["state"] == "waiting"
    assert terminal.json("exception", order, "--kind", "late")["state"] == "waiting"
    hours = ("--from", "2026-11-21T19:00", "--to", "2026-11-21T20:00")
    terminal.json("reschedule", order, *hours, "--mode", "scheduled")
    window = terminal.json("orders", "--find", order)["orders"][0]["window"]
    assert window["start"] == "2026-11-21T19:00:00+08:00"
    assert terminal.refused("reschedule", order, "--from", "2026-11-21", "--to", "2026-11-20", status=2) == "usage"
    terminal.json("locate", order, 31.2, 121.4)
    assert terminal.refused("locate", order, 131.2, 121.4, status=2) == "usage"
    assert terminal.json("pass-on", order, "courier", "SF")["state"] == "with_courier"
    assert terminal.json("deliver", order, "--reason", "courier_said")["state"] == "delivered"


def test_cancelling_before_and_after_custody(terminal: Terminal, waiting: Callable[[], str], tmp_path: Path):
    first = waiting()
    assert terminal.json("cancel", first, "--reason", "customer")["state"] == "cancelled"
    assert terminal.refused("cancel", first, "--reason", "customer") == "order_closed"
    second = waiting()
    carried(terminal, second, tmp_path)
    assert terminal.json("cancel", second, "--reason", "customer")["state"] == "in_custody"
    assert "recall" in {each["code"] for each in terminal.json("attention")["attention"]}
    assert terminal.refused("cancel", second, "--reason", "Frau Wang") == "bad_reason"


def test_stock_is_received_counted_and_put_right_by_code_or_barcode(terminal: Terminal):
    before = terminal.json("stock", "--find", "BL-011")["stock"][0]
    assert terminal.json("receive", before["barcode"], 5)["on_hand"] == before["on_hand"] + 5
    assert terminal.json("count", "bl-011", 9)["on_hand"] == 9
    assert terminal.json("adjust", "BL-011", -2, "--reason", "broken")["on_hand"] == 7
    assert terminal.refused("receive", "BL-999", 1) == "sku_unknown"
    assert terminal.refused("receive", "BL-011", 0) == "bad_quantity"
    assert terminal.refused("adjust", "BL-011", 1, "--reason", "") == "bad_reason"


def test_guides_shifts_and_badges(terminal: Terminal, tmp_path: Path):
    guides = terminal.json("guides")["guides"]
    assert [guide["id"] for guide in guides] == ["G01", "G04", "G07", "G10"]
    terminal.json("shift", "G01", "--from", "22:00", "--to", "02:00")
    window = next(g for g in terminal.json("guides")["guides"] if g["id"] == "G01")["window"]
    assert (window["start"], window["end"]) == ("2026-11-21T22:00:00+08:00", "2026-11-22T02:00:00+08:00")
    terminal.json("shift", "G01", "--off", "--day", "2026-11-22")
    assert terminal.refused("shift", "G01", status=2) == "usage"
    assert terminal.refused("shift", "G99", "--off") == "unknown_guide"
    terminal.json("badge", "G01", "--out", tmp_path / "b.png", "--media", "a6")
    terminal.json("revoke-badge", "G01")
    assert terminal.refused("revoke-badge", "G99") == "unknown_guide"


def test_staff_and_pins(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    terminal.json("hire", "xu", "小许", "--role", "staff")
    monkeypatch.setattr("sys.stdin", io.StringIO("258036\n12\n"))
    terminal.json("pin", "xu")
    assert terminal.refused("pin", "xu") == "pin_format"
    staff = {row["id"]: row for row in terminal.json("staff")["staff"]}
    assert staff["xu"] == {"id": "xu", "name": "小许", "role": "staff", "active": True, "has_pin": True}
    terminal.json("dismiss", "xu")
    assert terminal.refused("receive", "BL-001", 1, "--as", "xu") == "unknown_staff"
    assert terminal.refused("dismiss", "manager") == "last_manager"


def test_what_is_over_is_forgotten_by_command(terminal: Terminal, waiting: Callable[[], str]):
    terminal.json("cancel", waiting(), "--reason", "customer")
    assert terminal.json("forget")["forgotten"] == 0
    terminal.at = "2026-11-25T10:00:00+08:00"
    assert terminal.json("forget")["forgotten"] == 1


def test_wishes_and_rules_are_in_the_plan_and_every_answer_has_its_reasons(
    terminal: Terminal, waiting: Callable[[], str]
):
    order = waiting()
    assert terminal.json("pin-to", order, "G01")["state"] == "waiting"
    terminal.json("ban", order, "G01")
    terminal.json("priority", order, 2)
    assert terminal.refused("priority", order, 3) == "bad_priority"
    found = terminal.json("why", order)
    assert [reason["code"] for reason in found["reasons"]] == ["pinned_and_banned"]
    terminal.json("unban", order, "G01")
    terminal.json("unpin", order)
    assert terminal.refused("what-if", order, "G99") == "cannot_try_guide_not_on_shift"
    tried = terminal.json("what-if", order, "G01")
    assert {"cost_fen", "late_s", "delays"} <= set(tried)
    rules = terminal.json("policy", "late_minutes=20", "rate_fen.instant=900")["policy"]
    assert (rules["late_minutes"], rules["rate_fen"]["instant"]) == (20, 900)
    terminal.run("policy")
    assert {"late_minutes\t20", "rate_fen.instant\t900"} <= set(terminal.out.splitlines())
    assert terminal.refused("policy", "late_minutes=9999") == "policy_bound"
    assert terminal.refused("policy", "rate_fen=1", status=2) == "usage"
    plan = terminal.json("dispatch")
    assert {"assignments", "unassigned", "kept", "cost_fen", "planned_at", "inserted", "proven"} <= set(plan)
    assert all(item["reasons"] for item in (*plan["assignments"], *plan["unassigned"]))
    assert all(0 <= item["chance_percent"] < 100 for item in plan["assignments"])


def test_a_plan_is_made_again_by_its_recipe(terminal: Terminal, waiting: Callable[[], str]):
    waiting()
    plan = terminal.json("dispatch", "--seed", 5)
    recipe = ("--method", plan["method"], "--seed", plan["seed"], "--steps", plan["steps"])
    assert plan["seed"] == 5
    assert terminal.json("dispatch", *recipe) == plan
    assert terminal.json("dispatch", "--steps", 7)["seed"] == 1
    assert terminal.json("dispatch", "--method", "insertion")["method"] == "insertion"
    assert terminal.json("replan", "--steps", 3)["seed"] == 1
    assert terminal.refused("dispatch", "--method", "proof", status=2) == "usage"
    assert terminal.refused("dispatch", "--inserted", 4, status=2) == "usage"
    assert terminal.refused("dispatch", "--steps", -1, status=2) == "usage"


def test_a_guide_drops_out_and_another_takes_over(terminal: Terminal, waiting: Callable[[], str], tmp_path: Path):
    order = waiting()
    carried(terminal, order, tmp_path)
    holder = next(row["guide"] for row in terminal.json("orders", "--find", order)["orders"])
    found = terminal.json("replan", "--out", holder)
    assert [change["rescue"] for change in found["changes"] if change["before"] == holder] == [True]
    taker = "G04" if holder != "G04" else "G01"
    assert terminal.json("rescue", holder, taker, "--reason", "phone")["guide"] == taker
    assert terminal.refused("rescue", holder, taker, "--reason", "phone") == "nothing_held"
    assert terminal.refused("replan", "--out", "G99") == "unknown_guide"
