"""Reads what screens and the command line show; nothing here changes anything."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from storeapp.domain.address import parse_address
from storeapp.domain.catalogue import Sku
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.incoming import Person
from storeapp.domain.masking import mask_address, mask_name, mask_phone
from storeapp.domain.moment import STORE_ZONE, store_day
from storeapp.domain.order import Order
from storeapp.domain.people import Guide
from storeapp.domain.stock import StockItem, stock_id
from storeapp.services import undone
from storeapp.services.counter import Counter
from storeapp.services.lending import guides_here
from storeapp.services.rows import (
    Board,
    Counts,
    LineRow,
    LinkRow,
    MaskedPerson,
    OrderDetail,
    OrderRow,
    TimelineRow,
)
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

COLUMN_LIMIT = 300
"""Cards a column of the board holds; a store has fewer open deliveries on any day that it can serve."""


class Column(StrEnum):
    """The board's columns."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    OUT = "out"
    BACK = "back"
    DONE = "done"


COLUMN_STATES: dict[Column, tuple[DeliveryState, ...]] = {
    Column.WAITING: (DeliveryState.WAITING,),
    Column.ASSIGNED: (DeliveryState.ASSIGNED,),
    Column.OUT: (
        DeliveryState.IN_CUSTODY,
        DeliveryState.PARTLY_DELIVERED,
        DeliveryState.WITH_COURIER,
        DeliveryState.AT_PICKUP_POINT,
    ),
    Column.BACK: (DeliveryState.FAILED, DeliveryState.RETURNING, DeliveryState.RETURNED),
    Column.DONE: (DeliveryState.DELIVERED, DeliveryState.COLLECTED, DeliveryState.CANCELLED),
}


def order_ids(counter: Counter, wanted: OrderFilter) -> list[str]:
    """Delivery ids in order; text finds order numbers, SKUs, articles and guides, and people by keyed hashes."""
    return lists.delivery_ids(counter.cache.db, wanted, hashes=counter.privacy.finder_terms(wanted.text))


def order_rows(counter: Counter, ids: Sequence[str]) -> list[OrderRow | None]:
    """The rows of these deliveries, in this order; None for one that is gone."""
    deliveries = counter.cache.many(Delivery, ids)
    orders = counter.cache.many(Order, [delivery.order_id for delivery in deliveries.values()])
    people = counter.privacy.people(orders.values())
    names = guide_names(counter)
    titles = _titles(counter, orders.values())
    open_ones = lists.unconfirmed(counter.cache.db, ids) if counter.enrolled else set()
    found: list[OrderRow | None] = []
    for key in ids:
        delivery = deliveries.get(key)
        order = orders.get(delivery.order_id) if delivery else None
        if delivery is None or order is None:
            found.append(None)
            continue
        person = masked(people.get(order.id), kept=bool(order.sealed))
        found.append(_row(order, delivery, person=person, names=names, titles=titles, unconfirmed=key in open_ones))
    return found


def _row(
    order: Order,
    delivery: Delivery,
    *,
    person: MaskedPerson,
    names: dict[str, str],
    titles: dict[str, str],
    unconfirmed: bool,
) -> OrderRow:
    return OrderRow(
        id=delivery.id,
        order_id=order.id,
        order_no=order.order_no,
        platform=order.platform,
        state=delivery.state,
        status=order.status,
        mode=order.mode,
        window=order.window,
        created_at=order.created_at,
        guide=delivery.guide,
        guide_name=names.get(delivery.guide, delivery.guide),
        eta=delivery.eta,
        pieces=delivery.pieces,
        weight_g=delivery.weight_g,
        needs=order.needs,
        located=order.located,
        finished_at=delivery.finished_at,
        person=person,
        goods=_goods(order, titles),
        unconfirmed=unconfirmed,
        assignments=delivery.assignments,
        priority=delivery.priority,
    )


def _titles(counter: Counter, orders: Iterable[Order]) -> dict[str, str]:
    """The catalogue's names of the first articles that came without one."""
    unnamed = [order.lines[0].sku for order in orders if order.lines and not order.lines[0].title]
    return {sku.id: sku.name for sku in counter.cache.many(Sku, unnamed).values()}


def _goods(order: Order, titles: dict[str, str]) -> str:
    if not order.lines:
        return ""
    first = order.lines[0].title or titles.get(order.lines[0].sku, order.lines[0].sku)
    return first if len(order.lines) == 1 else f"{first} +{len(order.lines) - 1}"


def masked(person: Person | None, *, kept: bool = True) -> MaskedPerson:
    """A person as a list may show one; ``kept`` says whether a sealed record is still there."""
    if person is None:
        return MaskedPerson(forgotten=not kept)
    address = parse_address(person.address)
    return MaskedPerson(
        name=mask_name(person.name),
        phone=mask_phone(person.phone),
        address=mask_address(person.address),
        area=address.street + address.lane or address.district,
        has_note=bool(person.note),
        known=True,
    )


