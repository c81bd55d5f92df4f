"""Commands about the area that a store serves."""

import json
import math
from pathlib import Path

from msgspec.structs import replace

from storeapp.cli.output import Reply, table
from storeapp.cli.parser import Commands
from storeapp.cli.session import Session
from storeapp.domain.area import AreaRule, AreaVerdict, Corner, Replay
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE
from storeapp.services import area as areas


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    command = commands.add("area", area)
    command.add_argument("action", choices=["show", "set", "try"], nargs="?", default="show")
    command.add_argument("--radius", type=int, metavar="METRES")
    command.add_argument("--orders", type=int, metavar="N")
    command.add_argument("--reach", type=int, metavar="MINUTES")
    command.add_argument("--zones", type=Path, metavar="FILE")


def area(session: Session) -> Reply | Refusal:
    """Show the service area, set it, or try a rule on the last days; what is not given stays as it is."""
    if session.args.action == "show":
        return _show(session)
    rule = _rule(session)
    if isinstance(rule, Refusal):
        return rule
    if session.args.action == "try":
        return _try(session, rule)
    result = areas.set_area(session.counter, session.actor, rule)
    return result if isinstance(result, Refusal) else _show(session)


def _rule(session: Session) -> AreaRule | Refusal:
    args, now = session.args, session.clock.now()
    known = areas.area_of(session.counter).at(now) or AreaRule(0, now)
    given = {"radius_m": args.radius, "orders_a_day": args.orders, "reach_minutes": args.reach}
    rule = replace(known, version=0, **{name: value for name, value in given.items() if value is not None})
    if args.zones is None:
        return rule
    zones = read_zones(args.zones.read_text("utf-8"))
    return Refusal("zone_file") if zones is None else replace(rule, zones=zones, cells=())


def read_zones(text: str) -> tuple[tuple[Corner, ...], ...] | None:
    """The outer borders of the polygons in a GeoJSON text (WGS-84); None where it is none."""
    try:
        return tuple(_ring(ring) for ring in _rings(json.loads(text)))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None


def _rings(shape: object) -> list[object]:
    if not isinstance(shape, dict):
        raise TypeError("no GeoJSON")
    match shape["type"]:
        case "FeatureCollection":
            return [ring for feature in shape["features"] for ring in _rings(feature)]
        case "Feature":
            return _rings(shape["geometry"])
        case "Polygon":
            return [shape["coordinates"][0]]
        case "MultiPolygon":
            return [polygon[0] for polygon in shape["coordinates"]]
        case _:
            raise ValueError("no polygon")


def _ring(ring: object) -> tuple[Corner, ...]:
    if not isinstance(ring, list):
        raise TypeError("no ring")
    corners = [Corner(float(lat), float(lng)) for lng, lat, *_ in ring]
    if not all(math.isfinite(c.lat) and abs(c.lat) <= 90 and abs(c.lng) <= 180 for c in corners):
        raise ValueError("outside the globe")
    return tuple(corners[:-1] if corners[0] == corners[-1] else corners)


def _show(session: Session) -> Reply:
    known = areas.area_of(session.counter)
    rules = [_told(rule) for rule in known.rules]
    present = known.at(session.clock.now())
    if present is None:
        radius = f"{session.counter.policy.radius_m} m"
        return Reply({"rule": None, "history": rules}, (session.words.text("area.none", radius=radius),))
    shown = [(r.version, f"{r.since.astimezone(STORE_ZONE):%Y-%m-%d %H:%M}", r.radius_m, r.orders_a_day,
              r.reach_minutes, len(r.zones) + len(r.cells)) for r in known.rules]  # fmt: skip
    return Reply({"rule": _told(present), "history": rules}, (rule_text(session, present),), rows=table(shown))


def rule_text(session: Session, rule: AreaRule) -> str:
    """One sentence about a rule."""
    unbound = session.words.text("area.unbound")
    return session.words.text(
        "area.rule",
        version=rule.version,
        since=f"{rule.since.astimezone(STORE_ZONE):%Y-%m-%d %H:%M}",
        radius=f"{rule.radius_m} m" if rule.radius_m else unbound,
        orders=rule.orders_a_day or unbound,
        reach=f"{rule.reach_minutes} min" if rule.reach_minutes else unbound,
        zones=len(rule.zones) + len(rule.cells),
    )


def _told(rule: AreaRule) -> dict[str, object]:
    numbers = {name: getattr(rule, name) for name in ("version", "since", *areas.BOUNDS)}
    return numbers | {"zones": [list(map(list, zone)) for zone in rule.zones], "cells": list(map(list, rule.cells))}


def _try(session: Session, rule: AreaRule) -> Reply | Refusal:
    found = areas.try_rule(session.counter, rule)
    if found is None:
        return Refusal("store_unknown")
    lines = [_replay_text(session, found.after)]
    if found.before is not None:
        lines.append(session.words.text("area.before", inside=found.before.count(AreaVerdict.INSIDE)))
    days = [(day.day.isoformat(), day.orders, day.inside) for day in found.after.days if day.orders]
    data: dict[str, object] = {"after": _counted(found.after)}
    data["before"] = _counted(found.before) if found.before else None
    return Reply(data, tuple(lines), rows=table(days))


def _counted(replay: Replay) -> dict[str, object]:
    days = [{"day": day.day, "orders": day.orders, "inside": day.inside} for day in replay.days]
    counts = {verdict.value: replay.count(verdict) for verdict in AreaVerdict}
    return {"orders": replay.orders, **counts, "full_days": replay.full_days, "days": days}


def _replay_text(session: Session, replay: Replay) -> str:
    if not replay.orders:
        return session.words.text("area.empty", days=len(replay.days))
    counts = {verdict.value: replay.count(verdict) for verdict in AreaVerdict}
    return session.words.text(
        "area.replay", days=len(replay.days), orders=replay.orders, full_days=replay.full_days, **counts
    )
