"""One store day by the command line alone: every step is a program of its own, as a script would run it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storeapp.domain.order import delivery_id, order_id
from storeapp.domain.words import Platform

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "resources" / "demo"
FILES = ("orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv")
LATER = "orders-weixin-shop-later.json"


@dataclass
class Day:
    """Runs the program at a time of the day."""

    home: Path
    at: str = "09:30"

    def __call__(self, *argv: object, status: int = 0) -> dict[str, Any]:
        moment = f"2026-11-21T{self.at}:00+08:00"
        command = [
            sys.executable,
            "-m",
            "storeapp",
            "--home",
            str(self.home),
            "--at",
            moment,
            *map(str, argv),
            "--json",
        ]
        environ = os.environ | {"STOREAPP_PASSPHRASE": "counter-demo-1", "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == status, (argv, done.stdout, done.stderr)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def day(tmp_path: Path) -> Day:
    return Day(tmp_path / "home")


def heard_of_again() -> set[str]:
    """The deliveries of orders that the platform changes or calls off later in the day."""
    orders = json.loads((DEMO / LATER).read_text("utf-8"))
    return {delivery_id(order_id(Platform.WEIXIN_SHOP, str(order["order_id"]))) for order in orders}


def test_a_store_day(day: Day, tmp_path: Path):
    day("setup", "--store", "XH", "--data", DEMO)
    taken = day("import", *(DEMO / name for name in FILES))
    assert (taken["orders"], taken["imported"], taken["errors"]) == (80, 67, [])
    plan = day("dispatch", "--apply")
    assert len(plan["assignments"]) + len(plan["unassigned"]) == 67
    mine = [each["delivery_id"] for each in plan["assignments"] if each["guide"] == "G01"]
    first, second, third = [each for each in mine if each not in heard_of_again()][:3]

    day.at = "10:05"
    badge = day("badge", "G01", "--out", tmp_path / "badge.pdf")["token"]
    slips = [day("slip", d, "--out", tmp_path / f"slip-{n}.png")["token"] for n, d in enumerate((first, second, third))]
    assert [day("scan", badge, slip)["verdict"] for slip in slips] == ["ok"] * 3
    assert day("scan", badge, slips[0], status=1)["verdict"] == "already_used"
    day("run-sheet", "G01", "--out", tmp_path / "run.pdf")

    day.at = "10:40"
    assert day("deliver", first, "--code", day("code", first)["code"])["state"] == "delivered"
    assert day("deliver", second, "--code", "not it", status=1)["error"]["code"] == "wrong_code"
    assert day("return", second, "--reason", "damaged")["state"] == "returned"
    day("cancel", third, "--reason", "customer")
    assert day("return", third, "--reason", "recall")["state"] == "cancelled"
    later = day("import", DEMO / LATER)
    assert (later["imported"], later["updated"], later["cancelled"]) == (2, 1, 1)

    day.at = "21:40"
    day("count", "BL-001", 3)
    closed = day("close-day")
    assert (closed["delivered"], closed["cancelled"], closed["closings"]) == (1, 2, 1)
    assert closed["on_time_rate"] in {0.0, 1.0}
    assert sum(guide["earnings_fen"] for guide in closed["guides"]) == closed["earnings_fen"] > 0
    assert day("doctor")["well"]
    _papers_are_there(tmp_path)


def _papers_are_there(folder: Path) -> None:
    assert {path.name for path in folder.glob("*.p*")} == {
        "badge.pdf",
        "run.pdf",
        "slip-0.png",
        "slip-1.png",
        "slip-2.png",
    }
    assert all(path.stat().st_size > 1000 for path in folder.glob("*.p*"))
