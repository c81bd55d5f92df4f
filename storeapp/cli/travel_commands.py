"""Commands about what plans are made with: travel times that the store has learned."""

import os
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path

from storeapp.cli.output import Exit, Reply, clock_text, table
from storeapp.cli.parser import Commands, UsageError
from storeapp.cli.people_commands import read_secret
from storeapp.cli.reason_rows import coded
from storeapp.cli.session import Session
from storeapp.domain.experience import ANY_HOUR, LearnedDetour, TravelProfile
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, store_day
from storeapp.domain.offers import Offer, cost_fen, recommended
from storeapp.domain.place import Position
from storeapp.services import experience, maps, queries, risk
from storeapp.services import roads as road_maps
from storeapp.services.ports import MapAccess
from storeapp.services.reasons import ReasonWords
from storeapp.services.situation import situation
from storeapp.services.travel import profile_of

KEY_VARIABLE = "STOREAPP_MAP_KEY"
SIGNING_VARIABLE = "STOREAPP_MAP_SIGNING_KEY"


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    commands.add("travel", travel, keyless=True).add_argument("--learn", action="store_true")
    command = commands.add("roads", roads, keyless=True)
    command.add_argument("action", choices=["show", "import", "remove"], nargs="?", default="show")
    command.add_argument("file", type=Path, nargs="?", metavar="FILE")
    command.add_argument("--radius", type=int, default=road_maps.RADIUS_M, metavar="METRES")
    commands.add("risks", risks).add_argument("--watch", action="store_true")
    command = commands.add("windows", windows)
    command.add_argument("delivery", nargs="?")
    command.add_argument("--place", nargs=2, type=float, metavar=("LAT", "LNG"))
    command.add_argument("--day", type=date.fromisoformat)
    wanted = commands.add("maps", ask_maps).add_mutually_exclusive_group()
    for name in ("--on", "--off", "--ask", "--try"):
        wanted.add_argument(name, action="store_true")


def travel(session: Session) -> Reply | Refusal:
    """What the store has learned of its ways; with ``--learn`` it learns from the days up to yesterday first."""
    counter = session.counter
    if session.args.learn:
        with counter.transaction(session.actor) as tx:
            experience.learn_in(counter, tx, upto=store_day(tx.now) - timedelta(days=1))
    profile = profile_of(counter)
    if profile is None:
        percent = counter.policy.detour_percent
        line = session.words.text("travel.nothing_learned", percent=percent)
        return Reply({"learned": None, "detour_percent": percent}, (line,))
    return _reply(session, profile)


def _reply(session: Session, profile: TravelProfile) -> Reply:
    line = session.words.text(
        "travel.learned", version=profile.version, day=profile.learned_on.isoformat(), legs=profile.legs
    )
    detours = [
        {"mode": item.mode.value, "hour": _hour(item), "percent": item.percent, "legs": item.legs}
        for item in profile.detours
    ]
    data: dict[str, object] = {
        "version": profile.version, "learned_on": profile.learned_on.isoformat(), "legs": profile.legs,
    }  # fmt: skip
    rows = table([tuple("*" if value is None else value for value in item.values()) for item in detours])
    return Reply({"learned": data | {"detours": detours}}, (line,), rows=rows)


def _hour(item: LearnedDetour) -> int | None:
    return None if item.hour == ANY_HOUR else item.hour


# -- what may be late, and what to promise


def risks(session: Session) -> Reply:
    """How surely each promised delivery is on time, the least sure first."""
    counter = session.counter
    watched = risk.watch(counter) if session.args.watch else risk.Watched()
    found = risk.risks(counter)
    rows = [
        {
            "delivery_id": item.delivery_id,
            "guide": item.guide,
            "eta": item.eta,
            "due_at": item.due_at,
            "chance_percent": round(100 * item.chance),
        }
        for item in found
    ]
    data: dict[str, object] = {"risks": rows, "warned": list(watched.warned), "cleared": list(watched.cleared)}
    lines = () if rows else (session.words.text("risks.none"),)
    shown = [(r.delivery_id, r.guide, clock_text(r.eta), clock_text(r.due_at), round(100 * r.chance)) for r in found]
    return Reply(data, lines, rows=table(shown))


