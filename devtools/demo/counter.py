"""One counter as a process of its own: reads one act a line, does it through the services, answers one line.

``{"do": "scan", "at": "2026-11-21T10:05:00+08:00", "args": {…}}`` is answered with
``{"result": …, "refused": code or null, "saved": [command ids], "ms": …}``; the ids are those that the
services returned from, so a person would have seen them as saved.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from devtools.demo.acts import ACTS
from storeapp.domain.kernel import Refusal
from storeapp.services.clock import FixedClock
from storeapp.services.home import Home


def main(argv: list[str]) -> int:
    """Serve acts until the input ends; the only argument is the home folder."""
    clock = FixedClock(datetime.fromisoformat("2026-11-21T08:00:00+08:00"))
    home = Home(Path(argv[0]), clock).unlock()
    counter = home.open()
    try:
        for line in sys.stdin:
            print(json.dumps(_act(counter, clock, json.loads(line)), ensure_ascii=False), flush=True)
    finally:
        counter.close()
    return 0


def _act(counter: Any, clock: FixedClock, wanted: dict[str, Any]) -> dict[str, Any]:
    clock.moment = datetime.fromisoformat(wanted["at"])
    saved: list[str] = []
    counter.on_saved = lambda entries: saved.extend(entry.id for entry in entries)
    start = time.perf_counter()
    result = ACTS[wanted["do"]](counter, **wanted["args"])
    answer: dict[str, Any] = {"result": result, "refused": None}
    if isinstance(result, Refusal):
        answer = {"result": dict(result.data), "refused": result.code}
    return answer | {"saved": saved, "ms": round((time.perf_counter() - start) * 1000, 2)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
