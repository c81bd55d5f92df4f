"""The zones of the dispatch board: what waits with its reasons at the left, the other states, the guides' day."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QWidget
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit.board import ColumnPanel
from ui.kit.cards import GuideCard
from ui.kit.lanes import Lanes
from ui.kit.parts import ElidedLabel, IconLabel, Segments, hbox, label, panel, vbox
from ui.pages.board_words import FILTERS
from ui.pages.plan_bar import PlanBar

_MOST_REASONS = 5
_KEYS = 9
_LEGEND_PX = 800
"""From this width on there is room for the legend beside the numbers of the plan."""
_LEGEND = (("sparkles", "accent", "proposal"), ("navigation", "accent", "live"), ("warning", "danger", "late"))


class WhyPanel(QFrame):
    """Why the selected delivery goes where it goes, and the buttons that follow from it."""

    def __init__(self, words: Translator, buttons: Sequence[QWidget]) -> None:
        super().__init__()
        self._words = words
        column = vbox(self, margins=(9, 4, 9, 6), gap=8)
        self._box = panel("sunken")
        body = vbox(self._box, margins=(12, 10, 12, 10), gap=5)
        head = hbox(gap=6)
        self._icon = IconLabel("sparkles", "accent")
        self._title = ElidedLabel(role="strong")
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        body.addLayout(head)
        self._reasons = [_Reason() for _ in range(_MOST_REASONS)]
        for reason in self._reasons:
            body.addWidget(reason)
        column.addWidget(self._box)
        row = hbox(gap=8)
        for number, button in enumerate(buttons):
            row.addWidget(button, 1 if number == 0 else 0)
        column.addLayout(row)

    def show_why(self, title: str, reasons: Sequence[tuple[str, bool]], *, icon: str) -> None:
        """Show a title and its reasons, each with whether it speaks for it; what has no room is in the tooltip."""
        self._box.setToolTip("\n".join(text for text, _ in reasons) if len(reasons) > _MOST_REASONS else "")
        self._icon.setVisible(bool(title))
        self._title.setText(title)
        self._icon.show_icon(icon, "accent" if icon == "sparkles" else "text2")
        for at, line in enumerate(self._reasons):
            line.show_reason(*(reasons[at] if at < len(reasons) else ("", False)))


class _Reason(QWidget):
    def __init__(self) -> None:
        super().__init__()
        # The box keeps its height, so that choosing another card moves no other.
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        row = hbox(self, gap=6)
        self._icon = IconLabel("check", "ok", 14)
        self._text = ElidedLabel(role="soft")
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)

    def show_reason(self, text: str, good: bool) -> None:
        self.setVisible(bool(text))
        self._text.setText(text)
        self._icon.show_icon("check" if good else "minus", "ok" if good else "text3")


class WaitingPanel:
    """Puts the filter above and the reasons below the column of what waits."""

    def __init__(self, words: Translator, column: ColumnPanel, why: WhyPanel) -> None:
        self._words = words
        choices = [(key, words.text(f"board.filter.{key}")) for key in FILTERS]
        self.filter = Segments(choices, name=words.text("board.filter"))
        column.body.insertLayout(1, self._filter_row())
        column.body.addWidget(why)

    def show_counts(self, counts: dict[str, int]) -> None:
        """How many each filter would show."""
        for key in FILTERS[1:]:
            number = f" {counts[key]}" if counts[key] else ""
            self.filter.set_text(key, self._words.text(f"board.filter.{key}") + number)

    def _filter_row(self) -> QHBoxLayout:
        row = hbox(margins=(6, 0, 6, 0))
        row.addWidget(self.filter)
        row.addStretch(1)
        return row


class DayPanel(QFrame):
    """The guides' lanes with their legend; it scrolls where a store has many guides."""

    dropped = Signal(str, str)
    """A delivery's id and the guide on whose lane it was dropped."""
    tried = Signal(str, str)
    """A delivery's id and the guide over whose lane it is being dragged; both empty when it is over none."""

    def __init__(self, words: Translator, plan: PlanBar) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.plan = plan
        self._legend = _legend(words)
        self.lanes = Lanes(name=words.text("board.lanes"))
        self.lanes.dropped.connect(self.dropped)
        self.lanes.tried.connect(self.tried)
        area = QScrollArea()
        area.setWidget(self.lanes)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.viewport().setAutoFillBackground(False)
        self.lanes.setAutoFillBackground(False)
        self._empty = label(words.text("board.no_guides"), "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = vbox(self, margins=(1, 6, 1, 2), gap=2)
        column.addLayout(self._head(words))
        column.addWidget(area, 1)
        column.addWidget(self._empty, 1)
        self._area = area

    def show_empty(self, *, empty: bool) -> None:
        """Say what to do where nobody delivers."""
        self._area.setVisible(not empty)
        self._empty.setVisible(empty)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the numbers of the plan need it more than the legend does."""
        super().resizeEvent(event)
        self._legend.setVisible(self.width() >= _LEGEND_PX)

    def _head(self, words: Translator) -> QHBoxLayout:
        row = hbox(margins=(12, 0, 12, 0), gap=6)
        row.addWidget(label(words.text("board.lanes"), "strong"))
        row.addWidget(self._legend)
        row.addWidget(self.plan, 1)
        return row


def _legend(words: Translator) -> QWidget:
    box = QWidget()
    row = hbox(box, gap=6)
    for icon, ink, code in _LEGEND:
        row.addSpacing(6)
        row.addWidget(IconLabel(icon, ink, 14))
        row.addWidget(label(words.text(f"board.legend.{code}"), "caption"))
    return box


def guide_menu(guides: Sequence[GuideCard], choose: Callable[[str], None], parent: QWidget) -> QMenu:
    """A list of guides to choose one from; the first nine have their number as a key."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for number, guide in enumerate(guides, 1):
        key = f"&{number}  " if number <= _KEYS else ""
        chosen = menu.addAction(f"{key}{guide.name}  {guide.detail}")
        chosen.triggered.connect(lambda _checked=False, of=guide.id: choose(of))
    return menu
