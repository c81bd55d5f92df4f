"""Brings the dispatch board and the orders page from state to state, to be looked at."""

from collections.abc import Callable, Iterator

from PySide6.QtCore import QCoreApplication, QDeadlineTimer

from ui.pages.board import BoardPage
from ui.pages.orders import OrdersPage
from ui.window import Window

_PLAN_MS = 60_000
Settle = Callable[[Window], None]


def board_states(window: Window, settle: Settle) -> Iterator[str]:
    """A proposal, an assigned delivery, and what the filters leave."""
    page = window.page("board")
    if not isinstance(page, BoardPage):
        raise TypeError("the dispatch board is another page")
    deadline = QDeadlineTimer(_PLAN_MS)
    while page.plan.proposed.proposal is None and not deadline.hasExpired():
        QCoreApplication.processEvents()
    for item in page.plan.proposed.assignments:
        page.columns.select(item)
        yield "proposal"
        break
    yield from _trials(page, window, settle)
    yield from _dialogs(page, window, settle)
    for column in ("assigned", "back"):
        cards = page.columns.panel(column).list.cards
        if cards:
            page.columns.select(cards[0].id)
            settle(window)
            yield column


def _dialogs(page: BoardPage, window: Window, settle: Settle) -> Iterator[str]:
    """Who could take a delivery, one that is planned and one that is not; then a guide who drops out."""
    proposed, left = list(page.plan.proposed.assignments), list(page.plan.proposed.left)
    for name, delivery in (("who", proposed[0]), ("who-not", left[0])):
        page.columns.select(delivery)
        window.actions.trigger("board.who")
        settle(window)
        yield name
        if page.who.dialog is not None:
            page.who.dialog.reject()
        settle(window)
    guide = next(each for each in page.guides_shown() if each.in_custody)
    page.changes.drop_out(guide)
    settle(window)
    yield "out"
    if page.changes.dialog is not None:
        page.changes.dialog.reject()
    window.desk.take_back()
    settle(window)


def _trials(page: BoardPage, window: Window, settle: Settle) -> Iterator[str]:
    """A card over the lane of a guide who is free, and of one for whom it would be too much."""
    waiting, guides = list(page.plan.proposed.assignments), page.columns.guide_ids
    for number, guide in enumerate(guides[:3]):
        page.day.lanes.tried.emit(waiting[0], guide)
        settle(window)
        yield f"what-if-{number}"
    page.day.lanes.tried.emit("", "")


def orders_states(window: Window, settle: Settle) -> Iterator[str]:
    """A customer in clear, and a search that finds nothing."""
    page = window.page("orders")
    if not isinstance(page, OrdersPage):
        raise TypeError("the orders page is another page")
    window.actions.trigger("orders.reveal")
    settle(window)
    yield "revealed"
    page.panel.hide_person()
    page.list.search.setText("no such order")
    page.list.model.refresh()
    settle(window)
    yield "empty"
    page.list.search.clear()