def guide_names(counter: Counter) -> dict[str, str]:
    """The names of all guides by code."""
    return {guide.id: guide.name for guide in [*counter.cache.every(Guide), *guides_here(counter)]}


def board(counter: Counter) -> Board:
    """The deliveries of the day by column, the most urgent first; finished ones the latest first."""
    today = _day_start(counter.clock.now())
    columns = {}
    for column, states in COLUMN_STATES.items():
        done = column is Column.DONE
        wanted = OrderFilter(
            states=states,
            sort="finished_at" if done else "window_end",
            descending=done,
            finished_since=today if done else None,
            limit=COLUMN_LIMIT,
        )
        rows = order_rows(counter, lists.delivery_ids(counter.cache.db, wanted, hashes=()))
        columns[column.value] = tuple(row for row in rows if row is not None)
    return Board(**columns)


def _day_start(now: datetime) -> datetime:
    return datetime.combine(store_day(now), datetime.min.time(), STORE_ZONE).astimezone(UTC)


def counts(counter: Counter) -> Counts:
    """The numbers on the rail and in the bar."""
    db = counter.cache.db
    by_state = {DeliveryState(state): n for state, n in lists.count_by_state(db).items()}
    journal = counter.journal.counts()
    return Counts(
        by_state=by_state,
        attention=lists.count_open_cases(db) + lists.count_needing(db) + undone.count(counter),
        pending=sum(n for status, n in journal.items() if status.value == "pending"),
        open=sum(n for state, n in by_state.items() if state not in COLUMN_STATES[Column.DONE]),
    )


def delivery_of(counter: Counter, text: str) -> str | None:
    """The delivery id that a person means by an id or an order number; None where none or several fit."""
    if counter.cache.get(Delivery, text) is not None:
        return text
    found = lists.by_number(counter.cache.db, text)
    return found[0] if len(found) == 1 else None


def order_detail(counter: Counter, delivery_id: str) -> OrderDetail | None:
    """Everything about one order, without personal data in clear."""
    row = order_rows(counter, [delivery_id])[0]
    delivery = counter.cache.get(Delivery, delivery_id)
    order = counter.cache.get(Order, row.order_id) if row else None
    if row is None or delivery is None or order is None:
        return None
    cases = (counter.cache.get(ExceptionCase, case_id) for case_id in lists.cases_of(counter.cache.db, delivery_id))
    parcel = delivery.parcels[0]
    return OrderDetail(
        row=row,
        order=order,
        lines=tuple(line_rows(counter, order)),
        timeline=tuple(timeline(counter, (order.id, delivery.id))),
        custody=tuple(_links(delivery, guide_names(counter))),
        cases=tuple(case for case in cases if case is not None),
        assignments=delivery.assignments,
        reprint=parcel.slip.reprint if parcel.slip else None,
    )


def line_rows(counter: Counter, order: Order) -> list[LineRow]:
    """The order's articles as a picker needs them."""
    skus = counter.cache.many(Sku, [line.sku for line in order.lines])
    items = counter.cache.many(StockItem, [stock_id(order.store, line.sku) for line in order.lines])
    rows = []
    for line in order.lines:
        sku, item = skus.get(line.sku), items.get(stock_id(order.store, line.sku))
        rows.append(
            LineRow(
                sku=line.sku,
                barcode=sku.barcode if sku else "",
                name=sku.name if sku else line.title or line.sku,
                quantity=line.quantity,
                reserved=line.reserved,
                price_fen=line.price_fen,
                bin=item.bin if item else "",
                unconfirmed=min(line.reserved, item.waiting_for(order.id)) if item else 0,
            )
        )
    return rows


def timeline(counter: Counter, subjects: Iterable[str]) -> list[TimelineRow]:
    """What happened to these subjects here, oldest first."""
    rows = lists.timeline_of(counter.cache.db, tuple(subjects))
    return [TimelineRow(at=moment(at), actor=actor, event=event) for at, actor, event in rows]


def _links(delivery: Delivery, names: dict[str, str]) -> Iterable[LinkRow]:
    for parcel in delivery.parcels:
        for link in parcel.chain:
            name = names.get(link.holder_id, link.holder_id)
            yield LinkRow(at=link.at, holder=link.holder.value, name=name, proof=link.proof.value, actor=link.actor)


def moment(text: str) -> datetime:
    """An instant from the cache's text."""
    return datetime.fromisoformat(text)


def today_until(counter: Counter) -> tuple[datetime, datetime]:
    """The store's day as two instants."""
    start = _day_start(counter.clock.now())
    return start, start + timedelta(days=1)