def windows(session: Session) -> Reply | Refusal:
    """What each window of a day would mean, for a delivery or for a place."""
    args, counter = session.args, session.counter
    if (args.delivery is None) == (args.place is None):
        raise UsageError("windows DELIVERY, or --place LAT LNG")
    if args.place is None:
        found = risk.windows_for(counter, session.delivery(args.delivery), day=args.day)
    else:
        found = risk.windows_at(counter, _position(args.place), day=args.day)
    if isinstance(found, Refusal):
        return found
    best = recommended(found)
    text = session.words.text("windows.none") if best is None else _best_text(session, best)
    words = ReasonWords(session.words, guides=queries.guide_names(counter))
    data = {"windows": [_offered(words, offer) for offer in found], "best": _offered(words, best) if best else None}
    shown = [
        (
            _span(offer),
            offer.guide,
            cost_fen(offer),
            offer.guides,
            round(100 * offer.chance),
            words.text(offer.obstacle) if offer.obstacle else "",
        )
        for offer in found
    ]
    return Reply(dict(data), (text,), rows=table(shown))


def _position(given: list[float]) -> Position:
    try:
        return Position(given[0], given[1])
    except ValueError as error:
        raise UsageError("--place LAT LNG") from error


def _best_text(session: Session, best: Offer) -> str:
    return session.words.text(
        "windows.best",
        start=_hour_text(best.window.start),
        end=_hour_text(best.window.end),
        guide=best.guide,
        chance=round(100 * best.chance),
    )


def _span(offer: Offer) -> str:
    return f"{_hour_text(offer.window.start)}-{_hour_text(offer.window.end)}"


def _hour_text(moment: datetime) -> str:
    return f"{moment.astimezone(STORE_ZONE):%H:%M}"


def _offered(words: ReasonWords, offer: Offer) -> dict[str, object]:
    known: dict[str, object] = {"start": offer.window.start, "end": offer.window.end}
    if offer.obstacle is not None:
        return known | {"obstacle": coded(words, offer.obstacle)}
    numbers = {"cost_fen": cost_fen(offer), "extra_m": offer.extra_m, "chance_percent": round(100 * offer.chance)}
    return known | {"guide": offer.guide, "eta": offer.eta, "guides": offer.guides} | numbers


# -- the road map


def roads(session: Session) -> Reply | Refusal:
    """Show, make or take away the store's road map."""
    args, counter = session.args, session.counter
    if args.action == "import" and args.file is None:
        raise UsageError("roads import FILE")
    if args.action == "remove":
        gone = road_maps.remove_roads(counter, session.actor)
        if isinstance(gone, Refusal):
            return gone
    if args.action == "import":
        made = road_maps.import_roads(counter, session.actor, args.file, radius_m=args.radius)
        if isinstance(made, Refusal):
            return made
    about = road_maps.about_roads(counter)
    if about is None:
        return Reply({"roads": None}, (session.words.text("roads.none"),))
    kilometres = f"{about.radius_m / 1000:g}"
    text = session.words.text("roads.there", junctions=about.junctions, edges=about.edges, km=kilometres)
    return Reply({"roads": asdict(about)}, (text, session.words.text("roads.credit")))


# -- the map service


def ask_maps(session: Session) -> Reply | Refusal:
    """How the map service stands; ``--on`` reads its key, ``--off`` lets go of it, ``--ask`` and ``--try`` ask now."""
    args, counter = session.args, session.counter
    refusal: Refusal | None = None
    if args.on:
        refusal = maps.enable(counter, session.actor, _access(session))
    elif args.off:
        refusal = maps.disable(counter, session.actor)
    if refusal is not None:
        return refusal
    fetched = maps.Fetched()
    if args.ask:
        fetched = maps.fetch(counter, session.ports.maps(), situation(counter, session.clock.now()).problem)
    if getattr(args, "try"):
        fetched = maps.try_key(counter, session.ports.maps())
    found = maps.status(counter)
    problem = fetched.problem or found.problem
    lines = [session.words.text("maps.on" if found.enabled else "maps.off", asked=found.asked_today)]
    if problem:
        lines.append(session.words.text(f"maps.problem.{problem}"))
    data = {"enabled": found.enabled, "asked": fetched.pairs, "asked_today": found.asked_today, "problem": problem}
    return Reply(dict(data), tuple(lines), Exit.OFFLINE if fetched.problem else Exit.DONE)


def _access(session: Session) -> MapAccess:
    """The key from the environment, else typed or piped."""
    key = os.environ.get(KEY_VARIABLE) or read_secret(session.words.text("maps.ask_key"))
    return MapAccess(key, os.environ.get(SIGNING_VARIABLE, ""))
