"""A window and a command line on one home: both scan 200 slips, and exactly one of them hears *ok* for each."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.rules.deliveries import AssignDelivery
from tests.storeapp.services.desk import MANAGER, Store

ROOT = Path(__file__).parents[3]
SLIPS = 200


def test_every_slip_gets_exactly_one_ok(store: Store, tmp_path: Path):
    deliveries = [store.place(f"C{n}") for n in range(SLIPS)]
    with store.counter.transaction(MANAGER) as tx:
        for delivery in deliveries:
            tx.must(AssignDelivery(delivery, "G01", 0))
    papers = {"badge": store.badge().token, "slips": [store.slip(delivery).token for delivery in deliveries]}
    (tmp_path / "papers.json").write_text(json.dumps(papers))
    answers = _race(store.home.path, tmp_path / "papers.json")
    heard = [Counter(answer[slip] for answer in answers) for slip in papers["slips"]]
    assert heard == [Counter(ok=1, already_used=1)] * SLIPS
    store.counter.catch_up()
    assert {store.delivery(delivery).state for delivery in deliveries} == {DeliveryState.IN_CUSTODY}
    assert all(len(store.delivery(delivery).parcels[0].chain) == 2 for delivery in deliveries)


def _race(home: Path, papers: Path) -> list[dict[str, str]]:
    command = [sys.executable, "-m", "tests.storeapp.services.race", str(home), str(papers)]
    programs = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        outputs = [_start(program) for program in programs]
        return [json.loads(_output(program)) for program in outputs]
    finally:
        for program in programs:
            program.kill()
            program.wait()
            for pipe in (program.stdin, program.stdout):
                if pipe is not None:
                    pipe.close()


def _start(program: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert program.stdin is not None
    program.stdin.write("go\n")
    program.stdin.flush()
    return program


def _output(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.read()
