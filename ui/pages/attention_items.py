"""What waits for a person, as the page shows it: grouped, one line an order, with what can be done about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storeapp.domain.catalogue import Sku
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.held import Resolution
from storeapp.domain.people import Staff
from storeapp.i18n import Translator
from storeapp.services.attention import attention_rows
from storeapp.services.counter import Counter
from storeapp.services.guides import guide_rows
from storeapp.services.queries import guide_names, order_rows
from storeapp.services.rows import AttentionRow, GuideRow, OrderRow
from storeapp.services.undone import LOST_RACE
from ui.pages.order_words import short_number


class Group(StrEnum):
    """Why something waits, the gravest first."""

    REFUSED = "refused"
    EXCEPTION = "exception"
    DISCREPANCY = "discrepancy"
    NEEDS = "needs"


SHAPES = {
    Group.REFUSED: ("corner-down-left", "warn"),
    Group.EXCEPTION: ("warning", "warn"),
    Group.DISCREPANCY: ("flag", "warn"),
    Group.NEEDS: ("circle-dashed", "text3"),
}
ASSIGN = "delivery.assign"
BELOW_ZERO = "stock_below_zero"
OVERPROMISED = "stock_overpromised"
_CHECKED = ("checked", "corrected")
_SEEN = frozenset({Resolution.ACCEPT, Resolution.REDO})
RESOLUTIONS: Mapping[str, tuple[str, ...]] = {
    "late": ("customer_told", "rescheduled", "arrived"),
    "late_risk": ("customer_told", "reassigned", "rescheduled", "arrived"),
    "damaged": ("replaced", "written_off", "refunded", "no_damage"),
    "lost": ("found", "replaced", "refunded"),
    "refused": ("returned", "rescheduled", "refunded"),
    "unreachable": ("reached", "rescheduled", "returned"),
    "wrong_address": ("address_mended", "returned"),
    "recall": ("returned", "customer_keeps"),
    "changed_in_custody": ("guide_told", "returned"),
    "refunded_after_delivery": ("returned", "loss_accepted"),
    "partly_returned": ("booked", "checked"),
    BELOW_ZERO: ("counted",),
    OVERPROMISED: ("counted", "corrected", "checked"),
    "order_of_other_store": ("handled_there", "delivered_here"),
    "other": ("done",),
}
"""What a person may decide, the usual first; other codes take ``checked`` or ``corrected``."""
_KINDS = frozenset(ExceptionKind) - {ExceptionKind.DISCREPANCY}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list: what waits, about which order, since when."""

    id: str
    group: Group
    rows: tuple[AttentionRow, ...]
    order: OrderRow | None
    article: str = ""
    """The article's name where it is about a shelf."""

    @property
    def code(self) -> str:
        """The code of the gravest of its rows."""
        return self.rows[0].code

    @property
    def at(self) -> datetime:
        """Since when it waits."""
        return self.rows[0].at

    @property
    def delivery_id(self) -> str:
        """The delivery it is about; empty where there is none here."""
        return self.order.id if self.order else ""

    @property
    def sku(self) -> str:
        """The article it is about; empty where it is about an order."""
        return str(self.rows[0].data.get("sku", ""))

    @property
    def resolutions(self) -> tuple[str, ...]:
        """What a person may decide; nothing where mending the cause takes it off the list."""
        if self.group is Group.REFUSED:
            return tuple(choice for choice in self.choices if choice not in _SEEN)
        if self.group is Group.NEEDS:
            return ()
        return RESOLUTIONS.get(self.code, _CHECKED)

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be decided here about a command that the hub did not apply."""
        return self.rows[0].choices if self.group is Group.REFUSED else ()

    @property
    def acceptable(self) -> bool:
        """Whether it is enough to have seen it."""
        return Resolution.ACCEPT in self.choices

    @property
    def reassignable(self) -> bool:
        """Whether another guide may be chosen for what the hub refused."""
        return self.acceptable and self.rows[0].data.get("kind") == ASSIGN and bool(self.delivery_id)


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that waits, with the names and the time that it is shown with."""

    items: tuple[Item, ...]
    guides: tuple[GuideRow, ...]
    names: Mapping[str, str]
    now: datetime


def read_waiting(counter: Counter) -> Waiting:
    """Read all that waits; call on the database thread."""
    rows = attention_rows(counter)
    orders = order_rows(counter, sorted({row.delivery_id for row in rows if row.delivery_id}))
    known = {order.id: order for order in orders if order is not None}
    staff = {each.id: each.name for each in counter.cache.every(Staff)}
    return Waiting(
        items=tuple(_items(rows, known, {sku.id: sku.name for sku in counter.cache.every(Sku)})),
        guides=tuple(guide for guide in guide_rows(counter) if guide.active),
        names={**staff, **guide_names(counter)},
        now=counter.clock.now(),
    )


def _items(rows: Sequence[AttentionRow], orders: Mapping[str, OrderRow], articles: Mapping[str, str]) -> Iterable[Item]:
    grouped: dict[tuple[Group, str], list[AttentionRow]] = {}
    for row in rows:
        group = group_of(row)
        key = row.delivery_id if group is Group.NEEDS else row.root or row.id
        grouped.setdefault((group, key), []).append(row)
    for (group, key), found in sorted(grouped.items(), key=lambda entry: list(Group).index(entry[0][0])):
        article = articles.get(str(found[0].data.get("sku", "")), "")
        yield Item(key, group, tuple(found), orders.get(found[0].delivery_id), article)


def group_of(row: AttentionRow) -> Group:
    """The group a row is shown in."""
    if row.source == "needs":
        return Group.NEEDS
    if row.source != "exception":
        return Group.REFUSED
    return Group.EXCEPTION if row.code in _KINDS else Group.DISCREPANCY


def title(item: Item, words: Translator) -> str:
    """What waits, in a few words."""
    if item.group is Group.NEEDS:
        return " · ".join(words.text(f"need.{row.code}") for row in item.rows)
    if item.group is Group.REFUSED:
        if item.code == LOST_RACE:
            return words.text("attention.lost_race")
        return words.text(f"attention.{item.rows[0].source}", what=command_name(item.rows[0], words))
    return words.text(f"attention.case.{item.code}")


def command_name(row: AttentionRow, words: Translator) -> str:
    """What a command that was not applied would have done."""
    kind = f"command.{row.data.get('kind')}"
    return words.text(kind if words.has(kind) else "command.other")


def subject(item: Item, words: Translator) -> str:
    """What it is about: the order with its customer, or the article."""
    if item.order is not None:
        return " · ".join(filter(None, (short_number(item.order.order_no), item.order.person.name, item.order.goods)))
    if item.sku:
        return " · ".join(filter(None, (item.sku, item.article)))
    return item.rows[0].order_no or words.text("attention.unknown_subject")


def age(item: Item, words: Translator, now: datetime) -> str:
    """How long it has waited."""
    minutes = max(0, int((now - item.at).total_seconds() // 60))
    if not minutes:
        return words.text("attention.age.now")
    if minutes < 60:
        return words.text("attention.age.minutes", n=minutes)
    if minutes < 24 * 60:
        return words.text("attention.age.hours", n=minutes // 60)
    return words.text("attention.age.days", n=minutes // (24 * 60))
