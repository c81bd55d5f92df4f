"""Finds a Python to measure with that was compiled with profile-guided optimisation, as those of installers are.

A version manager compiles without it unless it is told to, and such a Python takes a tenth to a fifth longer.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

USUAL = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
_FLAG = "--enable-optimizations"
_OF_THE_SYSTEM = "/usr"
_QUESTION = "import ensurepip, sys, sysconfig; print(sys.base_prefix, sysconfig.get_config_var('CONFIG_ARGS'))"


def is_optimised(prefix: str, configured: str | None) -> bool:
    """Whether a Python was, which stands below a prefix; the one for Windows is, and keeps no word of it.

    Distributions compile theirs so by another way than the flag: Debian by the target ``profile-opt``.
    """
    return configured is None or _FLAG in configured or prefix == _OF_THE_SYSTEM


def optimised() -> str | None:
    """Another Python of this version that was optimised, None where there is none, or this one was."""
    if is_optimised(sys.base_prefix, sysconfig.get_config_var("CONFIG_ARGS")):
        return None
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *USUAL]
    return first_optimised([Path(folder) for folder in folders if folder])


def first_optimised(folders: Sequence[Path]) -> str | None:
    """The first in these folders that is of this version, was optimised and can make environments."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    programs = dict.fromkeys(str(folder / name) for folder in folders if (folder / name).is_file())
    return next((program for program in programs if _is_optimised(program)), None)


def _is_optimised(program: str) -> bool:
    try:
        asked = subprocess.run([program, "-c", _QUESTION], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    prefix, _, configured = asked.stdout.strip().partition(" ")
    return asked.returncode == 0 and is_optimised(prefix, configured)
