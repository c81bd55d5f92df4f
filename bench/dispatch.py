"""Measures plans of whole days against baselines, other solvers and proven optima, by an independent evaluator.

Every plan goes through the product's own problem and planner. The budget counts CPU seconds; each figure is the median
of three seeds, then of the instances of one size.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.dispatch_instances import Instance, load
from bench.dispatch_peers import ROOT, costs, evaluator, modules, peers_python
from bench.report import Figure, Report
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.domain.dispatch import Limits, Plan, Planner, best_plan
from storeapp.domain.dispatch_check import check

OUT = ROOT / "build" / "bench" / "dispatch"
SEEDS = (1, 2, 3)
SIZES = ((20, 5, 1), (50, 10, 1), (100, 20, 1), (200, 40, 1))
GAPS: dict[tuple[int, float], float] = {
    (50, 1.0): 0.5,
    (100, 1.0): 1.5,
    (200, 1.0): 2.5,
    (50, 5.0): 0.5,
    (100, 5.0): 0.5,
    (200, 5.0): 0.5,
}
"""Percent above the best known, by orders and CPU seconds."""
REGION = (500, 100, 12)
GAPS[500, 30.0] = 1.0
FIRST_MS = {50: 20, 100: 50, 200: 170}
SMALL, SMALL_MS, SMALL_SHARE, SNAPSHOTS = 20, 120, 5, 40
PROVE_S = 60.0
BELOW_GREEDY = -25


@dataclass(slots=True)
class Scores:
    """What was found on one instance: cost by who found it, and times in milliseconds."""

    orders: int
    size: str
    cost: dict[str, int] = field(default_factory=dict)
    first_ms: float = 0.0
    all_ms: dict[str, float] = field(default_factory=dict)
    best: int = 0
    proven: bool = False

    def gap(self, name: str) -> float:
        """Percent above the best known."""
        return 100 * (self.cost[name] - self.best) / self.best


def run(arguments: Sequence[str] = ()) -> Report:
    """The table of all instances, or a note where there is no evaluator."""
    args = _parse(arguments)
    folder = args.evaluator or evaluator()
    if folder is None:
        return Report("dispatch", (), {"left out": "the evaluator is not on this machine"})
    sizes = (REGION,) if args.region else SIZES
    paths = sorted(args.instances.glob("*.json")) if args.instances else list(_own_instances(folder, sizes))
    if args.only:
        paths = [path for path in paths if re.search(args.only, path.stem)]
    python = peers_python() if args.peers else None
    with modules(folder) as known:
        scores = [_score(path, args, known, folder, python) for path in paths]
    return Report("dispatch", tuple(_figures(scores, args.budget)), {"instances": len(scores), "clock": "CPU"})


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench dispatch", description=__doc__)
    parser.add_argument("--instances", type=Path, help="a folder of instances; made from fixed seeds where not given")
    parser.add_argument(
        "--evaluator", type=Path, help="the folder of the evaluator; beside the project where not given"
    )
    parser.add_argument("--only", help="a pattern that the names of instances must hold")
    parser.add_argument("--budget", type=_numbers, help="CPU seconds, with commas between; 0.2,1,5, or 30 for a region")
    parser.add_argument("--region", action="store_true", help="a region of 12 stores instead of single stores")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="without the other solvers")
    parser.add_argument("--best", type=float, default=0.0, help="CPU seconds to look for a best known plan first")
    args = parser.parse_args(arguments)
    args.budget = args.budget or ((30.0,) if args.region else (0.2, 1.0, 5.0))
    return args


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(","))


def _own_instances(folder: Path, sizes: Sequence[tuple[int, int, int]]) -> Iterator[Path]:
    """Instances of the generator, of seeds on which nothing was tuned."""
    place = OUT / "instances"
    place.mkdir(parents=True, exist_ok=True)
    for orders, guides, stores in sizes:
        for seed in range(1, 1 + (SNAPSHOTS if orders == SMALL else 3)):
            path = place / f"s{orders}_{guides}_{stores}_{seed}.json"
            if not path.exists():
                words = {"orders": orders, "guides": guides, "stores": stores, "seed": seed}
                options = [word for key, value in words.items() for word in (f"--{key}", str(value))]
                command = [sys.executable, str(folder / "gen_store.py"), *options, "-o", str(path)]
                subprocess.run(command, check=True, capture_output=True)
            yield path


def _score(path: Path, args: argparse.Namespace, known: Mapping[str, Any], folder: Path, python: Path | None) -> Scores:
    instance = load(path)
    judge = known["core"].Instance.load(path)
    orders = len(instance.problem.stops)
    scores = Scores(orders, "/".join(path.stem.lstrip("s").split("_")[:3]))
    for name, plan in (("greedy", "nearest_idle"), ("insertion", "cheapest_insertion")):
        scores.cost[name] = judge.evaluate(getattr(known["baselines"], plan)(judge))["cost"]
    for budget in args.budget:
        _measure(path, judge, budget, scores)
    if orders <= SMALL and (proven := _proven(instance)).proven:
        scores.cost["proof"] = _judged(judge, instance, proven)
    if args.best:
        scores.cost["long"] = min(_judged(judge, instance, plan) for plan in _long(instance, args.best))
    if python is not None:
        names = ["exact"] if orders <= SMALL else []
        names += ["vroom", *(f"{budget:g}" for budget in args.budget if budget >= 1)]
        scores.cost |= costs(python, folder, path, names)
    _remember_best(path.stem, scores)
    print(f"{path.stem}: best {scores.best}, {scores.cost}", file=sys.stderr, flush=True)
    return scores


def _proven(instance: Instance) -> Plan:
    """The cheapest plan by our own count, which rounds a whole way where the evaluator rounds each part of it."""
    limits = Limits(1.0, prove_s=PROVE_S)
    return best_plan(PyvrpPlanner(limits, clock=time.process_time), instance.problem)


def _long(instance: Instance, best_s: float) -> Iterator[Plan]:
    """What several searches of so many CPU seconds find; a region is searched as a whole, too, from either start."""
    found = _timed(instance, best_s, seed=9, patient=True).plan
    yield found
    if instance.stores > 1:
        for before in (found.routes, ()):
            worker = PyvrpPlanner(Limits(best_s, seed=8, patient=True), clock=time.process_time)
            yield best_plan(worker, replace(instance.problem, before=before))


def _planner(instance: Instance, limits: Limits) -> Planner:
    """As the product plans: a counter its store, the hub a region; on one core."""
    worker = PyvrpPlanner(limits, clock=time.process_time)
    return worker if instance.stores == 1 else RegionPlanner([worker], budget_s=limits.budget_s)


@dataclass(frozen=True, slots=True)
class Timed:
    """A plan and the CPU milliseconds until the first and the last."""

    plan: Plan
    first_ms: float
    all_ms: float


def _timed(instance: Instance, budget: float, *, seed: int, patient: bool = False) -> Timed:
    limits = Limits(budget, seed=seed, patient=patient or instance.stores > 1)
    started, first_ms, last = time.process_time(), 0.0, Plan()
    for plan in _planner(instance, limits).plans(instance.problem):
        first_ms = first_ms or (time.process_time() - started) * 1000
        last = plan
    return Timed(last, first_ms, (time.process_time() - started) * 1000)


def _measure(path: Path, judge: Any, budget: float, scores: Scores) -> None:
    """The median of the seeds; its plan is written for the evaluator."""
    found = []
    for seed in SEEDS:
        instance = load(path)
        timed = _timed(instance, budget, seed=seed)
        if faults := check(instance.problem, timed.plan):
            raise RuntimeError(f"{path.stem}: {faults[0]}")
        found.append((_judged(judge, instance, timed.plan), timed.all_ms, timed))
    cost, _, median = sorted(found, key=lambda each: each[:2])[len(found) // 2]
    name = f"{budget:g} s"
    scores.cost[name] = cost
    scores.first_ms = statistics.median(timed.first_ms for _, _, timed in found)
    scores.all_ms[name] = statistics.median(all_ms for _, all_ms, _ in found)
    target = OUT / "plans" / f"{path.stem}-{budget:g}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(load(path).plain(median.plan)), "utf-8")


def _judged(judge: Any, instance: Instance, plan: Plan) -> int:
    verdict = judge.evaluate({int(vehicle): events for vehicle, events in instance.plain(plan).items()})
    if not verdict["feasible"]:
        raise RuntimeError(f"{instance.name}: {verdict['bad']}")
    return int(verdict["cost"])


def _remember_best(name: str, scores: Scores) -> None:
    """The best known of all runs so far; an exact cost ends the search for it."""
    place = OUT / "best.json"
    known: dict[str, int] = json.loads(place.read_text("utf-8")) if place.exists() else {}
    scores.proven = "exact" in scores.cost or "proof" in scores.cost
    known[name] = min([known.get(name, 2**62), *scores.cost.values()])
    scores.best = known[name]
    place.write_text(json.dumps(known, indent=1), "utf-8")


def _figures(scores: Sequence[Scores], budgets: Sequence[float]) -> Iterator[Figure]:
    sizes: dict[str, list[Scores]] = defaultdict(list)
    for each in sorted(scores, key=lambda each: (each.orders, each.size)):
        sizes[each.size].append(each)
    for size, group in sizes.items():
        orders = group[0].orders
        for name in dict.fromkeys(name for each in group for name in each.cost):
            gaps = [each.gap(name) for each in group if name in each.cost]
            goal = next((goal for (n, s), goal in GAPS.items() if n == orders and f"{s:g} s" == name), None)
            yield Figure(f"{size}: {name}", round(statistics.median(gaps), 3), "%", goal)
        first_ms = statistics.median(each.first_ms for each in group)
        yield Figure(f"{size}: first plan", first_ms, "ms", FIRST_MS.get(orders))
        yield from _small(size, group) if orders <= SMALL else _large(size, group, budgets)


def _small(size: str, group: Sequence[Scores]) -> Iterator[Figure]:
    name = next(iter(group[0].all_ms))
    yield Figure(f"{size}: all", statistics.median(each.all_ms[name] for each in group), "ms", SMALL_MS)
    missed = [each for each in group if each.proven and each.gap(name) > 0]
    if proven := sum(each.proven for each in group):
        yield Figure(f"{size}: not optimal of {proven}", 100 * len(missed) / proven, "%", SMALL_SHARE)


def _large(size: str, group: Sequence[Scores], budgets: Sequence[float]) -> Iterator[Figure]:
    for budget in budgets:
        name = f"{budget:g} s"
        against = [100 * (each.cost[name] / each.cost["greedy"] - 1) for each in group]
        goal = BELOW_GREEDY if budget >= 1 else None
        yield Figure(f"{size}: {name} against greedy", statistics.median(against), "%", goal)
