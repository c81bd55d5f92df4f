"""One thing that waits: what happened, what is known about it, and what to do next."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from storeapp.domain.kernel import Refusal
from storeapp.services.undone import LOST_RACE
from ui.desk import Desk, day_time
from ui.kit import tokens
from ui.kit.parts import Button, IconLabel, hbox, label, panel, vbox
from ui.pages.attention_items import BELOW_ZERO, SHAPES, Group, Item, Waiting, age, command_name, title
from ui.pages.order_words import window_text

_PEOPLE = frozenset({"guide", "giver", "winner", "assigned", "holder", "by"})
_HIDDEN = frozenset({"kind", "command", "was_state", "was_holder"})
_FOLLOWERS_SHOWN = 6
_WORDS = {
    "reason": ("page.handoff.reason.{}", "cancel.{}", "attention.case.{}"),
    "verdict": ("verdict.{}.title",),
    "state": ("state.{}",),
    "status": ("attention.status.{}",),
}
"""Where the words of a fact's code stand."""


class WaitingDetail(QFrame):
    """The panel beside the list."""

    resolved = Signal(str)
    """A resolution was pressed: its code."""
    opened = Signal()
    """The order or the shelf is wanted."""
    accepted = Signal()
    """What the hub decided is fine."""
    reassign = Signal()
    """Another guide is wanted."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._desk = desk
        self._column = vbox(self)
        self._content: QWidget | None = None
        self.reassign_button: Button | None = None

    def show_item(self, item: Item | None, waiting: Waiting) -> None:
        """Show one thing, or nothing."""
        if self._content is not None:
            self._column.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self.reassign_button = None
        self._content = QWidget() if item is None else self._made(item, waiting)
        self._column.addWidget(self._content)

    def _made(self, item: Item, waiting: Waiting) -> QWidget:
        words, content = self._desk.words, QWidget()
        column = vbox(content, margins=(16, 14, 16, 16), gap=tokens.GAP_M)
        head = hbox(gap=10)
        head.addWidget(IconLabel(*SHAPES[item.group], 20), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(label(title(item, words), "title", wrap=True), 1)
        column.addLayout(head)
        column.addWidget(label(self._since(item, waiting), "muted", wrap=True))
        column.addWidget(self._told(item, waiting))
        facts = list(self._facts(item, waiting))
        if facts:
            column.addWidget(_table(facts))
        if item.group is Group.REFUSED and len(item.rows) > 1:
            column.addWidget(self._following(item))
        column.addStretch(1)
        for button in self._buttons(item):
            column.addWidget(button)
        return content

    def _since(self, item: Item, waiting: Waiting) -> str:
        words = self._desk.words
        by = waiting.names.get(item.rows[0].by, item.rows[0].by)
        since = words.text(
            "attention.since", time=day_time(item.at, now=waiting.now), age=age(item, words, waiting.now)
        )
        return since if not by or by == "system" else f"{since} · {words.text('attention.by', name=by)}"

    def _told(self, item: Item, waiting: Waiting) -> QFrame:
        words, box = self._desk.words, panel("sunken")
        inside = vbox(box, margins=(14, 12, 14, 12), gap=tokens.GAP_S)
        for row in item.rows[:1] if item.group is Group.REFUSED else item.rows:
            if item.group is Group.NEEDS:
                what, then = words.text(f"need.{row.code}"), words.text(f"fix.{row.code}")
            elif item.group is Group.REFUSED:
                what, then = self._why_refused(item, waiting)
            else:
                what = words.text(f"attention.case.{row.code}.what")
                then = words.text(f"attention.case.{row.code}.next")
            inside.addWidget(label(what, wrap=True))
            step = hbox(gap=6)
            step.addWidget(IconLabel("arrow-right", "accent"), 0, Qt.AlignmentFlag.AlignTop)
            step.addWidget(label(then, "soft", wrap=True), 1)
            inside.addLayout(step)
        return box

    def _following(self, item: Item) -> QWidget:
        """What stands or falls with it, in order."""
        words, box = self._desk.words, QWidget()
        column = vbox(box, gap=4)
        column.addWidget(label(words.text("attention.follows", count=len(item.rows) - 1), "caption", wrap=True))
        for row in item.rows[1 : 1 + _FOLLOWERS_SHOWN]:
            line = hbox(gap=6)
            line.addWidget(IconLabel("corner-down-left", "text3"), 0, Qt.AlignmentFlag.AlignTop)
            about = row.order_no if row.delivery_id != item.delivery_id else ""
            line.addWidget(label(" · ".join(filter(None, (command_name(row, words), about))), wrap=True), 1)
            column.addLayout(line)
        if len(item.rows) - 1 > _FOLLOWERS_SHOWN:
            column.addWidget(label(words.text("attention.more", count=len(item.rows) - 1 - _FOLLOWERS_SHOWN), "muted"))
        return box

    def _why_refused(self, item: Item, waiting: Waiting) -> tuple[str, str]:
        words, row = self._desk.words, item.rows[0]
        if item.code == LOST_RACE:
            winner = waiting.names.get(str(row.data.get("winner")), str(row.data.get("winner", "")))
            if row.device:
                told = words.text("attention.lost_race.there", winner=winner or words.text("attention.nobody"))
            else:
                told = words.text("attention.lost_race.what" if winner else "attention.lost_race.nobody", winner=winner)
            return told, words.text("attention.lost_race.next")
        if words.has(f"refusal.{row.code}"):
            what = self._desk.refusal(Refusal(row.code, {**row.data, "state": str(row.data.get("state", "waiting"))}))
        else:
            what = words.text("attention.refused.unknown", code=row.code)
        return what, words.text(f"attention.{row.source}.next")

    def _facts(self, item: Item, waiting: Waiting) -> Iterator[tuple[str, str]]:
        words = self._desk.words
        if item.order is not None:
            order = item.order
            yield (
                words.text("attention.fact.order"),
                " · ".join(filter(None, (order.order_no, order.person.name))),
            )
            yield words.text("attention.fact.goods"), order.goods
            yield words.text("attention.fact.promise"), window_text(order.window, now=waiting.now)
            yield words.text("attention.fact.now"), self._standing(item)
        if item.group is Group.DISCREPANCY and item.rows[0].data.get("was_state"):
            yield words.text("attention.fact.was"), self._on_record(item, waiting)
        if item.rows[0].device:
            yield words.text("attention.fact.device"), item.rows[0].device
        if item.group is Group.REFUSED and item.code == LOST_RACE:
            guide = str(item.rows[0].data.get("guide", ""))
            wanted = "attention.fact.wanted_there" if item.rows[0].device else "attention.fact.wanted"
            yield words.text(wanted), waiting.names.get(guide, guide)
            return
        for key, value in item.rows[0].data.items():
            if key not in _HIDDEN and str(value):
                yield words.text(f"attention.fact.{key}"), self._value(key, value, waiting.names)

    def _on_record(self, item: Item, waiting: Waiting) -> str:
        """How it stood when the fact came."""
        words, data = self._desk.words, item.rows[0].data
        holder = str(data.get("was_holder", ""))
        known = f"holder.{holder}"
        name = words.text(known) if words.has(known) else waiting.names.get(holder, holder)
        return " · ".join((words.text(f"state.{data['was_state']}"), name))

    def _standing(self, item: Item) -> str:
        order = item.order
        if order is None:
            return ""
        state = self._desk.words.text(f"state.{order.state}")
        return f"{state} · {order.guide_name}" if order.guide_name else state

    def _value(self, key: str, value: str | int, names: Mapping[str, str]) -> str:
        words = self._desk.words
        if key in _PEOPLE:
            return names.get(str(value), str(value))
        for pattern in _WORDS.get(key, ()):
            if words.has(pattern.format(value)):
                return words.text(pattern.format(value))
        return str(value)

    def _buttons(self, item: Item) -> Sequence[Button]:
        words, made = self._desk.words, []
        if item.acceptable:
            made.append(self._button(words.text("attention.accept"), "check", self.accepted.emit, primary=True))
        if item.reassignable:
            self.reassign_button = self._button(words.text("attention.reassign"), "user", self.reassign.emit)
            made.append(self.reassign_button)
        if item.group is Group.REFUSED:
            made += self._choices(item)
        if item.delivery_id or item.sku:
            text = words.text("attention.count_it" if item.code == BELOW_ZERO else self._open_words(item))
            main = item.group is not Group.REFUSED
            made.append(self._button(text, "arrow-right", self.opened.emit, primary=main))
        if item.group is not Group.REFUSED:
            made += self._choices(item)
        return made

    def _choices(self, item: Item) -> list[Button]:
        """What a person may decide, each with its digit."""
        words, made = self._desk.words, []
        for number, code in enumerate(item.resolutions, 1):
            text = f"{number}  {words.text(f'attention.resolution.{code}')}"
            main = item.group is Group.REFUSED and number == 1
            made.append(self._button(text, "", partial(self.resolved.emit, code), primary=main))
        return made

    @staticmethod
    def _open_words(item: Item) -> str:
        return "attention.mend" if item.group is Group.NEEDS else "attention.open"

    @staticmethod
    def _button(text: str, icon: str, act: Callable[[], None], *, primary: bool = False) -> Button:
        button = Button(text, kind="primary" if primary else "plain", icon=icon)
        button.clicked.connect(lambda _checked=False: act())
        return button


def _table(facts: Sequence[tuple[str, str]]) -> QWidget:
    table = QWidget()
    column = vbox(table, gap=6)
    for name, value in facts:
        row = hbox(gap=8)
        caption = label(name, "caption")
        caption.setFixedWidth(72)
        row.addWidget(caption, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(value, wrap=True), 1)
        column.addLayout(row)
    return table
