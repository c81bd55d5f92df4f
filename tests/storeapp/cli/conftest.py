"""The command line in this process, over a home of the demo's tables."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from storeapp.adapters import vault
from storeapp.cli.main import main
from storeapp.cli.session import Ports
from storeapp.domain.paper import Media
from storeapp.services.home import Home
from storeapp.services.ports import MapAccess, MapFailed, MapService, MapServices
from sync.engine import SyncEngine

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "resources" / "demo"
PASSPHRASE = "counter-demo-1"
MORNING = "2026-11-21T10:00:00+08:00"


def no_maps() -> MapServices:
    """A map service that nobody reaches."""

    def open_service(access: MapAccess) -> MapService:
        raise MapFailed("map_offline")

    return open_service


class Paper:
    """A named fake of the painter: writes what it was asked for instead of painting it."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.asked: list[tuple[str, Any]] = []

    def _write(self, out: Path, kind: str, detail: Any) -> None:
        if self.fails is not None:
            raise self.fails
        self.asked.append((kind, detail))
        out.write_text(kind)

    def slip(self, content: Any, *, out: Path, width_mm: int, language: str) -> None:
        self._write(out, "slip", (content, width_mm, language))

    def badge(self, content: Any, *, out: Path, media: Media, language: str) -> None:
        self._write(out, "badge", (content, media, language))

    def run_sheet(self, content: Any, *, out: Path, media: Media, language: str) -> None:
        self._write(out, "run_sheet", (content, media, language))


@dataclass
class Terminal:
    """Runs commands on one home, at a time that moves only when it is told to."""

    home: Path
    at: str = MORNING
    paper: Paper = field(default_factory=Paper)
    windows: list[tuple[Home, str, str]] = field(default_factory=list)
    out: str = ""
    err: str = ""

    def run(self, *argv: object) -> int:
        out, err = io.StringIO(), io.StringIO()
        ports = Ports(painter=lambda: self.paper, sync=SyncEngine, window=self._window, maps=no_maps)
        given = ["--home", str(self.home), "--at", self.at, *map(str, argv)]
        status = main(given, ports, out=out, err=err)
        self.out, self.err = out.getvalue(), err.getvalue()
        return status

    def _window(self, home: Home, language: str, theme: str) -> int:
        self.windows.append((home, language, theme))
        return 0

    def json(self, *argv: object, status: int = 0) -> dict[str, Any]:
        """Run with ``--json``: exactly one object on standard output, whatever happens."""
        found = self.run(*argv, "--json")
        assert found == status, (found, self.out, self.err)
        assert self.out.count("\n") == 1
        answer: dict[str, Any] = json.loads(self.out)
        return answer

    def refused(self, *argv: object, status: int = 1) -> str:
        """The code of why not; the words are there in the terminal's language."""
        error = self.json(*argv, status=status)["error"]
        assert error["message"] in self.err
        return str(error["code"])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with the demo's orders, made once, and its recovery key."""
    home = tmp_path_factory.mktemp("cli") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOREAPP_PASSPHRASE", PASSPHRASE)
        cheap = vault.ScryptCost(n=2, r=1, p=1)
        patch.setattr(vault, "ScryptCost", lambda: cheap)  # Every command opens the vault anew.
        terminal = Terminal(home)
        answer = terminal.json("setup", "--store", "XH", "--data", DEMO)
        names = ("orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv")
        terminal.json("import", *(DEMO / name for name in names))
    return home, answer["recovery_key"]


@pytest.fixture
def terminal(made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("STOREAPP_PASSPHRASE", PASSPHRASE)
    shutil.copytree(made[0], tmp_path / "home")
    return Terminal(tmp_path / "home")


@pytest.fixture
def recovery_key(made: tuple[Path, str]) -> str:
    return made[1]


@pytest.fixture
def waiting(terminal: Terminal) -> Callable[[], str]:
    """The order number of one order that can be delivered now."""

    def first() -> str:
        orders = terminal.json("orders", "--state", "waiting")["orders"]
        return next(str(o["order_no"]) for o in orders if "short_stock" not in o["needs"])

    return first
