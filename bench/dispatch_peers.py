"""What others make of the same instances: the evaluator's own baselines, and solvers in an environment of their own."""

import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "dispatch"
VENV = ROOT / "build" / "bench" / "venv"
PACKAGES = ("numpy", "ortools==9.15.6755", "pyvroom==1.15.2")
PEER_S = 1200
_RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from core import Instance
found = {}
inst = Instance.load(sys.argv[2])
for name in sys.argv[3:]:
    if name == "exact":
        from exact import solve_exact
        try:
            status, plan, _ = solve_exact(inst)
        except RuntimeError:
            continue
        found[name if status == "OPTIMAL" else "best of exact"] = inst.evaluate(plan)["cost"]
    elif name == "vroom":
        import eng_vroom
        log, _, _ = eng_vroom.run(inst)
        found["VROOM"] = inst.evaluate(log[-1][1])["cost"]
    else:
        import eng_ortools
        log, _, _ = eng_ortools.run(inst, float(name))
        if log:
            found[f"OR-Tools {name} s"] = inst.evaluate(inst.prune(log[-1][1]))["cost"]
print(json.dumps(found))
"""


def evaluator() -> Path | None:
    """The folder with the independent evaluator, None where it is not there."""
    return SHARED if (SHARED / "core.py").exists() else None


@contextlib.contextmanager
def modules(folder: Path) -> Iterator[Mapping[str, ModuleType]]:
    """The evaluator's modules, under their own names while they import each other."""
    sys.path.insert(0, str(folder))
    try:
        yield {name: _module(name, folder) for name in ("core", "baselines")}
    finally:
        sys.path.remove(str(folder))


def _module(name: str, folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def peers_python() -> Path | None:
    """The interpreter that has the other solvers; they are installed where they are missing, None where they can't."""
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    has = [str(python), "-c", "import ortools, vroom, numpy"]
    if subprocess.run(has, check=False, capture_output=True).returncode == 0:
        return python
    install = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *PACKAGES]
    return python if subprocess.run(install, check=False, capture_output=True).returncode == 0 else None


def costs(python: Path, folder: Path, instance: Path, names: list[str]) -> dict[str, int]:
    """What the named peers' plans cost; a number names a budget of OR-Tools. A peer that fails is left out."""
    command = [str(python), "-c", _RUN, str(folder), str(instance), *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PEER_S)
    except subprocess.TimeoutExpired:
        return {}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    return {name: int(cost) for name, cost in found.items()}
