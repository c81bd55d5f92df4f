"""Rules for the repository as a whole that no other tool checks."""

import ast
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from devtools.locking import addresses
from storeapp.i18n import ONE

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "resources" / "translations"
LANGUAGES = ("zh_CN", "en")
LONGEST_MODULE = 500
REGISTRY_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|files\.pypi|/simple/?\s*$"
    r"|(tuna\.tsinghua|ustc|aliyun|huaweicloud|tencent|163)[a-z.]*/(pypi|simple|repository)",
    re.IGNORECASE | re.MULTILINE,
)


@cache
def tracked(pattern: str = "") -> tuple[Path, ...]:
    """The files that git knows or would add, in the working tree, whoever owns it."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("only a clone knows which files are its own")
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        pattern or ".",
    ]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


@cache
def texts(language: str) -> dict[str, dict[str, str]]:
    """The texts of a language by area."""
    files = sorted((TRANSLATIONS / language).glob("*.json"))
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_no_file_names_a_package_registry() -> None:
    here = Path(__file__)
    named = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path != here and REGISTRY_HOST.search(path.read_bytes().decode("utf-8", "ignore"))
    ]
    assert named == []


def test_the_lock_names_no_address_and_hashes_every_package() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert addresses(lock) == []
    packages = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]
    assert packages
    assert [package for package in packages if "--hash=sha256:" not in package] == []


def test_both_languages_have_the_same_areas() -> None:
    chinese, english = (set(texts(language)) for language in LANGUAGES)
    assert chinese == english


@pytest.mark.parametrize("area", sorted(texts(LANGUAGES[0])))
def test_both_languages_have_the_same_codes_and_data(area: str) -> None:
    # English has singulars that Chinese does not need.
    chinese, english = (
        {code: placeholders(text) for code, text in texts(language)[area].items() if not code.endswith(ONE)}
        for language in LANGUAGES
    )
    assert chinese == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_stands_in_one_area_only(language: str) -> None:
    codes = [code for area in texts(language).values() for code in area]
    assert sorted(codes) == sorted(set(codes))


def test_every_module_says_why_it_exists() -> None:
    modules = [path for path in tracked("*.py") if ROOT / "tests" not in path.parents]
    silent = [path for path in modules if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert [path.relative_to(ROOT).as_posix() for path in silent] == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines()) for path in tracked("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}
