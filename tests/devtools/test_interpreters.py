"""What is measured is measured with a Python like those of installers, where the machine has one."""

import sys
from pathlib import Path

import pytest

from devtools import environment, interpreters
from devtools.interpreters import first_optimised, is_optimised

NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="a program is a script here")


def program(folder: Path, answer: str, *, status: int = 0) -> Path:
    folder.mkdir()
    path = folder / NAME
    path.write_text(f'#!/bin/sh\necho "{answer}"\nexit {status}\n', "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("prefix", "configured", "expected"),
    [
        ("C:/Python", None, True),
        ("/opt/python", "'--enable-optimizations' '--with-lto'", True),
        ("/usr", "'--prefix=/usr'", True),
        ("/usr/local", "'--enable-shared'", False),
        ("/opt/python", "", False),
    ],
)
def test_how_a_python_was_compiled_is_told_by_place_and_configuration(
    prefix: str, configured: str | None, expected: bool
) -> None:
    assert is_optimised(prefix, configured) is expected


@needs_scripts
def test_the_first_that_was_optimised_and_works_is_taken(tmp_path: Path) -> None:
    program(tmp_path / "plain", "/opt --prefix=/opt")
    program(tmp_path / "without-venv", "/opt --enable-optimizations", status=1)
    good = program(tmp_path / "good", "/opt --enable-optimizations")
    program(tmp_path / "later", "/opt --enable-optimizations")
    folders = [tmp_path / name for name in ("missing", "plain", "without-venv", "good", "later")]
    assert first_optimised(folders) == str(good)
    assert first_optimised(folders[:3]) is None


@needs_scripts
def test_what_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("no program", "utf-8")
    assert first_optimised([tmp_path]) is None


def test_an_optimised_python_needs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters.sysconfig, "get_config_var", lambda _: "--enable-optimizations")
    assert interpreters.optimised() is None
    assert environment.measuring_environment() == environment.VENV
