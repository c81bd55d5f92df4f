"""Enrolment and sync by the command line, against a real hub on a real port."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.devices import new_code
from hub.problems import STATUS
from storeapp.i18n import LANGUAGES, catalogue
from tests.storeapp.cli.conftest import Terminal
from tests.support.hubs import make_hub
from tests.support.hubserver import HubServer, free_port, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    hub = make_hub(tmp_path / "hub", demo=True)
    with serving(hub) as server:
        yield server
    hub.close()


def test_a_counter_that_works_alone_has_nothing_to_exchange(terminal: Terminal):
    answer = terminal.json("sync", status=1)
    assert (answer["problem"], answer["pending"]) == ("not_enrolled", 0)


def test_a_counter_enrols_and_gives_everything(terminal: Terminal, server: HubServer):
    answer = terminal.json("enrol", server.url, new_code(server.hub, store="XH"))
    assert answer["store"] == "XH"
    first = terminal.json("sync")
    assert first["applied"] > 67
    assert (first["pending"], first["problem"]) == (0, "")
    assert terminal.json("sync")["applied"] == 0
    assert len(terminal.json("orders")["orders"]) == 67
    assert terminal.refused("enrol", server.url, new_code(server.hub, store="XH")) == "enrolled_already"


def test_an_empty_home_becomes_a_new_counter_with_the_same_orders(
    terminal: Terminal, server: HubServer, tmp_path: Path
):
    terminal.json("enrol", server.url, new_code(server.hub, store="XH"))
    terminal.json("sync")
    second = Terminal(tmp_path / "second")
    answer = second.json("enrol", server.url, new_code(server.hub, store="XH"))
    assert answer["recovery_key"]
    assert second.json("sync")["received"] > 67
    assert second.json("code", "T000003") == terminal.json("code", "T000003")


def test_a_wrong_code_changes_nothing(terminal: Terminal, server: HubServer, tmp_path: Path):
    assert terminal.refused("enrol", server.url, "WRONG") == "enrol_code_wrong"
    assert terminal.json("sync", status=1)["problem"] == "not_enrolled"
    other = Terminal(tmp_path / "other")
    assert other.refused("enrol", server.url, "WRONG") == "enrol_code_wrong"
    assert not other.home.exists()


def test_without_a_network_everything_waits(terminal: Terminal, server: HubServer):
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert terminal.refused("enrol", nowhere, "CODE", status=4) == "offline"
    terminal.json("enrol", server.url, new_code(server.hub, store="XH"))
    server.stop()
    answer = terminal.json("sync", status=4)
    assert answer["problem"] == "offline"
    assert answer["pending"] > 67


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_of_the_hub_has_words(language: str):
    ours = {"offline", "hub_trouble", "not_enrolled", "busy_elsewhere"}
    ours |= {"enrolled_already", "other_store", "answer_not_for_us"}
    assert {f"sync.problem.{code}" for code in ours | STATUS.keys()} - set(catalogue(language)) == set()
