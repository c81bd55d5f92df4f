"""The rows of the tables a store is set up from: stores, articles, stock, guides and known buildings."""

from dataclasses import dataclass
from datetime import time

from storeapp.domain.place import Position
from storeapp.domain.words import TravelMode


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store by its code; ``region`` is empty where it belongs to none."""

    store: str
    name: str
    address: str
    position: Position
    region: str = ""


@dataclass(frozen=True, slots=True)
class SkuRow:
    """An article; price of one piece in fen, weight in grams, volume in millilitres, what a guide needs for it."""

    sku: str
    barcode: str
    name: str
    price_fen: int
    weight_g: int
    volume_ml: int
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockRow:
    """How many pieces of an article lie in a store, and where."""

    store: str
    sku: str
    on_hand: int
    bin: str


@dataclass(frozen=True, slots=True)
class GuideRow:
    """A guide; shift times are the store's wall clock, the home is personal data."""

    guide: str
    name: str
    store: str
    mode: TravelMode
    shift_start: time
    shift_end: time
    commute_home: bool
    home: Position | None
    max_parcels: int
    max_weight_g: int
    certificates: tuple[str, ...]
    level: int = 1
    max_volume_ml: int = 0
    max_stops: int = 0


@dataclass(frozen=True, slots=True)
class BuildingRow:
    """A building of the address book: ``lane`` is the number after the street with its word."""

    city: str
    district: str
    street: str
    lane: str
    position: Position
