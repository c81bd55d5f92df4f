"""Plays the store day and proves it: ``python3 dev.py demo [--out DIR] [--no-window]``.

Two counters and a hub run as processes of their own, with a proxy between them that breaks the network. What the
counters say they have saved is logged here and compared at the end, by raw SQL, with journals and hub.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from devtools.demo import check
from devtools.demo.client import CounterProcess
from devtools.demo.hub import HubProcess
from devtools.demo.stage import Stage
from devtools.demo.story import CUT_FROM, CUT_TO, Story, at
from devtools.proxy import Proxy

ROOT = Path(__file__).parents[2]
DATA = ROOT / "resources" / "demo"
STORE = "XH"
LANGUAGE = "zh_CN"
PASSPHRASE = "demo-passphrase"  # noqa: S105 - of folders that are made for the demo


def main(argv: list[str]) -> int:
    """Exit status 1 where an invariant fails."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "demo", help="where everything is left")
    parser.add_argument("--no-window", action="store_true", help="play offscreen even where there is a display")
    parser.add_argument("--pace", type=float, default=1.2, help="seconds for each step that a person should see")
    wanted = parser.parse_args(argv)
    out: Path = wanted.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    os.environ["STOREAPP_PASSPHRASE"] = PASSPHRASE
    print(f"One day at store {STORE}, 2026-11-21:", flush=True)
    seen = not wanted.no_window and _has_display()
    summary = play(out, pace_s=wanted.pace if seen else 0.0, seen=seen)
    (out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return _tell(summary, out)


def _has_display() -> bool:
    return sys.platform in {"win32", "darwin"} or any(os.environ.get(x) for x in ("DISPLAY", "WAYLAND_DISPLAY"))


def play(out: Path, *, pace_s: float, seen: bool) -> dict[str, Any]:
    """The day, and what it came to; ``seen`` says whether the window is on a person's screen."""
    homes = [out / "counter-1", out / "counter-2"]
    log = out / "acknowledged.jsonl"
    hub_folder = out / "hub"
    hub_folder.mkdir()
    (out / "papers").mkdir()
    stage = Stage(out, language=LANGUAGE, pace_s=pace_s)
    hub = HubProcess(hub_folder)
    network = Proxy(hub.port)
    with log.open("w", encoding="utf-8") as lines:
        counters = _open_counters(homes, lines)
        window = _open_window(homes[0], stage, out, seen=seen)
        enrol = partial(_enrol, hub=hub, network=network)
        story = Story(*counters, network=network, data=DATA, papers=out / "papers", stage=stage, enrol=enrol)
        try:
            story.play()
        finally:
            stage.end()
            statuses = [window.wait(30), *(counter.close() for counter in counters)]
            network.close()
            statuses.append(hub.close())
    return _summary(story, homes, hub.database, log, statuses)


def _open_counters(homes: list[Path], lines: Any) -> tuple[CounterProcess, CounterProcess]:
    """The first counter is set up from the store's tables, the second is a new PC."""
    _set_up(homes[0])
    _new_home(homes[1])
    return CounterProcess("1", homes[0], lines), CounterProcess("2", homes[1], lines)


def _open_window(home: Path, stage: Stage, out: Path, *, seen: bool) -> subprocess.Popen[bytes]:
    """The window shares the first counter's home, as the command line and the window do in a store."""
    command = [sys.executable, "-m", "devtools.demo.window", str(home), str(stage.file), LANGUAGE, "light"]
    env = os.environ | ({} if seen else {"QT_QPA_PLATFORM": "offscreen"})
    with (out / "window.log").open("wb") as log:
        return subprocess.Popen(command, env=env, stdout=log, stderr=log)


def _set_up(home: Path) -> None:
    """As IT would: the command line and the store's tables."""
    storeapp = [sys.executable, "-m", "storeapp", "--home", str(home), "--at", at("08:00").isoformat(), "--json"]
    command = [*storeapp, "setup", "--store", STORE, "--data", str(DATA)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"storeapp setup ended with {done.returncode}: {done.stderr}")


def _new_home(path: Path) -> None:
    from storeapp.services.clock import FixedClock
    from storeapp.services.home import create_home

    create_home(path, clock=FixedClock(at("08:00")), passphrase=PASSPHRASE)


def _enrol(counter: CounterProcess, moment: datetime, *, hub: HubProcess, network: Proxy) -> None:
    counter.do("enrol", moment, hub=f"http://127.0.0.1:{network.port}", code=hub.enrol_code(STORE))


def _summary(story: Story, homes: list[Path], hub: Path, log: Path, statuses: list[int]) -> dict[str, Any]:
    day = story.day
    lost = check.lost_commands(log, homes)
    invariants = check.invariants(log, homes, hub) | {
        "every_process_ended_well": set(statuses) == {0},
        "a_lost_reply_was_answered_as_replayed": day.replayed > 0,
        "the_double_assignment_was_refused_once": day.told == 1,
        "a_damaged_parcel_came_back": len(day.returned) == 1,
        "unplugged_exchanges_failed_and_lost_nothing": day.offline_syncs > 0,
    }
    return {
        "orders": check.orders(homes[0]),
        "deliveries": check.deliveries_by_state(homes[0]),
        "verdicts": day.verdicts,
        "invariants": invariants,
        "saved_commands": len(check.acknowledged(log)),
        "lost_commands": len(lost),
        "conflicts": day.told,
        "replayed": day.replayed,
        "offline_syncs": day.offline_syncs,
        "offline_s": int((at(CUT_TO) - at(CUT_FROM)) / timedelta(seconds=1)),
        "timings_ms": _timings(story),
        "story": day.steps,
    }


def _timings(story: Story) -> dict[str, dict[str, float]]:
    """How long each kind of act took, seen from inside the counters."""
    acts: dict[str, list[float]] = {}
    for counter in (story.first, story.second):
        for act, times in counter.timings.items():
            acts.setdefault(act, []).extend(times)
    return {
        act: {"count": len(times), "median": round(statistics.median(times), 2), "max": round(max(times), 2)}
        for act, times in sorted(acts.items())
    }


def _tell(summary: dict[str, Any], out: Path) -> int:
    failed = [name for name, holds in summary["invariants"].items() if not holds]
    saved, lost = summary["saved_commands"], summary["lost_commands"]
    print(f"{summary['orders']} orders, deliveries {summary['deliveries']}", flush=True)
    print(f"{saved} commands shown as saved, {lost} lost; {len(summary['invariants'])} invariants", flush=True)
    for name in failed:
        print(f"FAILED: {name}", flush=True)
    print(f"Left in {out}: summary.json, papers, screens, the two counters and the hub", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
