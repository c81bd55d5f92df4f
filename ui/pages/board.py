"""The dispatch board: deliveries by state, who should take them and why, and the guides' day, with one selection."""

from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu
from typing_extensions import override

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.dispatch import Planner
from storeapp.services.queries import Column, delivery_of
from storeapp.services.rows import GuideRow, OrderRow
from ui.desk import Desk, clock_time
from ui.kit.actions import Action
from ui.kit.board import BoardColumn, Columns
from ui.kit.cards import DeliveryCard
from ui.kit.keymap import Key
from ui.kit.messages import Level
from ui.kit.parts import Button, hbox, vbox
from ui.kit.turns import Turns
from ui.pages.base import PageBase
from ui.pages.board_acts import BoardActs
from ui.pages.board_changes import BoardChanges
from ui.pages.board_parts import DayPanel, WaitingPanel, WhyPanel, guide_menu
from ui.pages.board_plan import Planning
from ui.pages.board_read import Seen, read_board
from ui.pages.board_trial import Trials, TrialWords
from ui.pages.board_who import BoardWho
from ui.pages.board_words import FILTERS, BoardWords, fits, lanes, minute, span
from ui.pages.order_acts import IN_STORE, OPEN, PRINTABLE, RETURNED, OrderActs
from ui.pages.plan_bar import PlanBar
from ui.pages.row_actions import RowActions
from ui.pages.slip_acts import SlipActs

TICK_MS = 30_000
_LEFT_PX, _NARROW_LEFT_PX, _WIDE_PX = 352, 312, 1180
ASSIGNED = frozenset({DeliveryState.ASSIGNED})


