"""Walks one parcel through a throw-away counter, to prove that an installed program has everything it needs."""

import secrets
import tempfile
from pathlib import Path
from typing import TypeVar

from storeapp.adapters.planner_process import ProcessPlanner
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.dispatch import Limits, Problem, Stop, Vehicle
from storeapp.domain.dispatch_check import check
from storeapp.domain.incoming import IncomingLine, Person
from storeapp.domain.kernel import Refusal
from storeapp.domain.people import Guide
from storeapp.domain.place import Position
from storeapp.domain.reference import StoreRow
from storeapp.domain.rules.people import RegisterGuide
from storeapp.domain.travel import Haversine
from storeapp.domain.words import Role, TravelMode
from storeapp.services import handoff, orders, outcomes, slips
from storeapp.services.clock import FixedClock, SystemClock
from storeapp.services.counter import Actor, Counter
from storeapp.services.doctor import Finding, Health
from storeapp.services.ports import PaperPainter, PaperUnavailable
from storeapp.services.setup import StoreTables, set_up

T = TypeVar("T")
SEARCH_STEPS = 20
_ACTOR = Actor("manager", Role.MANAGER)
_STORE = StoreRow("T", "T", "", Position(31.2, 121.4))
_GUIDE = Guide("G", "测试", "T", TravelMode.WALK, max_parcels=1, max_weight_g=1000)
_PERSON = Person(name="测试", phone="13800138000", address="上海市徐汇区测试路1号101室")


class _Stuck(Exception):
    """A step of the walk was refused."""


def self_test(painter: PaperPainter, *, language: str) -> list[Finding]:
    """Whether keys, databases, tokens and papers work on this machine; nothing is left behind.

    Raises:
        StoreError: the disk does not even hold a throw-away counter.
    """
    with tempfile.TemporaryDirectory(prefix="storeapp-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        counter = _counter(folder / "home")
        try:
            paper = _walk(counter)
            return [Finding("self_day", Health.WELL), _paint(painter, paper, folder, language), _plan()]
        except _Stuck as stuck:
            return [Finding("self_day", Health.BROKEN, {"cause": str(stuck)})]
        finally:
            counter.close()


def _counter(path: Path) -> Counter:
    tables = StoreTables(stores=(_STORE,), skus=(), stock=(), guides=(), buildings=(), errors=())
    clock = FixedClock(SystemClock().now())
    made = set_up(path, store="T", tables_of=tables, clock=clock, passphrase=secrets.token_hex(8))
    return made.home.open()


def _walk(counter: Counter) -> slips.SlipPaper:
    """From the order to the customer; returns the slip that was handed over with."""
    with counter.transaction(_ACTOR) as tx:
        tx.must(RegisterGuide(_GUIDE))
    goods = (IncomingLine("X", 1, 100),)
    delivery = _granted(orders.place(counter, _ACTOR, orders.NewOrder(_PERSON, goods)))
    slip = _granted(slips.issue_slip(counter, _ACTOR, delivery))
    badge = _granted(slips.issue_badge(counter, _ACTOR, _GUIDE.id))
    if not _granted(handoff.scan(counter, _ACTOR, badge.qr_text, slip.qr_text)).saved:
        raise _Stuck("scan")
    code = _granted(outcomes.reveal_code(counter, _ACTOR, delivery.rpartition("-")[0]))
    _granted(outcomes.deliver(counter, _ACTOR, delivery, code))
    job = counter.cache.get(Delivery, delivery)
    if job is None or job.state is not DeliveryState.DELIVERED:
        raise _Stuck("deliver")
    return slip


def _granted(answer: T | Refusal) -> T:
    if isinstance(answer, Refusal):
        raise _Stuck(answer.code)
    return answer


def _plan() -> Finding:
    """Have the planner's own process plan two stops; its steps tell that it was not insertion here instead."""
    places = tuple(Position(31.2 + number / 1000, 121.4) for number in range(3))
    stops = tuple(Stop(str(number), number, 0, 0, 3600) for number in (1, 2))
    guide = Vehicle("G/0", "G", TravelMode.WALK, 0, 0, 0, 7200)
    problem = Problem(SystemClock().now(), places, stops, (guide,), Haversine(places))
    planner = ProcessPlanner(Limits(budget_s=None, steps=SEARCH_STEPS, patient=True))
    try:
        plans = list(planner.plans(problem))
    finally:
        planner.close()
    if not planner.searched:
        return Finding("self_planner", Health.BROKEN, {"cause": "process"})
    faults = [fault for plan in plans for fault in check(problem, plan)]
    return Finding("self_planner", Health.BROKEN if faults else Health.WELL, {"cause": faults[0]} if faults else {})


def _paint(painter: PaperPainter, paper: slips.SlipPaper, folder: Path, language: str) -> Finding:
    try:
        for ending in ("pdf", "png"):
            out = folder / f"slip.{ending}"
            painter.slip(paper.content, out=out, width_mm=80, language=language)
            if not out.stat().st_size:
                return Finding("self_papers", Health.BROKEN, {"cause": ending})
    except PaperUnavailable as error:
        return Finding("self_papers", Health.BROKEN, {"cause": error.code})
    return Finding("self_papers", Health.WELL)
