"""One of two programs on one home that scan the same slips; prints how many times it heard *ok*."""

import json
import sys
from pathlib import Path

from storeapp.domain.kernel import Refusal
from storeapp.services import handoff
from storeapp.services.clock import FixedClock
from storeapp.services.home import Home
from tests.storeapp.services.desk import CLERK, NOW


def main(home: str, papers: str) -> None:
    counter = Home(Path(home), FixedClock(NOW)).open()
    scans = json.loads(Path(papers).read_text())
    print("ready", flush=True)
    sys.stdin.readline()
    verdicts = {}
    for slip in scans["slips"]:
        found = handoff.scan(counter, CLERK, scans["badge"], slip)
        verdicts[slip] = found.code if isinstance(found, Refusal) else found.verdict.value
    print(json.dumps(verdicts))


if __name__ == "__main__":
    main(*sys.argv[1:])
