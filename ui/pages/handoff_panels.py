"""The panels around the verdict: goods of this slip, the guide at the desk, and the last scans with their counts."""

from collections import deque
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout

from storeapp.domain.paper import PaperLine
from storeapp.services.custody_desk import GuideAtDesk
from ui.desk import Desk, clock_time
from ui.kit import tokens
from ui.kit.actions import ActionRegistry
from ui.kit.line_list import Line, LineList
from ui.kit.parts import ElidedLabel, hbox, label, panel, vbox
from ui.pages.handoff_words import SHAPES, Scan, Speaker, joined

LOWEST_PX, BOTTOM_PX, SIDE_PX = 148, 208, 326
REMEMBERED = 60


class _Headed:
    """A panel with a title, a quiet end of the title line, and a list."""

    def __init__(self, title: str) -> None:
        self.widget = panel()
        self.title, self.end = label(title, "strong"), ElidedLabel(role="muted")
        self.end.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.list = LineList(name=title)
        self.column = vbox(self.widget, margins=(0, 10, 0, 6), gap=4)
        head = hbox(margins=(14, 0, 14, 2))
        head.addWidget(self.title)
        head.addWidget(self.end, 1)
        self.column.addLayout(head)
        self.column.addWidget(self.list, 1)


class GoodsPanel(_Headed):
    """What is in the parcel and where it lies."""

    def __init__(self, speaker: Speaker) -> None:
        super().__init__(speaker.text("goods"))
        self._speaker = speaker
        self.widget.setMinimumHeight(LOWEST_PX)
        self.widget.setMaximumHeight(BOTTOM_PX)
        self.clear()

    def clear(self) -> None:
        """No slip is on the desk."""
        self.end.setText("")
        self.list.set_rows((), empty=self._speaker.text("goods.empty"))

    def show_lines(self, lines: tuple[PaperLine, ...], *, of: str, done: bool) -> None:
        """The goods of a slip; ``of`` says whose."""
        pieces = sum(line.quantity for line in lines)
        self.end.setText(joined(of, self._speaker.text("pieces", count=pieces)))
        self.list.set_rows(self._speaker.goods(lines, done=done), empty=self._speaker.text("goods.unknown"))


class GuidePanel(_Headed):
    """Who stands at the desk, with what is carried and what lies ready."""

    def __init__(self, desk: Desk, speaker: Speaker) -> None:
        super().__init__(speaker.text("guide"))
        self._words, self._speaker = desk.words, speaker
        self.widget.setMinimumHeight(LOWEST_PX)
        self.widget.setMaximumHeight(BOTTOM_PX)
        self.clear()

    def clear(self) -> None:
        """Nobody is there."""
        self.title.setText(self._speaker.text("guide"))
        self.end.setText("")
        self.list.set_rows((), empty=self._speaker.text("guide.empty"))

    def show_guide(self, guide: GuideAtDesk) -> None:
        """Somebody's badge is in force."""
        hours = f"{clock_time(guide.window.start)}–{clock_time(guide.window.end)}" if guide.window else ""
        shift = hours or self._speaker.text("guide.off")
        self.title.setText(guide.name)
        self.end.setText(joined(self._words.text(f"travel.{guide.mode}"), shift))
        self.list.set_rows(self._speaker.guide_rows(guide), empty=self._speaker.text("guide.nothing"))


class LogPanel(_Headed):
    """The last scans, the newest on top, over the desk's buttons."""

    def __init__(self, speaker: Speaker, actions: ActionRegistry, buttons: Sequence[str]) -> None:
        super().__init__(speaker.text("log"))
        self._speaker = speaker
        self._scans: deque[Scan] = deque(maxlen=REMEMBERED)
        self.widget.setFixedWidth(SIDE_PX)
        self.list.set_rows((), empty=speaker.text("log.empty"))
        self._add_buttons(actions, buttons)

    def add(self, scan: Scan) -> None:
        """A scan has its answer."""
        self._scans.appendleft(scan)
        head = Line("", self._counts(), heading=True)
        self.list.set_rows((head, *(self._speaker.log_row(each) for each in self._scans)))

    def show_today(self, count: int) -> None:
        """How many parcels left today."""
        self.end.setText(self._speaker.text("today", count=count))

    def scans(self) -> tuple[Scan, ...]:
        """What was scanned, newest first."""
        return tuple(self._scans)

    def _counts(self) -> str:
        kinds = [scan.kind for scan in self._scans]
        return joined(*(self._speaker.text(f"count.{kind}", count=kinds.count(kind)) for kind in SHAPES))

    def _add_buttons(self, actions: ActionRegistry, buttons: Sequence[str]) -> None:
        """Two in a row; the last one has a row of its own where the number is odd."""
        grid = QGridLayout()
        grid.setContentsMargins(12, 6, 12, 6)
        grid.setSpacing(tokens.GAP_S)
        for at, each in enumerate(buttons):
            wide = at == len(buttons) - 1 and at % 2 == 0
            grid.addWidget(actions.button(each, kind="desk"), at // 2, at % 2, 1, 2 if wide else 1)
        self.column.addLayout(grid)
