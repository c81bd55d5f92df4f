"""Sets a store up from its tables: catalogue, stock, guides, buildings, and the first person who may sign in."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from storeapp.adapters.intake import tables
from storeapp.adapters.intake.tables import Reading
from storeapp.domain.catalogue import Sku, Store
from storeapp.domain.certificate import Certificate, CertificateKind, certify
from storeapp.domain.incoming import Person, RowError
from storeapp.domain.kernel import Command
from storeapp.domain.people import Guide, Staff, home_subject
from storeapp.domain.reference import BuildingRow, GuideRow, SkuRow, StockRow, StoreRow
from storeapp.domain.rules.people import (
    LocateBuilding,
    RegisterGuide,
    RegisterSku,
    RegisterStaff,
    RegisterStore,
)
from storeapp.domain.rules.stock import OpenStock
from storeapp.domain.words import Role
from storeapp.services.addresses import building_id
from storeapp.services.clock import Clock
from storeapp.services.counter import SYSTEM, Counter
from storeapp.services.home import Home, create_home, device_key, discard_unfinished
from storeapp.services.staff import FIRST_MANAGER

T = TypeVar("T")

DEFAULT_BRAND = "demo"
ROOT_YEARS = 20


class UnknownStore(Exception):
    """The tables hold no store with this code."""

    code = "unknown_store"


@dataclass(frozen=True, slots=True)
class StoreTables:
    """What the tables of a folder hold; rows in error are told, and the rest is used."""

    stores: tuple[StoreRow, ...]
    skus: tuple[SkuRow, ...]
    stock: tuple[StockRow, ...]
    guides: tuple[GuideRow, ...]
    buildings: tuple[BuildingRow, ...]
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class SetUp:
    """What set-up gives: how much was entered, and the recovery key that is shown once."""

    home: Home
    recovery_key: str
    skus: int
    guides: int
    buildings: int
    errors: tuple[RowError, ...]


def read_tables(folder: Path) -> StoreTables:
    """Read stores.csv, skus.csv, stock.csv, guides.csv and addresses.csv; a missing file counts as empty.

    Raises:
        OSError: a file cannot be read.
    """
    errors: list[RowError] = []

    def rows(name: str, read: Callable[[Path], Reading[T]]) -> tuple[T, ...]:
        path = folder / name
        if not path.exists():
            return ()
        reading = read(path)
        errors.extend(reading.errors)
        return reading.rows

    return StoreTables(
        stores=rows("stores.csv", tables.read_stores),
        skus=rows("skus.csv", tables.read_skus),
        stock=rows("stock.csv", tables.read_stock),
        guides=rows("guides.csv", tables.read_guides),
        buildings=rows("addresses.csv", tables.read_buildings),
        errors=tuple(errors),
    )


def set_up(
    path: Path,
    *,
    store: str,
    tables_of: StoreTables,
    clock: Clock,
    brand: str = DEFAULT_BRAND,
    passphrase: str | None = None,
) -> SetUp:
    """Make a stand-alone counter for one store.

    Raises:
        UnknownStore: the tables hold no such store; nothing was made.
        FileExistsError: there is a counter already.
        VaultError: the keyring failed, or the passphrase is too short.
    """
    if store not in {row.store for row in tables_of.stores}:
        raise UnknownStore
    discard_unfinished(path)
    new = create_home(path, clock=clock, passphrase=passphrase)
    counter = new.home.open()
    try:
        identify(counter, store=store, brand=brand)
        enter_tables(counter, tables_of)
    finally:
        counter.close()
    return SetUp(
        new.home,
        new.recovery_key,
        skus=len(tables_of.skus),
        guides=sum(row.store == store for row in tables_of.guides),
        buildings=len(tables_of.buildings),
        errors=tables_of.errors,
    )


def identify(counter: Counter, *, store: str, brand: str) -> None:
    """Give the counter its name and the store its own root certificate."""
    key = device_key(counter)
    device = f"dev-{secrets.token_hex(6)}"
    start = counter.clock.now().replace(microsecond=0) - timedelta(days=1)
    root = Certificate(
        kind=CertificateKind.ROOT,
        device=device,
        store=store,
        public_key=key.public,
        not_before=start,
        not_after=start + timedelta(days=365 * ROOT_YEARS),
        issuer_key_id=key.key_id,
    )
    with counter.journal.writing():
        counter.journal.identify(
            store=store, brand=brand, device=device, root_certificate=certify(root, key.sign).text()
        )
    counter.reload()


def enter_tables(counter: Counter, given: StoreTables) -> None:
    """Enter what the tables say, in one use-case; what concerns other stores is left out."""
    commands: list[Command] = [
        *(RegisterStore(Store(r.store, r.name, r.address, r.position, r.region)) for r in given.stores),
        *(
            RegisterSku(Sku(r.sku, r.barcode, r.name, r.price_fen, r.weight_g, r.volume_ml, r.certificates))
            for r in given.skus
        ),
        *(OpenStock(r.store, r.sku, r.on_hand, r.bin) for r in given.stock if r.store == counter.store),
        *_guides(counter, [r for r in given.guides if r.store == counter.store]),
        *(LocateBuilding(building_id(r), r.position) for r in given.buildings),
        RegisterStaff(Staff(FIRST_MANAGER, FIRST_MANAGER, Role.MANAGER, counter.store)),
    ]
    _run(counter, commands)


def _guides(counter: Counter, rows: Sequence[GuideRow]) -> Iterable[RegisterGuide]:
    subjects = [home_subject(row.guide) for row in rows if row.home]
    keys = counter.privacy.keys_for(subjects, now=counter.clock.now())
    for row in rows:
        subject = home_subject(row.guide)
        sealed = counter.privacy.seal(Person(position=row.home), keys.get(subject), subject=subject) if row.home else ""
        yield RegisterGuide(
            Guide(
                id=row.guide,
                name=row.name,
                store=row.store,
                mode=row.mode,
                max_parcels=row.max_parcels,
                max_weight_g=row.max_weight_g,
                certificates=row.certificates,
                commute_home=row.commute_home,
                sealed_home=sealed,
                hours=(row.shift_start, row.shift_end),
                level=row.level,
                max_volume_ml=row.max_volume_ml,
                max_stops=row.max_stops,
            )
        )


def _run(counter: Counter, commands: Iterable[Command]) -> None:
    with counter.transaction(SYSTEM) as transaction:
        for command in commands:
            transaction.must(command)
