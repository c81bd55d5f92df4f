"""What is missing on a machine becomes the right package names and an exact command."""

import os
import shutil
from pathlib import Path

import pytest

from devtools import SetupProblem, postgres, system
from devtools.system import (
    advice,
    has_cjk_font,
    install_commands,
    loads,
    packages_for_bundle,
    packages_for_qt,
    provide,
)


def test_a_machine_with_everything_needs_no_package() -> None:
    assert packages_for_qt(missing=[], cjk_font=True) == []


def test_missing_libraries_and_font_become_packages() -> None:
    packages = packages_for_qt(missing=["libxcb-cursor.so.0", "libEGL.so.1"], cjk_font=False)
    assert packages == ["fonts-noto-cjk", "libegl1", "libxcb-cursor0"]


def test_bundling_needs_the_shared_library_of_this_python() -> None:
    assert packages_for_bundle(tools=False, shared_python=False, version=(3, 12)) == ["binutils", "libpython3.12"]
    assert packages_for_bundle(tools=True, shared_python=True, version=(3, 12)) == []


def test_only_a_library_that_exists_loads() -> None:
    assert not loads("libnosuchthing.so.99")


def test_a_person_who_is_not_root_uses_sudo() -> None:
    assert install_commands(["libegl1"], sudo=True) == [
        ["sudo", "apt-get", "update"],
        ["sudo", "apt-get", "install", "-y", "--no-install-recommends", "libegl1"],
    ]


def test_the_advice_on_debian_can_be_pasted() -> None:
    command = "sudo apt-get update && sudo apt-get install -y --no-install-recommends libegl1 libgl1"
    assert command in advice(["libegl1", "libgl1"], debian=True)


def test_the_advice_elsewhere_names_the_packages_only() -> None:
    words = advice(["libegl1"], debian=False)
    assert "libegl1" in words
    assert "apt-get" not in words


def test_without_root_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(SetupProblem, match=r"sudo apt-get update && sudo apt-get install .* libegl1"):
        provide(["libegl1"])


@pytest.mark.parametrize(("file", "found"), [("NotoSansCJK-Regular.ttc", True), ("DejaVuSans.ttf", False)])
def test_without_fontconfig_a_chinese_font_is_known_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, found: bool
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (tmp_path / "opentype").mkdir()
    (tmp_path / "opentype" / file).touch()
    assert has_cjk_font([str(tmp_path)]) is found


def test_postgresql_is_installed_only_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(system, "provide", asked.append)
    monkeypatch.setattr(system.sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(postgres, "DEBIAN_FOLDER", tmp_path)
    system.provide_postgresql()
    programs = tmp_path / "17" / "bin"
    programs.mkdir(parents=True)
    (programs / "initdb").touch()
    system.provide_postgresql()
    assert asked == [["postgresql"], []]


def test_the_newest_postgresql_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in ("9", "15"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    monkeypatch.setattr(postgres, "DEBIAN_FOLDER", tmp_path)
    assert postgres.programs() == tmp_path / "15" / "bin"
