"""Enters what headquarters lays down, from the tables that a store is set up from: the hub decides for itself."""

import errno
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from hub.core import Hub
from hub.lending import settle_batch
from hub.places import feed_of
from hub.problems import HubProblem
from hub.states import States, write
from hub.tables import event_log, order_key
from storeapp.adapters import sealing
from storeapp.adapters.intake import tables
from storeapp.adapters.transport_keys import key_purpose
from storeapp.codec import encode_events
from storeapp.domain.catalogue import Building, Policy, Sku, Store
from storeapp.domain.feeds import feeds_of
from storeapp.domain.incoming import Person, RowError
from storeapp.domain.kernel import Command, Context, Refusal
from storeapp.domain.people import Guide, home_subject
from storeapp.domain.place import distance_m
from storeapp.domain.reference import BuildingRow, GuideRow, StoreRow
from storeapp.domain.rules.people import LocateBuilding, RegisterGuide, RegisterSku, RegisterStore, SetPolicy
from storeapp.domain.rules.stock import OpenStock
from storeapp.domain.stock import StockItem, stock_id
from storeapp.domain.words import Role
from storeapp.domain.workspace import Workspace

HUB_ACTOR = "hub"
NEARBY_FACTOR = 2
"""A store's address book holds the buildings within this many delivery radii."""


@dataclass(frozen=True, slots=True)
class Entered:
    """How many rows of each table were read, and the rows that could not be."""

    counts: dict[str, int]
    errors: tuple[RowError, ...]


def import_tables(hub: Hub, folder: Path) -> Entered:
    """Enter the tables that are in a folder; entering the same again changes nothing.

    Returns:
        How many stores, articles, guides, buildings and stock items there are, and the rows that could not be read.

    Raises:
        NotADirectoryError: there is no such folder; a typing error is no empty set of tables.
    """
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "no folder")
    stores = _rows(folder, "stores.csv", tables.read_stores)
    skus = _rows(folder, "skus.csv", tables.read_skus)
    guides = _rows(folder, "guides.csv", tables.read_guides)
    stock = _rows(folder, "stock.csv", tables.read_stock)
    buildings = _rows(folder, "addresses.csv", tables.read_buildings)
    brand: list[Command] = [RegisterStore(Store(r.store, r.name, r.address, r.position, r.region)) for r in stores.rows]
    brand += [
        RegisterSku(Sku(r.sku, r.barcode, r.name, r.price_fen, r.weight_g, r.volume_ml, r.certificates))
        for r in skus.rows
    ]
    brand += _policy(folder)
    _decide(hub, "", brand)
    by_store: dict[str, list[Command]] = defaultdict(list)
    for row in stock.rows:
        by_store[row.store].append(OpenStock(row.store, row.sku, row.on_hand, row.bin))
    for store in stores.rows:
        by_store[store.store] += _near(store, buildings.rows)
    for guide in guides.rows:
        by_store[guide.store].append(RegisterGuide(_guide(hub, guide)))
    for name, commands in by_store.items():
        _decide(hub, name, commands)
    read = {"stores": stores, "skus": skus, "guides": guides, "stock": stock, "buildings": buildings}
    wrong = tuple(error for reading in read.values() for error in reading.errors)
    return Entered({name: len(reading.rows) for name, reading in read.items()}, wrong)


def _rows(folder: Path, name: str, read: Any) -> tables.Reading[Any]:
    path = folder / name
    return read(path) if path.exists() else tables.Reading((), ())


def _policy(folder: Path) -> list[Command]:
    path = folder / "policy.json"
    if not path.exists():
        return []
    try:
        return [SetPolicy(msgspec.json.decode(path.read_bytes(), type=Policy))]
    except msgspec.MsgspecError as error:
        raise HubProblem("malformed_request", file=path.name) from error


def _near(store: StoreRow, rows: Sequence[BuildingRow]) -> Iterator[Command]:
    reach_m = NEARBY_FACTOR * Policy().radius_m
    for row in rows:
        if distance_m(store.position, row.position) <= reach_m:
            yield LocateBuilding("|".join((row.city, row.district, row.street, row.lane)), row.position)


def _guide(hub: Hub, row: GuideRow) -> Guide:
    return Guide(
        id=row.guide,
        name=row.name,
        store=row.store,
        mode=row.mode,
        max_parcels=row.max_parcels,
        max_weight_g=row.max_weight_g,
        certificates=row.certificates,
        commute_home=row.commute_home,
        sealed_home=_sealed_home(hub, row),
        hours=(row.shift_start, row.shift_end),
        level=row.level,
        max_volume_ml=row.max_volume_ml,
        max_stops=row.max_stops,
    )


def _sealed_home(hub: Hub, row: GuideRow) -> str:
    if row.home is None:
        return ""
    subject, key = home_subject(row.guide), sealing.new_order_key()
    sealed = sealing.seal(Person(position=row.home), key, subject=subject)
    key_id = sealing.sealed_with(sealed)
    wrapped = hub.root.wrap(key, key_purpose(subject, key_id))
    with hub.db.writing() as connection:
        hub.db.add(connection, order_key, [{"subject": subject, "key_id": key_id, "wrapped": wrapped}])
    return sealed


def _decide(hub: Hub, store: str, commands: Sequence[Command]) -> None:
    """Run commands of the hub's own in one transaction; ``store`` is empty for the brand's."""
    feeds = set(feeds_of(store)) if store else {feeds_of("")[0]}
    with hub.db.writing() as connection:
        heads = hub.db.lock_heads(connection, feeds)
        states = States(hub.db, connection, store=store)
        work = Workspace(states)
        log = [row for command in commands if (row := _run(hub, work, store, command)) is not None]
        settle_batch(states, work)
        rows = states.changes(work.dirty)
        heads |= hub.db.lock_heads(connection, {feed_of(state, store=store) for state in work.dirty.values()})
        write(hub.db, connection, rows, heads)
        if log:
            connection.execute(event_log.insert(), log)
    hub.bell.ring(feeds)


def _is_news(work: Workspace, command: Command) -> bool:
    """Whether the tables say something that is not known: what people have counted or found since stands."""
    match command:
        case OpenStock():
            return work.get(StockItem, stock_id(command.store, command.sku)) is None
        case LocateBuilding():
            return work.get(Building, command.building) is None
        case RegisterGuide():
            before = work.get(Guide, command.guide.id)
            return (
                before is None or replace(command.guide, sealed_home=before.sealed_home, badge=before.badge) != before
            )
        case _:
            return True


def _run(hub: Hub, work: Workspace, store: str, command: Command) -> dict[str, Any] | None:
    if not _is_news(work, command):
        return None
    context = Context(hub.now(), str(uuid4()), store, HUB_ACTOR, HUB_ACTOR, Role.MANAGER)
    decided = work.run(command, context)
    if isinstance(decided, Refusal) or not decided:
        return None
    return {
        "command_id": context.command_id,
        "store": store,
        "device": HUB_ACTOR,
        "actor": HUB_ACTOR,
        "kind": command.KIND,
        "at": context.now.isoformat(),
        "events": encode_events(decided),
    }
