"""Writes requirements.lock: every package for every supported system, with hashes and without any registry's name."""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence

from devtools import ROOT, SetupProblem
from devtools.environment import LOCK, create_venv, pip_install, venv_program

UV = "uv==0.13.9"
SCRATCH = ROOT / "build" / "lock-tools"
UV_NAMES: Mapping[str, str] = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "trusted-host": "UV_INSECURE_HOST",
}
# pip lets the later of these override the earlier.
PIP_SCOPES = ("global", "install", ":env:")


def uv_settings(pip_config: Iterable[str]) -> dict[str, str]:
    """How this machine reaches its registry, in uv's words.

    Extra indexes and local folders of wheels are left out on purpose: hashes of files that only this
    machine has would make a lock that nobody else can install.

    Args:
        pip_config: the lines of ``pip config list``, such as ``global.cert='/etc/ca.pem'``.
    """
    ranked: list[tuple[int, str, str]] = []
    for line in pip_config:
        key, _, value = line.partition("=")
        scope, _, option = key.rpartition(".")
        if scope in PIP_SCOPES and option in UV_NAMES:
            ranked.append((PIP_SCOPES.index(scope), UV_NAMES[option], value.strip().strip("'\"")))
    return {name: value for _, name, value in sorted(ranked)}


def compile_command(uv: str, *, upgrade: bool) -> list[str]:
    """Resolve pyproject.toml with all extras for all systems and every Python from 3.11 on."""
    command = [uv, "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--only-binary", ":all:", "--no-header", "--no-emit-index-url", "--quiet"]
    return [*command, "--output-file", str(LOCK), *(["--upgrade"] if upgrade else [])]


def addresses(lock: str) -> list[str]:
    """The lines of a lock that name a place on the network; a good lock has none."""
    return [line for line in lock.splitlines() if "://" in line or "index-url" in line or "find-links" in line]


def lock(*, upgrade: bool) -> int:
    """Resolve the dependencies again, keeping the pins that still fit unless told to upgrade.

    Raises:
        SetupProblem: uv could not be installed or found no solution, or the lock names a registry.
    """
    create_venv(SCRATCH)
    python = str(venv_program("python", venv=SCRATCH))
    pip_install(python, [UV], "uv could not be installed")
    listed = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    environment = {**uv_settings(listed.stdout.splitlines()), **os.environ}
    uv = str(venv_program("uv", venv=SCRATCH))
    _resolve(compile_command(uv, upgrade=upgrade), environment)
    print(f"{LOCK.name} is up to date; commit it together with pyproject.toml")
    return 0


def _resolve(command: Sequence[str], environment: Mapping[str, str]) -> None:
    if subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
        raise SetupProblem("The dependencies could not be resolved")
    if found := addresses(LOCK.read_text("utf-8")):
        raise SetupProblem(f"The lock names a place on the network: {found[0].strip()}")
