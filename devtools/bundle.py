"""Makes the program that IT installs, and proves that it starts without Python on the machine."""

import os
import subprocess
import sys
import time
from pathlib import Path

from devtools import ROOT
from devtools.environment import run_in_venv
from devtools.system import provide_bundler

BUNDLE = ROOT / "dist" / "storeapp"
WORK = ROOT / "build" / "pyinstaller"


def frozen_program(bundle: Path = BUNDLE, *, windows: bool = sys.platform == "win32") -> Path:
    """The bundle's entry program."""
    return bundle / ("storeapp.exe" if windows else "storeapp")


def size_mb(folder: Path) -> float:
    """What a folder takes on disk; a linked file counts once."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1_000_000


def build() -> int:
    """Freeze the program and let the frozen one examine itself; the exit status is the first failing part's."""
    provide_bundler()
    started = time.monotonic()
    places = ["--distpath", str(BUNDLE.parent), "--workpath", str(WORK)]
    arguments = ["-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN", *places, "build.spec"]
    if status := run_in_venv(arguments):
        return status
    print(f"{BUNDLE}: {size_mb(BUNDLE):.0f} MB after {time.monotonic() - started:.0f} s", flush=True)
    return self_test()


def self_test() -> int:
    """Ask the frozen program whether everything that it needs came along."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    # From another folder, so that nothing of the source tree is found by accident.
    return subprocess.run(
        [str(frozen_program()), "doctor", "--self-test"], cwd=BUNDLE, env=environment, check=False
    ).returncode
