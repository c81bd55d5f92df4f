"""Asks the model who could take a delivery, and what staff ask of the planner: only this guide, or not this one."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from storeapp.domain.dispatch import Stop
from storeapp.services import wishes
from storeapp.services.counter import Actor, Counter
from storeapp.services.dispatch import Proposal, Why, why_of
from storeapp.services.rows import OrderRow
from ui.desk import Desk
from ui.pages.board_read import Seen
from ui.pages.board_words import BoardWords
from ui.pages.order_words import card_number, customer
from ui.pages.who_dialog import WhoDialog


class BoardWho:
    """The dialog about one delivery and its guides."""

    def __init__(self, desk: Desk, board: BoardWords, assign: Callable[[str, str], None], page: QWidget) -> None:
        self._desk, self._board, self._assign, self._page = desk, board, assign, page
        self.dialog: WhoDialog | None = None

    def ask(self, row: OrderRow, seen: Seen, proposal: Proposal | None) -> bool:
        """Open the dialog; returns False where no plan knows the delivery."""
        stops = proposal.problem.stops if proposal and proposal.problem else ()
        stop = next((stop for stop in stops if stop.id == row.id), None)
        if proposal is None or stop is None or stop.held:
            return False
        dialog = self.dialog = self._made(row, seen)
        self._desk.backend.tasks.run_pooled(
            lambda: why_of(proposal, row.id),
            done=lambda why: self._show(dialog, why, stop, seen),
            failed=self._desk.failed,
            owner=dialog,
        )
        dialog.open()
        return True

    def _made(self, row: OrderRow, seen: Seen) -> WhoDialog:
        words, number = self._desk.words, card_number(row.order_no)
        title = words.text("board.who.title", number=number, customer=customer(words, row))
        dialog = WhoDialog(words, title=title, reasons=self._board.reason_words(seen), parent=self._page)
        names = {guide.id: guide.name for guide in seen.guides}
        dialog.assign_requested.connect(lambda guide: self._assign(row.id, guide))
        dialog.pin_requested.connect(lambda guide: self._pin(dialog, row, guide, names.get(guide, "")))
        dialog.ban_requested.connect(lambda guide, lifted: self._ban(dialog, row, guide, names[guide], lifted=lifted))
        return dialog

    @staticmethod
    def _show(dialog: WhoDialog, why: Why | None, stop: Stop, seen: Seen) -> None:
        if why is not None:
            dialog.show_why(why, stop, seen.guides)

    def _pin(self, dialog: WhoDialog, row: OrderRow, guide: str, name: str) -> None:
        before = dialog.pinned

        def undo() -> None:
            self._wish(lambda counter, actor: wishes.pin(counter, actor, row.id, before), "board.wish_back", row, "")

        code = "board.pinned" if guide else "board.unpinned"
        self._wish(lambda counter, actor: wishes.pin(counter, actor, row.id, guide), code, row, name, undo=undo)
        self._close(dialog)

    def _ban(self, dialog: WhoDialog, row: OrderRow, guide: str, name: str, *, lifted: bool) -> None:
        def ban(counter: Counter, actor: Actor, *, lift: bool) -> wishes.Result:
            return wishes.ban(counter, actor, row.id, guide, lifted=lift)

        def undo() -> None:
            self._wish(lambda counter, actor: ban(counter, actor, lift=not lifted), "board.wish_back", row, "")

        code = "board.unbanned" if lifted else "board.banned"
        self._wish(lambda counter, actor: ban(counter, actor, lift=lifted), code, row, name, undo=undo)
        self._close(dialog)

    @staticmethod
    def _close(dialog: WhoDialog) -> None:
        if isValid(dialog):
            dialog.accept()

    def _wish(
        self,
        call: Callable[[Counter, Actor], wishes.Result],
        code: str,
        row: OrderRow,
        name: str,
        *,
        undo: Callable[[], None] | None = None,
    ) -> None:
        def done(result: wishes.Result) -> None:
            self._desk.tell(result, code, undo=undo, number=card_number(row.order_no), guide=name)

        self._desk.act(call, done=done, owner=self._page)
