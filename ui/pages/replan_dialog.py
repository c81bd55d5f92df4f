"""Shows a new plan as the difference to what people were told: nothing moves before somebody accepts it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from storeapp.domain.replan import Change
from storeapp.i18n import Translator
from storeapp.services.dispatch import Assignment
from storeapp.services.replanning import Replan
from ui.desk import clock_time
from ui.kit import tokens
from ui.kit.line_list import Line, LineList
from ui.kit.parts import Button, hbox, label, vbox
from ui.pages.board_read import Seen
from ui.pages.board_words import BoardWords
from ui.pages.order_words import amount, card_number, customer

NOTICED = timedelta(minutes=5)
"""Nobody minds less."""
_ROW_PX, _WIDE_PX, _HIGH_PX, _MOST_PX = 34, 720, 320, 440


class Difference:
    """A re-plan in words: what moves, what is new, what must change hands, and what nobody takes."""

    def __init__(self, words: Translator, board: BoardWords, seen: Seen, plan: Replan, *, saved_fen: int) -> None:
        self._words, self._board, self._seen, self._plan = words, board, seen, plan
        self._rows = seen.rows()
        self._names = {guide.id: guide.name for guide in seen.guides}
        self._reasons = board.reason_words(seen)
        self._items = {item.delivery_id: item for item in plan.proposal.assignments}
        self._saved_fen = saved_fen
        shown = [change for change in plan.changes if change.stop in self._rows]
        self.moves = [change for change in shown if change.moved and change.after and not change.rescue]
        self.shifts = [change for change in shown if not change.moved]
        self.rescues = [change for change in shown if change.after and change.rescue]
        self.lost = [change for change in shown if not change.after]
        changed = {change.stop for change in plan.changes}
        self.news = [item for item in plan.proposal.assignments if item.delivery_id not in changed]

    def _t(self, code: str, **data: object) -> str:
        return self._words.text(f"board.replan.{code}", **data)

    def summary(self) -> str:
        """One line: how much moves, and what it saves."""
        names = ("moves", "shifts", "rescues", "news", "lost")
        counted = [(name, getattr(self, name)) for name in names]
        parts = [self._t(f"n_{name}", n=len(found)) for name, found in counted if found]
        if self._saved_fen > 0:
            parts.append(self._t("saves", cost=amount(self._saved_fen)))
        return " · ".join(parts)

    def told(self) -> str:
        """Whom to tell that it is otherwise now."""
        guides = dict.fromkeys(change.before for change in (*self.moves, *self.lost))
        names = self._t("and").join(self._name(guide) for guide in guides)
        told = [self._t("tell", guides=names)] if names else []
        later = [change for change in (*self.moves, *self.shifts) if _is_shifted(change)]
        return " ".join([*told, *([self._t("tell_times", n=len(later))] if later else [])])

    def lines(self) -> list[Line]:
        """Everything, by what it asks of people."""
        return [
            *self._group("moves", [self._move(change, "users") for change in self.moves]),
            *self._group("shifts", [self._shift(change) for change in self.shifts]),
            *self._group("rescues", [self._move(change, "hand") for change in self.rescues]),
            *self._group("news", [self._new(item) for item in self.news]),
            *self._group("lost", [self._lost(change) for change in self.lost]),
        ]

    def _group(self, name: str, lines: Sequence[Line]) -> Iterator[Line]:
        if lines:
            yield Line("", self._t(name), heading=True)
            yield from lines

    def _name(self, guide: str) -> str:
        return self._names.get(guide, guide)

    def _who(self, delivery: str) -> str:
        row = self._rows[delivery]
        return f"{card_number(row.order_no)} {customer(self._words, row)}"

    def _move(self, change: Change, icon: str) -> Line:
        row, item = self._rows[change.stop], self._items.get(change.stop)
        old, new = self._name(change.before), self._name(change.after)
        text = self._t("from_to", who=self._who(change.stop), old=old, new=new)
        before = self._t("was_told", time=clock_time(row.eta)) if row.eta and not change.rescue else ""
        detail = " · ".join(filter(None, (before, self._slip(change), self._why(item))))
        return Line(change.stop, text, icon, "warn" if change.rescue else "accent", detail, clock_time(change.eta))

    def _shift(self, change: Change) -> Line:
        """The same guide at another time."""
        text = self._t("to", who=self._who(change.stop), new=self._name(change.after))
        late = change.told is not None and change.eta is not None and change.eta > change.told
        parts = (self._t("was_told", time=clock_time(change.told)), self._slip(change))
        tone = "warn" if late else "accent"
        return Line(change.stop, text, "clock", tone, " · ".join(filter(None, parts)), clock_time(change.eta))

    def _slip(self, change: Change) -> str:
        """By how much the arrival is not what was told."""
        if change.told is None or change.eta is None or not _is_shifted(change):
            return ""
        code = "later" if change.eta > change.told else "earlier"
        return self._t(code, time=self._reasons.duration(abs(change.eta - change.told)))

    def _new(self, item: Assignment) -> Line:
        text = self._t("to", who=self._who(item.delivery_id), new=self._name(item.guide))
        return Line(item.delivery_id, text, "sparkles", "accent", self._why(item), self._time(item))

    def _lost(self, change: Change) -> Line:
        left = {item.delivery_id: item.reasons for item in self._plan.proposal.unassigned}.get(change.stop, ())
        why = self._reasons.text(left[0]) if left else ""
        return Line(change.stop, self._who(change.stop), "warning", "danger", why, self._name(change.before))

    def _why(self, item: Assignment | None) -> str:
        return self._reasons.text(item.reasons[0]) if item and item.reasons else ""

    @staticmethod
    def _time(item: Assignment | None) -> str:
        return clock_time(item.eta) if item else ""


def _is_shifted(change: Change) -> bool:
    """Whether people have to be told of another time."""
    return change.told is not None and change.eta is not None and abs(change.eta - change.told) >= NOTICED


class ReplanDialog(QDialog):
    """The difference, with Enter to accept it and Esc to leave everything as it was told."""

    def __init__(self, words: Translator, difference: Difference, *, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("gives_way", True)
        self.setWindowTitle(title)
        self.resize(_WIDE_PX, _HIGH_PX)
        self.list = LineList(name=title, height_px=_ROW_PX)
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_M)
        column.addWidget(label(title, "title"))
        self.summary = label(difference.summary() or words.text("board.replan.nothing"), "soft", wrap=True)
        column.addWidget(self.summary)
        column.addWidget(self.list, 1)
        if told := difference.told():
            column.addWidget(label(told, "caption", wrap=True))
        lines = difference.lines()
        self.list.set_rows(lines, empty=words.text("board.replan.nothing"))
        wanted = sum(self.list.sizeHintForRow(at) for at in range(len(lines))) + _ROW_PX // 2
        self.list.setMinimumHeight(min(_MOST_PX, wanted))
        row = hbox()
        row.addStretch(1)
        leave = Button(words.text("board.replan.leave"))
        self.accept_button = Button(words.text("board.replan.accept"), kind="primary", icon="check")
        self.accept_button.setDefault(True)
        self.accept_button.setEnabled(bool(lines))
        leave.clicked.connect(self.reject)
        self.accept_button.clicked.connect(self.accept)
        row.addWidget(leave)
        row.addWidget(self.accept_button)
        column.addLayout(row)
        self.accept_button.setFocus()
