"""The command line hands on what belongs to others and refuses what belongs to nobody."""

import pytest

from devtools import SetupProblem, commands
from devtools.commands import parse, run


@pytest.mark.parametrize("command", ["demo", "bench", "screenshots"])
def test_modules_get_their_own_arguments(command: str) -> None:
    known, rest = parse([command, "search", "--json", "--help"])
    assert (known.command, rest) == (command, ["search", "--json", "--help"])


def test_test_hands_the_rest_to_pytest() -> None:
    known, rest = parse(["test", "--nightly", "tests/hub", "-x"])
    assert known.nightly
    assert rest == ["tests/hub", "-x"]


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["build", "--fast"], ["env", "x"]])
def test_what_nobody_understands_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(arguments)
    assert stopped.value.code == 2
    assert "usage: dev.py" in capsys.readouterr().err


def test_a_lacking_machine_is_told_so_with_status_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise SetupProblem("install libegl1")

    monkeypatch.setattr(commands, "ensure_environment", lacking)
    assert run(["env"]) == 3
    assert capsys.readouterr().err == "install libegl1\n"
