"""An environment is made anew exactly when what it was made from has changed."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from devtools.environment import Stamp, digest, read_stamp, venv_program, wanted_stamp, work_left

BASE = {"lock": b"a==1", "project": b"[project]", "interpreter": "3.11.2", "place": Path("/shop/.venv")}


def stamp(**changes: object) -> Stamp:
    return wanted_stamp(**{**BASE, **changes})  # type: ignore[arg-type]  # the changes keep each argument's type


def test_nothing_changed_means_nothing_to_do() -> None:
    assert work_left(stamp(), stamp()) == (False, False)


def test_the_first_run_does_everything() -> None:
    assert work_left(None, stamp()) == (True, True)


@pytest.mark.parametrize("change", [{"lock": b"a==2"}, {"interpreter": "3.12.1"}, {"place": Path("/other/.venv")}])
def test_another_lock_interpreter_or_place_means_a_new_environment(change: dict[str, object]) -> None:
    assert work_left(stamp(), stamp(**change)) == (True, True)


def test_other_project_metadata_only_reinstall_the_project() -> None:
    assert work_left(stamp(), stamp(project=b"[project]\n")) == (False, True)


def test_a_digest_keeps_its_parts_apart() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")


def test_a_stamp_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "stamp.json"
    path.write_text(json.dumps(asdict(stamp())), "utf-8")
    assert read_stamp(path) == stamp()


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"packages": "x"}', '{"other": 1}'])
def test_a_missing_or_torn_stamp_counts_as_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "stamp.json"
    if content is not None:
        path.write_text(content, "utf-8")
    assert read_stamp(path) is None


def test_programs_stand_where_each_system_puts_them() -> None:
    venv = Path("v")
    assert venv_program("python", venv=venv, windows=False) == Path("v/bin/python")
    assert venv_program("python", venv=venv, windows=True) == Path("v/Scripts/python.exe")
