"""Keeps ``.venv`` equal to the lock, and does nothing when it already is."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from devtools import ROOT, SetupProblem
from devtools.interpreters import optimised
from devtools.system import provide_qt, provide_venv

VENV = ROOT / ".venv"
MEASURING = ROOT / "build" / "measuring"
"""Another one, of an optimised Python, where ``.venv`` has none."""
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
STAMP = "stamp.json"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an environment was made from.

    Attributes:
        packages: digest of the lock, the interpreter and the place; another one means a new environment.
        project: digest of the project's own metadata; another one means to install the project again.
    """

    packages: str
    project: str


def digest(*parts: bytes) -> str:
    """A short name for contents; the parts are kept apart."""
    joined = b"\0".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(joined).hexdigest()[:16]


def wanted_stamp(*, lock: bytes, project: bytes, interpreter: str, place: Path) -> Stamp:
    """The stamp of an environment made now; console scripts hold its place, so a moved one is another one."""
    return Stamp(packages=digest(lock, interpreter.encode(), str(place).encode()), project=digest(project))


def read_stamp(path: Path) -> Stamp | None:
    """The stamp that a finished set-up left, or nothing if it is missing or unreadable."""
    try:
        return Stamp(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def work_left(recorded: Stamp | None, wanted: Stamp) -> tuple[bool, bool]:
    """Whether to install the packages anew, and whether to install the project."""
    if recorded is None or recorded.packages != wanted.packages:
        return True, True
    return False, recorded.project != wanted.project


def venv_program(name: str, *, venv: Path = VENV, windows: bool = sys.platform == "win32") -> Path:
    """Where a program of the environment stands."""
    return venv / "Scripts" / f"{name}.exe" if windows else venv / "bin" / name


def venv_python(venv: Path = VENV) -> str:
    """An environment's interpreter, as a command's first word."""
    return str(venv_program("python", venv=venv))


def run_in_venv(arguments: Sequence[str], *, venv: Path = VENV) -> int:
    """Run an environment's Python in the project's folder and give its exit status."""
    return subprocess.run([venv_python(venv), *arguments], cwd=ROOT, env=_environ(), check=False).returncode


def ensure_environment() -> None:
    """Bring this machine to the point where every other command works.

    Raises:
        SetupProblem: something is missing that this program can't provide.
    """
    provide_qt()
    _ensure(VENV, None)


def measuring_environment() -> Path:
    """The environment to measure in, which is the usual one where that is of an optimised Python or there is no other.

    Raises:
        SetupProblem: it could not be made.
    """
    python = optimised()
    if python is None:
        return VENV
    MEASURING.parent.mkdir(exist_ok=True)
    _ensure(MEASURING, python)
    return MEASURING


def _ensure(venv: Path, python: str | None) -> None:
    interpreter = (python or "") + sys.version + sys.platform
    wanted = wanted_stamp(lock=LOCK.read_bytes(), project=PROJECT.read_bytes(), interpreter=interpreter, place=venv)
    stamp = venv / STAMP
    packages, project = work_left(read_stamp(stamp), wanted)
    if not packages and not project:
        return
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    if packages:
        _install_packages(venv, python)
    _install_project(venv)
    stamp.write_text(json.dumps(asdict(wanted)), "utf-8")
    print(f"The environment is ready after {time.monotonic() - started:.0f} s: {venv}", file=sys.stderr, flush=True)


def create_venv(place: Path, python: str | None = None) -> None:
    """Make an empty virtual environment of this or another Python, in place of an old one.

    Raises:
        SetupProblem: that Python can't make one.
    """
    provide_venv()
    # The base interpreter: dev.py may itself run in the environment that is about to be replaced.
    base = python or getattr(sys, "_base_executable", None) or sys.executable
    _must([base, "-m", "venv", "--clear", str(place)], "A virtual environment could not be made")


def pip_install(python: str, arguments: Sequence[str], problem: str) -> None:
    """Install with an environment's pip.

    Raises:
        SetupProblem: pip failed; its own words stand above.
    """
    quiet = ["-qq", "--disable-pip-version-check", "--no-input"]
    _must([python, "-m", "pip", "install", *quiet, *arguments], problem)


def _install_packages(venv: Path, python: str | None) -> None:
    print(
        f"Installing the locked packages into {venv.name}, a minute or two the first time ...",
        file=sys.stderr,
        flush=True,
    )
    create_venv(venv, python)
    # Wheels only: building a source package would fetch build tools that no hash covers.
    arguments = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(LOCK)]
    pip_install(venv_python(venv), arguments, "The locked packages could not be installed (is the network there?)")


def _install_project(venv: Path) -> None:
    # The build tool comes from the lock, so this works offline.
    arguments = ["--no-build-isolation", "--no-deps", "--no-index", "--editable", str(ROOT)]
    pip_install(venv_python(venv), arguments, "The project could not be installed")


def _must(command: Sequence[str], problem: str) -> None:
    if subprocess.run(command, env=_environ(), cwd=ROOT, check=False).returncode:
        raise SetupProblem(f"{problem}: {' '.join(command)}")


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONUTF8": "1"}
