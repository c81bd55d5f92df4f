"""The page of everything that waits for a person: why it waits, since when, and what to do about it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import ClassVar

from PySide6.QtCore import QPoint, QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu
from typing_extensions import override

from storeapp.domain.held import Resolution
from storeapp.domain.kernel import Refusal
from storeapp.services import attention, dispatch
from storeapp.services.counter import Actor, Counter
from storeapp.services.rows import GuideRow
from ui.desk import Desk
from ui.kit.actions import Action
from ui.kit.keymap import Key
from ui.kit.parts import Segments, hbox, panel, vbox
from ui.pages.attention_detail import WaitingDetail
from ui.pages.attention_items import BELOW_ZERO, SHAPES, Group, Item, Waiting, age, read_waiting, subject, title
from ui.pages.attention_list import Line, WaitingList
from ui.pages.base import PageBase
from ui.pages.stock import COUNT

_SIDE_PX, _SIDE_NARROW_PX, _WIDE_PX = 420, 360, 1150
_TICK_MS = 60_000
_ALL = "all"


class AttentionPage(PageBase):
    """A grouped list beside the one thing that is chosen."""

    TITLE: ClassVar[str] = "page.attention"
    KEYS: ClassVar[tuple[str, ...]] = (
        "attention.pick",
        "attention.main",
        "attention.resolve",
        "attention.order",
        "attention.assign",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        words = desk.words
        self._waiting = Waiting((), (), {}, datetime.min)  # noqa: DTZ901 - stands for "not read yet"
        self._wanted = ""
        choices = [(_ALL, words.text("attention.all"))]
        choices += [(group.value, words.text(f"attention.group.{group}")) for group in Group]
        self._filter = Segments(choices, name=words.text("attention.filter"))
        empty = words.text("attention.empty"), words.text("attention.empty.hint")
        self._list = WaitingList(name=words.text("page.attention"), empty=empty)
        self._detail = WaitingDetail(desk)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self.refresh)
        self._lay_out()
        self._wire()
        self._add_actions()

    # -- reading

    @override
    @Slot()
    def refresh(self) -> None:
        self.desk.backend.read(read_waiting, done=self._show, failed=self.desk.failed, owner=self)

    def _show(self, waiting: Waiting) -> None:
        self._waiting = waiting
        for key in (_ALL, *Group):
            name = self.desk.words.text("attention.all" if key == _ALL else f"attention.group.{key}")
            count = len([item for item in waiting.items if key in (_ALL, item.group)])
            self._filter.set_text(key, f"{name} {count}" if count else name)
        self._show_list()

    @Slot()
    def _show_list(self) -> None:
        self._list.set_lines(list(self._lines()))
        found = next((item for item in self._waiting.items if self._wanted and item.delivery_id == self._wanted), None)
        if found is not None and self._list.pick(_line_id(found)):
            self._wanted = ""
        self._show_detail()

    def _lines(self) -> Iterable[Line]:
        words, chosen = self.desk.words, self._filter.current()
        for group in Group:
            items = [item for item in self._waiting.items if item.group is group and chosen in (_ALL, group)]
            if items:
                yield Line("", words.text(f"attention.heading.{group}"), note=str(len(items)))
            for item in items:
                icon, ink = SHAPES[group]
                yield Line(
                    _line_id(item),
                    title(item, words),
                    subject(item, words),
                    age(item, words, self._waiting.now),
                    icon,
                    ink,
                )

    @Slot()
    def _show_detail(self) -> None:
        self._detail.show_item(self._item(), self._waiting)
        self.keys_changed()

    def _item(self) -> Item | None:
        picked = self._list.picked_id()
        return next((item for item in self._waiting.items if _line_id(item) == picked), None)

    @override
    def show_subject(self, subject: str) -> None:
        """Choose what waits about a delivery."""
        self._filter.choose(_ALL)
        self._wanted = subject
        self._show_list()

    def show_code(self, code: str) -> bool:
        """Choose what waits for a reason; returns whether anything does."""
        found = next((item for item in self._waiting.items if item.code == code), None)
        return found is not None and self._list.pick(_line_id(found))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick.stop()

    # -- acts

    @Slot()
    def _main(self) -> None:
        item = self._item()
        if item is not None and item.acceptable:
            self._accept()
        elif item is not None and item.group is Group.REFUSED and item.resolutions:
            self._resolve(item.resolutions[0])
        else:
            self._open()

    @Slot()
    def _open(self) -> None:
        item = self._item()
        if item is None:
            return
        if item.delivery_id:
            self.desk.go("orders", item.delivery_id)
        elif item.sku:
            self.desk.go("stock", f"{COUNT}{item.sku}" if item.code == BELOW_ZERO else item.sku)

    @Slot()
    def _accept(self) -> None:
        item = self._item()
        if item is not None:
            self._act(lambda counter, actor: attention.accept_refusal(counter, actor, item.id), "attention.accepted")

    @Slot(int)
    def _resolve_by_key(self, number: int) -> None:
        item = self._item()
        if item is not None and number <= len(item.resolutions):
            self._resolve(item.resolutions[number - 1])

    @Slot(str)
    def _resolve(self, resolution: str) -> None:
        item = self._item()
        if item is not None:
            said = self.desk.words.text(f"attention.resolution.{resolution}")
            self._act(partial(_decide, item, resolution), "attention.resolved", resolution=said)

    @Slot()
    def _choose_guide(self) -> None:
        button = self._detail.reassign_button
        item = self._item()
        if item is None or not item.reassignable or button is None:
            return
        menu = QMenu(self)
        for guide in sorted(self._waiting.guides, key=lambda each: not each.on_shift):
            menu.addAction(self._guide_words(guide), partial(self._reassign, item, guide))
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _guide_words(self, guide: GuideRow) -> str:
        on = "attention.guide" if guide.on_shift else "attention.guide.off"
        return self.desk.words.text(on, name=guide.name, count=guide.assigned + guide.in_custody)

    def _reassign(self, item: Item, guide: GuideRow) -> None:
        def act(counter: Counter, actor: Actor) -> object:
            done = dispatch.assign(counter, actor, item.delivery_id, guide.id)
            return done if isinstance(done, Refusal) else attention.decide(counter, actor, item.id, Resolution.REDO)

        self._act(act, "attention.reassigned", name=guide.name)

    def _act(self, call: Callable[[Counter, Actor], object], done: str, **data: str) -> None:
        def told(result: object) -> None:
            self.desk.tell(result, done, undo=None, **data)

        self.desk.signed_in(
            lambda: _ignore(self.desk.backend.act(call, done=told, failed=self.desk.failed, owner=self))
        )

    # -- building

    def _add_actions(self) -> None:
        add = self.desk.actions.add
        add(Action("attention.pick", "attention.pick", self._list.setFocus, hint="↑ ↓", enabled=self._has_item), self)
        add(Action("attention.main", "attention.main", self._main, hint="Enter", enabled=self._has_item), self)
        resolve = partial(self._resolve_by_key, 1)
        add(Action("attention.resolve", "attention.resolve", resolve, hint="1–4", enabled=self._resolvable), self)
        open_ = Action(
            "attention.order",
            "attention.open",
            self._open,
            icon="arrow-right",
            shortcut=Key.DETAILS,
            enabled=self._has_item,
        )
        add(open_, self)
        assign = Action(
            "attention.assign",
            "attention.reassign",
            self._choose_guide,
            icon="user",
            shortcut=Key.CHOOSE_GUIDE,
            enabled=self._reassignable,
        )
        add(assign, self)

    def _has_item(self) -> bool:
        return self._item() is not None

    def _resolvable(self) -> bool:
        item = self._item()
        return item is not None and bool(item.resolutions)

    def _reassignable(self) -> bool:
        item = self._item()
        return item is not None and item.reassignable

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._detail.setFixedWidth(_SIDE_PX if self.width() >= _WIDE_PX else _SIDE_NARROW_PX)

    def _lay_out(self) -> None:
        row = hbox(self, margins=(10, 10, 10, 10), gap=10)
        frame = panel()
        column = vbox(frame, margins=(1, 10, 1, 1), gap=4)
        head = hbox(margins=(12, 0, 12, 0))
        head.addWidget(self._filter)
        head.addStretch(1)
        column.addLayout(head)
        column.addWidget(self._list, 1)
        row.addWidget(frame, 1)
        row.addWidget(self._detail)
        self.setFocusProxy(self._list)

    def _wire(self) -> None:
        self._filter.chosen.connect(self._show_list)
        self._list.picked.connect(self._show_detail)
        self._list.entered.connect(self._main)
        self._list.digit.connect(self._resolve_by_key)
        self._detail.opened.connect(self._open)
        self._detail.accepted.connect(self._accept)
        self._detail.resolved.connect(self._resolve)
        self._detail.reassign.connect(self._choose_guide)


def _decide(item: Item, resolution: str, counter: Counter, actor: Actor) -> object:
    if item.group is Group.REFUSED:
        return attention.decide(counter, actor, item.id, Resolution(resolution))
    return attention.resolve(counter, actor, item.id, resolution)


def _line_id(item: Item) -> str:
    """An id of its own, for one delivery may stand in several groups."""
    return f"{item.group}:{item.id}"


def _ignore(_ticket: object) -> None:
    """A task's ticket that nobody will give up."""
