"""The three ways in which orders come to a window: typed, pasted from a chat, and in files."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from storeapp.domain.catalogue import Sku
from storeapp.domain.incoming import IncomingLine
from storeapp.domain.kernel import Refusal
from storeapp.domain.offers import Offer
from storeapp.domain.words import Mode
from storeapp.services import orders
from storeapp.services.addresses import load_book, locate
from storeapp.services.counter import Actor, Counter
from storeapp.services.risk import windows_at
from ui.desk import Desk
from ui.kit.messages import Level
from ui.pages.order_chat import ChatDialog, draft_of, flags_of
from ui.pages.order_forms import Goods, OrderDraft, fill_window, new_order_dialog, person_of, read_goods, window_of
from ui.pages.order_import import ImportDialog
from ui.pages.order_intake import ENDINGS, OrderIntake, Outcome
from ui.pages.window_offers import Asked, WindowOffers

T = TypeVar("T")


class NewOrders(QObject):
    """Takes orders on; what came of it is told in the bar, and the page shows the new order."""

    def __init__(self, desk: Desk, page: QWidget) -> None:
        super().__init__(page)
        self._desk = desk
        self._page = page

    def type_in(self, draft: OrderDraft | None = None, needs: Sequence[str] = ()) -> None:
        """Ask for a whole order, starting from a draft and naming what that leaves open."""

        def ask(now: datetime) -> None:
            dialog = new_order_dialog(self._desk.words, draft or OrderDraft(), now=now, parent=self._page)
            if needs:
                dialog.add_remark(" · ".join(self._desk.words.text(f"need.{need}") for need in needs))
            offers = WindowOffers(self._desk, lambda: _windows(dialog.values()), at_once=False, most=4)
            offers.picked.connect(lambda window: fill_window(dialog.form, window))
            dialog.add_part(offers)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.accepted.connect(lambda: self._place(dialog.values()))
            dialog.open()

        self._first_read(lambda counter: counter.clock.now(), ask)

    def paste(self) -> None:
        """Ask for a chat, and go on with the form."""

        def ask(read: tuple[datetime, dict[str, str]]) -> None:
            now, skus = read
            dialog = ChatDialog(self._desk.words, now=now, skus=skus, parent=self._page)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.accepted.connect(lambda: self._take_draft(dialog))
            dialog.open()

        self._first_read(_catalogue, ask)

    def choose_files(self) -> None:
        """Ask for files and show what importing them would do."""
        words = self._desk.words
        kinds = f"{words.text('orders.import.kinds')} ({' '.join('*' + ending for ending in ENDINGS)})"
        dialog = QFileDialog(self._page, words.text("orders.import.title"), "", kinds)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda chosen: self.import_files([Path(name) for name in chosen]))
        dialog.open()

    def import_files(self, paths: Sequence[Path]) -> None:
        """Show what importing these files would do, and do it when the person agrees."""
        self._desk.signed_in(lambda: self._begin_import(paths))

    def _first_read(self, call: Callable[[Counter], T], then: Callable[[T], None]) -> None:
        """Ask who it is and read something before a dialog opens."""

        def begin() -> None:
            self._desk.backend.read(call, done=then, failed=self._desk.failed, owner=self)

        self._desk.signed_in(begin)

    def _begin_import(self, paths: Sequence[Path]) -> None:
        dialog = ImportDialog(self._desk.words, self._page)
        # The import outlives its dialog: closing that must not leave half of a file behind.
        intake = OrderIntake(self._desk.backend, self)
        intake.progressed.connect(dialog.show_progress)
        intake.ended.connect(dialog.show_outcome)
        intake.ended.connect(self._ended)
        intake.failed.connect(self._desk.failed)
        dialog.agreed.connect(intake.take_on)
        dialog.open()
        intake.read(paths)

    def _ended(self, outcome: Outcome) -> None:
        if outcome.dry_run:
            return
        report = outcome.report
        self._desk.undo = None
        self._desk.say(
            Level.WARN if report.errors else Level.DONE,
            self._desk.words.text(
                "orders.import.told",
                new=report.imported,
                updated=report.updated,
                cancelled=report.cancelled,
                errors=len(report.errors),
            ),
        )

    def _take_draft(self, dialog: ChatDialog) -> None:
        read = dialog.read()
        self.type_in(draft_of(read), flags_of(read))

    def _place(self, values: dict[str, object]) -> None:
        goods = read_goods(str(values["goods"]))

        def call(counter: Counter, actor: Actor) -> str | Refusal:
            lines = _lines(counter, goods if isinstance(goods, list) else [])
            order = orders.NewOrder(
                person=person_of(values),
                lines=lines,
                mode=Mode(str(values["mode"])),
                window=window_of(values),
                order_no=str(values["order_no"]),
            )
            return orders.place(counter, actor, order)

        self._desk.backend.act(call, done=self._placed, failed=self._desk.failed, owner=self)

    def _placed(self, result: str | Refusal) -> None:
        if self._desk.tell(result, "orders.placed") and isinstance(result, str):
            self._desk.go("orders", result)


def _catalogue(counter: Counter) -> tuple[datetime, dict[str, str]]:
    return counter.clock.now(), {sku.name: sku.id for sku in counter.cache.every(Sku)}


def _windows(values: Mapping[str, object]) -> Asked:
    """What could be promised for the address in the form."""
    person = person_of(values)

    def ask(counter: Counter) -> tuple[Offer, ...] | Refusal:
        place = locate(load_book(counter), person)
        return Refusal("place_unknown") if place is None else windows_at(counter, place)

    return ask


def _lines(counter: Counter, goods: Sequence[Goods]) -> tuple[IncomingLine, ...]:
    """What was typed, with names and prices of the catalogue; a code in another case is found too."""
    skus = counter.cache.many(Sku, [one.sku.upper() for one in goods])
    return tuple(_line(one, skus.get(one.sku.upper())) for one in goods)


def _line(goods: Goods, sku: Sku | None) -> IncomingLine:
    if sku is None:
        return IncomingLine(goods.sku, goods.quantity, 0)
    return IncomingLine(sku.id, goods.quantity, sku.price_fen, sku.name)
