"""Reads benchmark instances into the product's own problems, and writes plans in their evaluator's form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from storeapp.adapters.travel_table import Matrix, TravelTable
from storeapp.domain.dispatch import Load, Plan, Problem, Stop, Vehicle
from storeapp.domain.place import Position
from storeapp.domain.travel import Pace, Source, SourceKind
from storeapp.domain.words import TravelMode

NOW = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
EARTH_DIAMETER_M = 12_742_000.0
ML = 1000
Raw = Mapping[str, Any]


class InstanceTravel(TravelTable):
    """The instance's own lengths and times: haversine times its detour, and parking before each door.

    Both are rounded to the nearest whole number.
    """

    def __init__(self, raw: Raw, points: Sequence[tuple[float, float]], first_door: int) -> None:
        self._detour_percent = round(raw["detour"] * 100)
        lat, lng = np.radians(np.array(points)).T
        cosines = np.cos(lat)[:, None] * np.cos(lat)
        a = np.sin((lat[:, None] - lat) / 2) ** 2 + cosines * np.sin((lng[:, None] - lng) / 2) ** 2
        metres: Matrix = np.rint(EARTH_DIAMETER_M * np.arcsin(np.sqrt(a)) * raw["detour"]).astype(np.int64)
        seconds: dict[TravelMode, Matrix] = {}
        for mode, pace in raw["modes"].items():
            table: Matrix = np.rint(metres / pace["speed"]).astype(np.int64)
            table[:, first_door:] += np.where(metres[:, first_door:] > 0, pace["park"], 0)
            seconds[TravelMode(mode)] = table
        super().__init__(metres, seconds, self)

    @override
    def source(self, _origin: int, _place: int, _mode: TravelMode, /) -> Source:
        return Source(SourceKind.ESTIMATED, self._detour_percent)


@dataclass(frozen=True, slots=True)
class Instance:
    """A problem and what leads back from its plans to the evaluator's."""

    raw: Raw
    problem: Problem

    @property
    def name(self) -> str:
        """Orders, guides, stores and seed."""
        return str(self.raw["name"])

    @property
    def stores(self) -> int:
        """How many stores it has."""
        return len(self.raw["stores"])

    def plain(self, plan: Plan) -> dict[str, list[tuple[str, int]]]:
        """The plan as the evaluator reads it: for each vehicle's number its pickups and deliveries by order number."""
        return {
            route.vehicle: [("P" if visit.pickup else "D", int(visit.stop)) for visit in route.visits]
            for route in plan.routes
        }


def load(path: Path) -> Instance:
    """One instance; the names of stops and vehicles are their numbers."""
    raw = json.loads(path.read_text("utf-8"))
    stores, guides, orders = len(raw["stores"]), len(raw["guides"]), raw["orders"]
    points = [store["pos"] for store in raw["stores"]]
    points += [guide["home"] for guide in raw["guides"]]
    points += [order["pos"] for order in orders]
    first_door = stores + guides
    paces = {TravelMode(mode): Pace(p["speed"], p["per_km"], p["park"]) for mode, p in raw["modes"].items()}
    problem = Problem(
        now=NOW,
        places=tuple(Position(*point) for point in points),
        stops=tuple(_stop(n, order, first_door + n, raw["pay"]) for n, order in enumerate(orders)),
        vehicles=tuple(_vehicle(raw, n) for n in range(len(raw["vehicles"]))),
        travel=InstanceTravel(raw, points, first_door),
        paces=paces,
        cross_percent=round(raw["cross"] * 100),
    )
    return Instance(raw, problem)


def _load(numbers: Sequence[int]) -> Load:
    return Load(numbers[0], numbers[1], numbers[2] * ML)


def _levels(level: int) -> list[str]:
    return [f"level {n}" for n in range(2, level + 1)]


def _stop(n: int, order: Raw, place: int, pay_li: int) -> Stop:
    return Stop(
        f"{n}",
        place,
        order["store"],
        order["tw"][0],
        order["tw"][1],
        ready_s=order["ready"],
        service_s=order["service"],
        load=_load(order["load"]),
        certificates=frozenset([*order["skills"], *_levels(order["level"])]),
        unserved_li=order["unserved"],
        pay_li=pay_li,
    )


def _vehicle(raw: Raw, n: int) -> Vehicle:
    window = raw["vehicles"][n]
    guide = raw["guides"][window["guide"]]
    store: int = guide["store"]
    return Vehicle(
        f"{n}",
        guide["id"],
        TravelMode(guide["mode"]),
        start=store,
        end=len(raw["stores"]) + window["guide"] if window["commute"] else store,
        start_s=window["start"],
        end_s=window["end"],
        capacity=_load(raw["modes"][guide["mode"]]["cap"]),
        certificates=frozenset([*guide["skills"], *_levels(guide["level"])]),
        most_stops=window["max_orders"],
        store=store,
    )
