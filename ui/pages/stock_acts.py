"""What the stock page does to shelves, what it says about it, and how that is taken back."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from storeapp.domain.kernel import Event, Refusal
from storeapp.services import stock
from storeapp.services.counter import Actor, Counter
from storeapp.services.rows import StockRow
from ui.desk import Desk
from ui.pages.stock_words import signed
from ui.pages.stock_work import Entry, Work


class StockActs:
    """The writes of the stock page; ``owner`` is the page, whose end drops the answers."""

    def __init__(self, desk: Desk, owner: QObject) -> None:
        self._desk, self._owner = desk, owner

    def save(self, entry: Entry, saved: Callable[[Entry], None]) -> None:
        """Save what was received, sold or adjusted; ``saved`` is told once it is."""
        quantity = -entry.quantity if entry.work is Work.SELL else entry.quantity
        undo = partial(self._take_back, entry.sku, entry.name, quantity)

        def told(result: object) -> None:
            if self._desk.tell(result, "stock.saved", undo=undo, name=entry.name, quantity=signed(quantity)):
                saved(entry)

        self._act(lambda counter, actor: _run(counter, actor, entry), told)

    def count(self, row: StockRow, quantity: int, again: Callable[[], None]) -> None:
        """Save a count; taking it back means to count ``again``."""
        difference = quantity - row.on_hand

        def told(result: object) -> None:
            code = "stock.counted" if difference else "stock.counted.same"
            self._desk.tell(result, code, undo=again, name=row.name, count=quantity, difference=signed(difference))

        self._act(lambda counter, actor: stock.count(counter, actor, row.sku, quantity), told)

    def _take_back(self, sku: str, name: str, quantity: int) -> None:
        """A fact is not wiped out: the opposite movement takes it back."""

        def told(result: object) -> None:
            self._desk.tell(result, "stock.undone", name=name, quantity=signed(-quantity))

        self._act(lambda counter, actor: stock.adjust(counter, actor, sku, -quantity, "undone"), told)

    def _act(self, call: Callable[[Counter, Actor], object], told: Callable[[object], None]) -> None:
        self._desk.backend.act(call, done=told, failed=self._desk.failed, owner=self._owner)


def _run(counter: Counter, actor: Actor, entry: Entry) -> tuple[Event, ...] | Refusal:
    if entry.work is Work.RECEIVE:
        return stock.receive(counter, actor, entry.sku, entry.quantity)
    if entry.work is Work.SELL:
        return stock.sell(counter, actor, entry.sku, entry.quantity)
    return stock.adjust(counter, actor, entry.sku, entry.quantity, entry.reason)
