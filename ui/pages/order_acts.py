"""What can be done with one order, from whichever page shows it: asks what is missing, and calls the service."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from storeapp.domain.catalogue import Sku
from storeapp.domain.delivery import DeliveryState
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.incoming import Person
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import Window
from storeapp.domain.order import Order, OrderLine
from storeapp.domain.place import Position
from storeapp.domain.reference import BuildingRow
from storeapp.domain.rules.deliveries import MAX_PARCELS
from storeapp.domain.rules.wishes import MOST_PRIORITY
from storeapp.domain.words import Mode
from storeapp.services import attention, orders, wishes
from storeapp.services.addresses import known_buildings
from storeapp.services.counter import Actor, Counter
from storeapp.services.outcomes import reveal_code
from storeapp.services.risk import windows_for
from storeapp.services.rows import OrderRow
from ui.desk import Desk
from ui.pages.order_forms import (
    Goods,
    cancel_dialog,
    correct_dialog,
    exception_dialog,
    fill_window,
    goods_text,
    person_of,
    read_goods,
    reschedule_dialog,
    split_dialog,
    window_of,
)
from ui.pages.order_locate import LocateDialog
from ui.pages.order_words import card_number
from ui.pages.window_offers import WindowOffers

T = TypeVar("T")
Opened = tuple[Person | Refusal, Order | None]
IN_STORE = frozenset({DeliveryState.WAITING, DeliveryState.ASSIGNED})
RETURNED = frozenset({DeliveryState.RETURNED})
PRINTABLE = IN_STORE | RETURNED
OPEN = frozenset(DeliveryState) - {DeliveryState.DELIVERED, DeliveryState.COLLECTED, DeliveryState.CANCELLED}


class OrderActs(QObject):
    """Acts on one order; dialogs stand over the page and never block it."""

    person_revealed = Signal(str, object)
    """An order's id and its customer in clear, to be shown for a moment."""
    code_revealed = Signal(str, str)
    """An order's id and its pickup code, to be shown for a moment."""

    def __init__(self, desk: Desk, page: QWidget) -> None:
        super().__init__(page)
        self._desk = desk
        self._page = page

    def reveal(self, row: OrderRow) -> None:
        """Show the customer in clear; it is noted who asked."""

        def done(result: Person | Refusal) -> None:
            if isinstance(result, Person):
                self.person_revealed.emit(row.order_id, result)
            else:
                self._desk.tell(result, "")

        self._act(lambda counter, actor: orders.reveal(counter, actor, row.order_id), done)

    def show_code(self, row: OrderRow) -> None:
        """Show the pickup code; it is noted who asked."""

        def done(result: str | Refusal) -> None:
            if isinstance(result, str):
                self.code_revealed.emit(row.order_id, result)
            else:
                self._desk.tell(result, "")

        self._act(lambda counter, actor: reveal_code(counter, actor, row.order_id), done)

    def prioritise(self, row: OrderRow) -> None:
        """Put it before others, one step further each time, then back among the rest."""
        self._prioritise(row, (row.priority + 1) % (MOST_PRIORITY + 1), lambda: self._prioritise(row, row.priority))

    def _prioritise(self, row: OrderRow, priority: int, undo: Callable[[], None] | None = None) -> None:
        def done(result: wishes.Result) -> None:
            code = f"orders.prioritised.{priority}"
            self._desk.tell(result, code, undo=undo, number=card_number(row.order_no))

        self._act(lambda counter, actor: wishes.prioritise(counter, actor, row.id, priority), done)

    def correct(self, row: OrderRow) -> None:
        """Mend the customer's data or the goods; opening them is noted."""

        def opened(result: Opened) -> None:
            person, order = result
            if isinstance(person, Refusal) or order is None:
                self._desk.tell(person, "")
            else:
                self._ask_correction(row, person, order)

        self._act(lambda counter, actor: _open(counter, actor, row.order_id), opened)

    def _ask_correction(self, row: OrderRow, person: Person, order: Order) -> None:
        before = goods_text([Goods(line.sku or line.title, line.quantity) for line in order.lines])
        dialog = correct_dialog(self._desk.words, person, before, parent=self._page)

        def accepted() -> None:
            values = dialog.values()
            goods = read_goods(values["goods"]) if values["goods"] != before else None
            changed = goods if isinstance(goods, list) else None
            self._correct(row, person_of(values, before=person), changed)

        _open_dialog(dialog, accepted)

    def _correct(self, row: OrderRow, person: Person, goods: Sequence[Goods] | None) -> None:
        def call(counter: Counter, actor: Actor) -> orders.Result:
            known = counter.cache.get(Order, row.order_id)
            lines = _lines(counter, known, goods) if goods is not None and known else None
            return orders.correct(counter, actor, row.order_id, person=person, lines=lines)

        self._act(call, lambda result: self._tell(result, "orders.corrected", row))

    def locate(self, row: OrderRow) -> None:
        """Say by hand where it goes."""

        def ask(buildings: list[BuildingRow]) -> None:
            hint = row.person.area.split("路")[0] + "路" if "路" in row.person.area else row.person.area
            address = row.person.address
            dialog = LocateDialog(self._desk.words, buildings, hint=hint, address=address, parent=self._page)

            def accepted() -> None:
                if dialog.position is not None:
                    self._put_on_map(row, dialog.position)

            _open_dialog(dialog, accepted)

        self._desk.backend.read(known_buildings, done=ask, failed=self._desk.failed, owner=self)

    def _put_on_map(self, row: OrderRow, position: Position) -> None:
        self._act(
            lambda counter, actor: orders.put_on_map(counter, actor, row.order_id, position),
            lambda result: self._tell(result, "orders.located", row),
        )

    def reschedule(self, row: OrderRow) -> None:
        """Promise another window; undo promises the old one."""
        dialog = reschedule_dialog(self._desk.words, row.mode, row.window, parent=self._page)
        offers = WindowOffers(self._desk, lambda: lambda counter: windows_for(counter, row.id), at_once=True)
        offers.picked.connect(lambda window: fill_window(dialog.form, window))
        dialog.add_part(offers)
        dialog.setMinimumWidth(560)

        def accepted() -> None:
            values = dialog.values()
            self._reschedule(row, window_of(values), Mode(values["mode"]), undo=True)

        _open_dialog(dialog, accepted)

    def _reschedule(self, row: OrderRow, window: Window, mode: Mode, *, undo: bool) -> None:
        def back() -> None:
            self._reschedule(row, row.window, row.mode, undo=False)

        self._act(
            lambda counter, actor: orders.reschedule(counter, actor, row.order_id, window, mode),
            lambda result: self._tell(result, "orders.rescheduled", row, undo=back if undo else None),
        )

    def cancel(self, row: OrderRow) -> None:
        """Call it off, with a reason."""
        dialog = cancel_dialog(self._desk.words, is_out=row.state not in IN_STORE, parent=self._page)

        def accepted() -> None:
            reason = str(dialog.values()["reason"])
            self._act(
                lambda counter, actor: orders.cancel(counter, actor, row.order_id, reason),
                lambda result: self._tell(result, "orders.cancelled", row),
            )

        _open_dialog(dialog, accepted)

    def report(self, row: OrderRow) -> None:
        """Say that something is wrong with it: it then waits under what needs attention."""
        dialog = exception_dialog(self._desk.words, parent=self._page)

        def accepted() -> None:
            kind = ExceptionKind(dialog.values()["kind"])
            words = self._desk.words.text(f"case.{kind}")

            def told(result: attention.Result) -> None:
                self._desk.tell(result, "orders.reported", number=row.order_no, kind=words)

            self._act(lambda counter, actor: attention.report(counter, actor, row.id, kind), told)

        _open_dialog(dialog, accepted)

    def split(self, row: OrderRow) -> None:
        """Pack the goods in several parcels; undo packs them in one."""
        dialog = split_dialog(self._desk.words, most=MAX_PARCELS, parent=self._page)
        _open_dialog(dialog, lambda: self._split(row, int(dialog.values()["parcels"]), undo=True))

    def _split(self, row: OrderRow, parcels: int, *, undo: bool) -> None:
        def told(result: orders.Result) -> None:
            back = (lambda: self._split(row, 1, undo=False)) if undo and parcels > 1 else None
            self._desk.tell(result, "orders.split_done", undo=back, number=row.order_no, n=parcels)

        self._act(lambda counter, actor: orders.split(counter, actor, row.id, parcels), told)

    def retry(self, row: OrderRow) -> None:
        """Let a returned delivery go out again."""
        self._act(
            lambda counter, actor: orders.retry(counter, actor, row.id),
            lambda result: self._tell(result, "orders.retried", row),
        )

    def _tell(self, result: orders.Result, code: str, row: OrderRow, *, undo: Callable[[], None] | None = None) -> None:
        self._desk.tell(result, code, undo=undo, number=row.order_no)

    def _act(self, call: Callable[[Counter, Actor], T], done: Callable[[T], None]) -> None:
        self._desk.act(call, done=done, owner=self)


def _open_dialog(dialog: QDialog, accepted: Callable[[], Any]) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(accepted)
    dialog.open()


def _open(counter: Counter, actor: Actor, order_id: str) -> Opened:
    return orders.reveal(counter, actor, order_id), counter.cache.get(Order, order_id)


def _lines(counter: Counter, order: Order, goods: Sequence[Goods]) -> list[OrderLine]:
    """Lines of an order with these articles; prices stay, and new articles cost what the catalogue says."""
    known = {line.sku or line.title: line for line in order.lines}
    skus = counter.cache.many(Sku, [one.sku.upper() for one in goods])
    return [_line(one, known.get(one.sku), skus.get(one.sku.upper())) for one in goods]


def _line(goods: Goods, line: OrderLine | None, sku: Sku | None) -> OrderLine:
    if line is not None:
        return OrderLine(line.sku, goods.quantity, line.price_fen, line.title)
    if sku is not None:
        return OrderLine(sku.id, goods.quantity, sku.price_fen, sku.name)
    return OrderLine(goods.sku, goods.quantity, 0)