class BoardPage(PageBase):
    """Shows the board and forwards what the person asks for."""

    TITLE: ClassVar[str] = "page.board"
    KEYS: ClassVar[tuple[str, ...]] = (
        "board.accept",
        "board.assign",
        "board.who",
        "board.unassign",
        "board.all",
        "board.print",
        "board.priority",
        "board.open",
        "board.retry",
        "board.out",
        "board.replan",
        "board.cancel",
    )
    MENU: ClassVar[tuple[str, ...]] = (
        "board.accept",
        "board.who",
        "board.unassign",
        "board.print",
        "board.print_guide",
        "board.priority",
        "board.open",
        "board.split",
        "board.retry",
        "board.report",
        "board.cancel",
    )

    def __init__(self, desk: Desk, planner: Planner) -> None:
        super().__init__(desk)
        words = desk.words
        self._say = BoardWords(words)
        self._turns = Turns(self)
        self._seen: Seen | None = None
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._rows: dict[str, OrderRow] = {}
        self._wanted = ""
        self._drawing = False
        """Whether the board was read and its cards are not yet shown."""
        self._cards: dict[str, list[DeliveryCard]] = {}
        """What the columns are to say, until they do."""
        self.plan = Planning(desk, planner, self)
        self.who = BoardWho(desk, self._say, self._assign, self)
        self.changes = BoardChanges(desk, planner, self._say, self)
        self.acts, self.orders, self.slips = BoardActs(desk, self), OrderActs(desk, self), SlipActs(desk, self)
        self.columns = Columns(
            [
                BoardColumn(c, words.text(f"board.column.{c}"), words.text(f"board.empty.{c}"), c is Column.WAITING)
                for c in Column
            ],
            self,
        )
        self._register()
        self._accept = desk.actions.button("board.accept", kind="primary")
        self._other = Button(words.text("board.other"), icon="users")
        self.why = WhyPanel(words, [self._accept, self._other])
        self._all = desk.actions.button("board.all", kind="flat")
        self.columns.panel(Column.WAITING).add_to_head(self._all)
        self.waiting = WaitingPanel(words, self.columns.panel(Column.WAITING), self.why)
        stop, offer = desk.actions.button("board.stop", kind="flat"), desk.actions.button("board.replan", kind="flat")
        self.day = DayPanel(words, PlanBar(words, stop, offer))
        self.trials, self._trial_words = Trials(desk, self), TrialWords(words, self._say)
        self._lay_out()
        self._connect()

    @override
    def closing(self) -> None:
        self.changes.stop()
        self.plan.close()

    def show_subject(self, subject: str) -> None:
        """Select one delivery."""

        def show(seen: Seen) -> None:
            self._show(seen)
            self._select(subject)

        self.desk.backend.read(read_board, done=show, failed=self.desk.failed, owner=self)

    @override
    def on_shown(self) -> None:
        super().on_shown()
        self._focus()

    def take_scan(self, text: str, /) -> bool:
        """An order number was scanned: select its delivery, or show it among the orders."""

        def found(delivery: str | None) -> None:
            if delivery is None:
                self.desk.say(Level.WARN, self.desk.words.text("board.scan_unknown", text=text[:20]))
            elif delivery in self._rows:
                self._select(delivery)
            else:
                self.desk.go("orders", delivery)

        self.desk.backend.read(
            lambda counter: delivery_of(counter, text), done=found, failed=self.desk.failed, owner=self
        )
        return True

    def refresh(self) -> None:
        """Read the board again."""
        self.desk.backend.read(read_board, done=self._show, failed=self.desk.failed, owner=self)

    def picked(self) -> OrderRow | None:
        """The selected delivery."""
        return self._rows.get(self.columns.selected_id() or "")

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _WIDE_PX
        self.columns.panel(Column.WAITING).frame.setFixedWidth(_LEFT_PX if wide else _NARROW_LEFT_PX)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick.stop()

    def _register(self) -> None:
        make = RowActions("board", self.picked).make
        for action in (
            make("accept", self._accept_row, icon="check", hint="Enter", test=self._proposes),
            make("assign", lambda _row: self._choose_guide(), icon="users", hint="1–9", states=IN_STORE),
            make("who", lambda _row: self._choose_guide(), icon="users", shortcut=Key.CHOOSE_GUIDE, states=IN_STORE),
            make("unassign", self.acts.unassign, icon="undo", hint="Del", states=ASSIGNED),
            Action(
                "board.all",
                "board.act.all",
                self._accept_all,
                icon="sparkles",
                shortcut=Key.ACCEPT_ALL,
                hint="Ctrl Enter",
                enabled=self._any,
            ),
            Action(
                "board.stop", "board.act.stop", self.plan.stop, icon="pause", shortcut=Key.STOP, enabled=self._searches
            ),
            Action(
                "board.replan",
                "board.act.replan",
                self.changes.open_offer,
                icon="route",
                shortcut=Key.SEE_REPLAN,
                enabled=self._offers,
            ),
            Action("board.out", "board.act.out", self._choose_out, icon="log-out", shortcut=Key.GUIDE_OUT),
            make("print", self._print, icon="printer", shortcut=Key.PRINT, hint="P", states=PRINTABLE),
            make("print_guide", self._print_guide, icon="printer", shortcut=Key.PRINT_ALL, states=ASSIGNED),
            make("open", self._open, icon="orders", shortcut=Key.DETAILS),
            make("priority", self.orders.prioritise, icon="chevrons-up", shortcut=Key.PRIORITY, states=PRINTABLE),
            make("split", self.orders.split, icon="boxes", shortcut=Key.SPLIT, states=IN_STORE),
            make("retry", self.orders.retry, icon="sync", shortcut=Key.SEND_AGAIN, states=RETURNED),
            make("report", self.orders.report, icon="flag", shortcut=Key.REPORT_PROBLEM),
            make("cancel", self.orders.cancel, icon="x", shortcut=Key.CANCEL, states=OPEN),
        ):
            self.desk.actions.add(action, self)

    def _proposes(self, row: OrderRow) -> bool:
        return row.id in self.plan.proposed.assignments

    def _any(self) -> bool:
        return bool(self.plan.proposed.assignments)

    def _offers(self) -> bool:
        return self.changes.moves > 0

    def _searches(self) -> bool:
        return self.plan.running

    def _lay_out(self) -> None:
        page = hbox(self, margins=(10, 10, 10, 10), gap=10)
        page.addWidget(self.columns.panel(Column.WAITING).frame)
        right = vbox(gap=10)
        upper = hbox(gap=10)
        for column in (Column.ASSIGNED, Column.OUT, Column.BACK, Column.DONE):
            upper.addWidget(self.columns.panel(column).frame, 1)
        right.addLayout(upper, 6)
        right.addWidget(self.day, 5)
        page.addLayout(right, 1)

    def _connect(self) -> None:
        columns = self.columns
        self._tick.timeout.connect(self.refresh)
        self.plan.planned.connect(self._draw_plan)
        self.plan.turned.connect(self._on_turn)
        self.changes.offered.connect(self._show_plan)
        self.day.lanes.menu_requested.connect(self._lane_menu)
        columns.dragging.connect(lambda on: self.plan.hold(on=on))
        columns.changed.connect(self._show_selected)
        columns.assign_requested.connect(self._assign)
        columns.accept_requested.connect(lambda _id: self.desk.actions.trigger("board.accept"))
        columns.unassign_requested.connect(self._unassign)
        columns.opened.connect(lambda delivery: self.desk.go("orders", delivery))
        columns.letter.connect(self._letter)
        self.day.dropped.connect(self._assign)
        self.day.tried.connect(self.trials.ask)
        self.trials.told.connect(self._show_trial)
        self.day.lanes.picked.connect(columns.select)
        self.waiting.filter.chosen.connect(lambda _key: self._draw())
        self._other.clicked.connect(self._choose_guide)
        for panel in columns.panels:
            panel.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            panel.list.customContextMenuRequested.connect(self._menu_of(panel.list.viewport().mapToGlobal))

    def _show(self, seen: Seen) -> None:
        self._seen, self._rows = seen, dict(seen.rows())
        self.changes.look(seen)
        self._draw()
        self.plan.look(seen)

    def _draw(self) -> None:
        self._drawing = True
        self._turns.ask(
            self._word_waiting,
            self._word_others,
            self._put_cards,
            self._draw_lanes,
            self._show_numbers,
        )

    def _word_waiting(self) -> None:
        if self._seen is not None:
            kept = self.waiting.filter.current()
            self._cards[Column.WAITING] = self._say.column(Column.WAITING, self._seen, self.plan.proposed, kept)

    def _word_others(self) -> None:
        if self._seen is not None:
            others = (column for column in Column if column is not Column.WAITING)
            self._cards |= {column: self._say.column(column, self._seen, self.plan.proposed, "") for column in others}

    def _put_cards(self) -> None:
        """All columns at once, so that no delivery is seen twice or not at all; for another plan only what waits."""
        seen, (cards, self._cards) = self._seen, (self._cards, {})
        if seen is None:
            return
        if len(cards) < len(Column):
            self.columns.renew_cards(cards)
            return
        self._drawing = False
        self.columns.set_cards(cards)
        counts = {key: sum(fits(row, key, seen.now) for row in seen.board.waiting) for key in FILTERS}
        self.waiting.show_counts(counts)
        self._take_wanted()
        if self.columns.selected_id() is None:
            self._focus()

    def _select(self, delivery: str) -> None:
        """Select a delivery of the board, which may be about to be drawn."""
        self._wanted = delivery
        if not self._drawing:
            self._take_wanted()

    def _take_wanted(self) -> None:
        wanted, self._wanted = self._wanted, ""
        if wanted:
            self.columns.select(wanted)

    def _draw_lanes(self) -> None:
        seen = self._seen
        if seen is not None:
            # With the lanes, which show the numbers of these keys.
            self.columns.guide_ids = tuple(guide.id for guide in seen.guides)
            first, last = span(seen.now)
            self.day.lanes.set_lanes(lanes(self._say, seen, self.plan.proposed), from_min=first, to_min=last)
            self.day.lanes.set_now(minute(seen.now), clock_time(seen.now))
            self.day.show_empty(empty=not seen.guides)

    @Slot()
    def _show_trial(self) -> None:
        """What dropping the card here would mean, as soon as it is known."""
        answer, proposal, seen = self.trials.answer(), self.plan.proposed.proposal, self._seen
        if answer is None or proposal is None or seen is None:
            self.day.lanes.show_trial(None)
        else:
            self.day.lanes.show_trial(self._trial_words.trial(*answer, seen, proposal))

    @Slot()
    def _draw_plan(self) -> None:
        """Another plan: only what waits, the lanes and the numbers say something else now."""
        self.trials.use(self.plan.proposed.proposal)
        if self._drawing:
            self._draw()
        else:
            self._turns.ask(self._draw_lanes, self._show_numbers, self._word_waiting, self._put_cards)

    @Slot()
    def _on_turn(self) -> None:
        """A search began or ended: what it found is compared with what people were told."""
        plan = self.plan
        if plan.running:
            self.changes.forget()
        elif plan.settled and plan.proposed.proposal is not None:
            self.changes.compare(plan.proposed.proposal.cost_fen)
        self._show_plan()

    @Slot()
    def _show_plan(self) -> None:
        self._turns.ask(self._show_numbers, self.desk.actions.refresh)

    def _show_numbers(self) -> None:
        plan = self.plan
        self.day.plan.show_plan(plan.proposed, running=plan.running, stopped=plan.stopped)
        self.day.plan.show_offer(self.changes.moves, self.changes.saved_fen)

    def _focus(self) -> None:
        """Select the most urgent delivery where none is selected, and give it the keys."""
        first = next((p.list.cards[0].id for p in self.columns.panels if p.list.cards), "")
        wanted = self.columns.selected_id() or first
        if wanted and self.isVisible() and not self._elsewhere():
            self.columns.select(wanted)

    def _elsewhere(self) -> bool:
        """Whether the person is typing somewhere else, such as in the search or a dialog."""
        focused = self.window().focusWidget()
        return focused is not None and focused is not self.window() and not self.isAncestorOf(focused)

    def _show_selected(self) -> None:
        row, seen = self.picked(), self._seen
        self.day.lanes.show_selected(row.id if row else "")
        if row is None or seen is None:
            self.why.show_why("", (), icon="info")
        else:
            title, reasons = self._say.why(row, seen, self.plan.proposed)
            self.why.show_why(title, reasons, icon="sparkles" if row.id in self.plan.proposed.assignments else "info")
        self.desk.actions.refresh()
        self._accept.setText(self._accept_words())
        proposed = len(self.plan.proposed.assignments)
        self._all.setText(self.desk.words.text("board.all_of" if proposed else "board.act.all", n=proposed))
        self._other.setEnabled(row is not None and row.state in IN_STORE)

    def _accept_words(self) -> str:
        row = self.picked()
        item = self.plan.proposed.assignments.get(row.id) if row else None
        if item is None:
            return self.desk.words.text("board.act.accept")
        return self.desk.words.text("board.accept_one", guide=self._name(item.guide), time=clock_time(item.eta))

    def guides_shown(self) -> tuple[GuideRow, ...]:
        """The guides in the order of their lanes."""
        return self._guides()

    def _guides(self) -> tuple[GuideRow, ...]:
        return self._seen.guides if self._seen else ()

    def _name(self, guide: str) -> str:
        return next((each.name for each in self._guides() if each.id == guide), guide)

    def _assign(self, delivery: str, guide: str) -> None:
        row = self._rows.get(delivery)
        if row is not None and row.guide != guide:
            self.acts.assign(row, guide, self._name(guide))

    def _unassign(self, delivery: str) -> None:
        row = self._rows.get(delivery)
        if row is not None and row.guide:
            self.acts.unassign(row)

    def _accept_row(self, row: OrderRow) -> None:
        item, proposal = self.plan.proposed.assignments.get(row.id), self.plan.proposed.proposal
        if item is not None and proposal is not None:
            self.acts.accept(row, item, self._name(item.guide), proposal)

    def _accept_all(self) -> None:
        if self.plan.proposed.proposal is not None:
            self.acts.accept_all(self.plan.proposed.proposal)

    def _choose_guide(self) -> None:
        """Say why and who else; the keys 1-9 assign without asking. Without a plan the guides are only listed."""
        row, seen = self.picked(), self._seen
        if row is None or seen is None:
            return
        if not self.who.ask(row, seen, self.plan.proposed.proposal):
            menu = guide_menu([self._say.guide(guide) for guide in seen.guides], self.columns.assign_selected, self)
            menu.popup(self._other.mapToGlobal(QPoint(0, self._other.height())))

    def _choose_out(self) -> None:
        """List who works: whoever is chosen is out from now on."""
        working = [guide for guide in self._guides() if guide.on_shift or guide.in_custody]
        menu = guide_menu([self._say.guide(guide) for guide in working], self._drop_out, self)
        menu.setTitle(self.desk.words.text("board.act.out"))
        menu.popup(self.day.mapToGlobal(QPoint(12, 28)))

    @Slot(str, QPoint)
    def _lane_menu(self, guide: str, point: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        out = menu.addAction(self.desk.words.text("board.out.menu", guide=self._name(guide)))
        out.triggered.connect(lambda _checked=False: self._drop_out(guide))
        menu.popup(point)

    def _drop_out(self, guide_id: str) -> None:
        guide = next((each for each in self._guides() if each.id == guide_id), None)
        if guide is not None:
            self.changes.drop_out(guide)

    def _letter(self, letter: str) -> None:
        if letter == "p":
            self.desk.actions.trigger("board.print")

    def _print(self, row: OrderRow) -> None:
        self.slips.print_slips([row.id])

    def _print_guide(self, row: OrderRow) -> None:
        assigned = self._seen.board.assigned if self._seen else ()
        self.slips.print_slips([each.id for each in assigned if each.guide == row.guide])

    def _open(self, row: OrderRow) -> None:
        self.desk.go("orders", row.id)

    def _menu_of(self, to_global: Callable[[QPoint], QPoint]) -> Callable[[QPoint], None]:
        def show(point: QPoint) -> None:
            self.desk.actions.refresh()
            self.desk.actions.menu(self.MENU, self).popup(to_global(point))

        return show
