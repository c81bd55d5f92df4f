"""Compares, by raw SQL and with nothing of the product, what was shown as saved with what journals and hub hold."""

import base64
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any


def rows(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Read a database that nobody writes to at the moment."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql, values).fetchall()


def acknowledged(log: Path) -> list[str]:
    """The command ids that the driver was told are saved."""
    return [json.loads(line)["id"] for line in log.read_text("utf-8").splitlines()]


def lost_commands(log: Path, homes: Iterable[Path]) -> list[str]:
    """Acknowledged commands that stand in no journal."""
    kept = {key for home in homes for (key,) in rows(home / "journal.db", "SELECT id FROM command")}
    return sorted(set(acknowledged(log)) - kept)


def orders(home: Path) -> int:
    """How many orders the counter knows."""
    return int(rows(home / "cache.db", "SELECT count(*) FROM delivery_view")[0][0])


def deliveries_by_state(home: Path) -> dict[str, int]:
    """How many deliveries the counter shows in each state."""
    return dict(rows(home / "cache.db", "SELECT state, count(*) FROM delivery_view GROUP BY state"))


def invariants(log: Path, homes: list[Path], hub: Path) -> dict[str, bool]:
    """Each invariant of the day by name."""
    return {
        "every_saved_command_is_in_its_journal": not lost_commands(log, homes),
        "no_command_was_acknowledged_twice": len(acknowledged(log)) == len(set(acknowledged(log))),
        "every_command_reached_the_hub_once": _all_at_hub(homes, hub),
        "nothing_waits": all(_pending(home) == 0 for home in homes),
        "device_numbers_have_no_holes": _no_holes(hub, "SELECT device || incarnation, seq FROM command_result"),
        "feed_numbers_are_unique": _unique(hub),
        "counters_show_what_the_hub_has": all(_same_states(home, hub) for home in homes),
        "stock_equals_its_movements": _stock_adds_up(homes, hub),
        "no_negative_reservation": _no_negative(hub),
        "custody_is_one_chain": _custody(hub),
        "every_sealed_order_has_its_key": all(_keys_are_there(home) for home in homes),
    }


def _pending(home: Path) -> int:
    return int(rows(home / "journal.db", "SELECT count(*) FROM outcome WHERE status = 'pending'")[0][0])


def _all_at_hub(homes: list[Path], hub: Path) -> bool:
    sent = [key for home in homes for (key,) in rows(home / "journal.db", "SELECT id FROM command")]
    received = [key for (key,) in rows(hub, "SELECT id FROM command_result")]
    return sorted(sent) == sorted(received)


def _no_holes(hub: Path, sql: str) -> bool:
    numbers: dict[str, list[int]] = {}
    for name, seq in rows(hub, sql):
        numbers.setdefault(name, []).append(seq)
    return all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())


def _unique(hub: Path) -> bool:
    found = rows(hub, "SELECT feed, seq FROM state")
    heads = dict(rows(hub, "SELECT feed, seq FROM head"))
    return len(found) == len(set(found)) and all(seq <= heads[feed] for feed, seq in found)


def _same_states(home: Path, hub: Path) -> bool:
    """A counter shows exactly the hub's rows of its feeds; the hub keeps apart what it does not send."""
    sent = {(kind, key): bytes(body) for kind, key, body in rows(hub, _SENT)}
    shown = {
        (kind, key): bytes(body) for kind, key, body in rows(home / "cache.db", "SELECT kind, id, body FROM state")
    }
    return {k: json.loads(v) for k, v in sent.items()} == {k: json.loads(v) for k, v in shown.items()}


_SENT = "SELECT kind, id, body FROM state WHERE length(body) > 0"


def _states(hub: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in rows(hub, "SELECT body FROM state WHERE kind = ?", kind)]


def _stock_adds_up(homes: list[Path], hub: Path) -> bool:
    """The hub's own events, added up, give what it says is on the shelf."""
    sums: dict[str, int] = {}
    for (events,) in rows(hub, "SELECT events FROM event_log"):
        for kind, event in json.loads(events):
            if kind == "stock.moved":
                sums[event["id"]] = sums.get(event["id"], 0) + event["quantity"]
    return bool(homes) and all(sums.get(item["id"], 0) == item["on_hand"] for item in _states(hub, "stock"))


def _no_negative(hub: Path) -> bool:
    return all(item["reserved"] >= 0 for item in _states(hub, "stock"))


def _keys_are_there(home: Path) -> bool:
    """A sealed record begins with the check of its key; without that key the person is lost."""
    orders = [json.loads(body) for (body,) in rows(home / "cache.db", "SELECT body FROM state WHERE kind = 'order'")]
    wanted = {(o["id"], base64.urlsafe_b64decode(o["sealed"][:8])[:4]) for o in orders if o["sealed"]}
    kept = {(subject, bytes(key)) for subject, key in rows(home / "keys.db", "SELECT subject, key_id FROM subject_key")}
    return wanted <= kept


def _custody(hub: Path) -> bool:
    """Every chain begins in a store, and nobody hands a parcel to its own holder."""
    chains = [parcel["chain"] for delivery in _states(hub, "delivery") for parcel in delivery["parcels"]]
    return all(chain[0]["holder"] == "store" and _moves(chain) for chain in chains)


def _moves(chain: list[dict[str, Any]]) -> bool:
    holders = [(link["holder"], link["holder_id"]) for link in chain]
    return all(before != after for before, after in pairwise(holders))
