"""All there is to say about who could take a delivery: why this guide, what another would mean, and why not."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from storeapp.domain.dispatch import LI_PER_FEN, Stop
from storeapp.domain.why import Option
from storeapp.i18n import Translator
from storeapp.services.dispatch import Why
from storeapp.services.reasons import ReasonWords
from storeapp.services.rows import GuideRow
from ui.desk import clock_time
from ui.kit import tokens
from ui.kit.line_list import Line, LineList
from ui.kit.parts import Button, hbox, label, vbox
from ui.pages.board_words import HOW_TIMED, UNSURE
from ui.pages.order_words import amount

_ROW_PX, _WIDE_PX, _HIGH_PX = 32, 680, 560


class WhoDialog(QDialog):
    """Reasons over a list of all guides; Enter assigns to the chosen one, the other buttons ask it of the planner."""

    assign_requested = Signal(str)
    """Give it to this guide."""
    pin_requested = Signal(str)
    """Only this guide is to be planned for it; an empty one lifts that."""
    ban_requested = Signal(str, bool)
    """This guide is not to be planned for it; True lifts that."""

    def __init__(self, words: Translator, *, title: str, reasons: ReasonWords, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("gives_way", True)
        self.setWindowTitle(title)
        self.resize(_WIDE_PX, _HIGH_PX)
        self._words, self._reasons = words, reasons
        self._pinned, self._banned = "", frozenset[str]()
        self.list = LineList(name=title, height_px=_ROW_PX)
        self.list.opened.connect(lambda _key: self.assign())
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_buttons())
        self.pin_button, self.ban_button = Button("", icon="flag"), Button("", icon="hand")
        self.assign_button = Button(words.text("board.who.assign"), kind="primary", icon="users")
        self.assign_button.setDefault(True)
        self._lay_out(title)
        self.assign_button.clicked.connect(self.assign)
        self.pin_button.clicked.connect(self.pin)
        self.ban_button.clicked.connect(self.ban)

    def _lay_out(self, title: str) -> None:
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_M)
        column.addWidget(label(title, "title"))
        column.addWidget(self.list, 1)
        row = hbox()
        row.addWidget(self.pin_button)
        row.addWidget(self.ban_button)
        row.addStretch(1)
        close = Button(self._words.text("kit.close"))
        close.clicked.connect(self.reject)
        row.addWidget(close)
        row.addWidget(self.assign_button)
        column.addLayout(row)

    def show_why(self, why: Why, stop: Stop, guides: Sequence[GuideRow]) -> None:
        """Show what the model says of a delivery."""
        self._pinned, self._banned = stop.pinned, stop.banned
        self.list.set_rows([*self._why(why), *self._ways(why), *self._guides(why, guides)])
        first = next((at for at, line in enumerate(self.list.rows) if line.key), None)
        if first is not None:
            self.list.setCurrentIndex(self.list.model().index(first, 0))
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_buttons()

    @property
    def pinned(self) -> str:
        """The only guide who is planned for it; empty where anybody may be."""
        return self._pinned

    def _why(self, why: Why) -> Iterator[Line]:
        yield Line("", self._words.text("board.who.why" if why.guide else "board.who.why_not"), heading=True)
        for reason in sorted(why.reasons, key=lambda reason: reason.code in HOW_TIMED):
            good = bool(why.guide) and reason.code not in UNSURE
            yield Line("", self._reasons.text(reason), "check" if good else "minus", "ok" if good else "text3")

    def _ways(self, why: Why) -> Iterator[Line]:
        if why.ways:
            yield Line("", self._words.text("board.who.ways"), heading=True)
        for reason in why.ways:
            yield Line("", self._reasons.text(reason), "arrow-right", "accent")

    def _guides(self, why: Why, guides: Sequence[GuideRow]) -> Iterator[Line]:
        yield Line("", self._words.text("board.who.guides"), heading=True, end=self._words.text("board.who.cost"))
        options = {option.guide: option for option in why.options}
        known = [option.guide for option in why.options]
        ordered = sorted(guides, key=lambda guide: known.index(guide.id) if guide.id in options else len(known))
        for guide in ordered:
            yield self._guide(guide, options.get(guide.id), chosen=guide.id == why.guide)

    def _guide(self, guide: GuideRow, option: Option | None, *, chosen: bool) -> Line:
        marks = [self._words.text(f"board.who.{name}") for name, on in self._marks(guide.id) if on]
        if option is None:
            detail, end, icon, ink = self._words.text("board.off_shift"), "", "minus", "text3"
        elif option.obstacle is not None:
            detail, end, icon, ink = self._reasons.text(option.obstacle), "", "minus", "text3"
        else:
            detail = self._words.text("board.who.arrives", time=clock_time(option.eta))
            end = amount(round(option.cost_li / LI_PER_FEN))
            icon, ink = ("sparkles", "accent") if chosen else ("user", "text2")
        return Line(guide.id, guide.name, icon, ink, " · ".join([*marks, detail]), end)

    def _marks(self, guide: str) -> tuple[tuple[str, bool], ...]:
        return (("pinned", guide == self._pinned), ("banned", guide in self._banned))

    def _show_buttons(self) -> None:
        guide = self.list.current_key()
        for button in (self.assign_button, self.pin_button, self.ban_button):
            button.setEnabled(bool(guide))
        pin = "unpin" if guide and guide == self._pinned else "pin"
        ban = "unban" if guide in self._banned else "ban"
        self.pin_button.setText(self._words.text(f"board.who.{pin}"))
        self.ban_button.setText(self._words.text(f"board.who.{ban}"))

    def assign(self) -> None:
        """Give it to the chosen guide and close."""
        if guide := self.list.current_key():
            self.accept()
            self.assign_requested.emit(guide)

    def pin(self) -> None:
        """Only the chosen guide, or anybody again."""
        if guide := self.list.current_key():
            self.pin_requested.emit("" if guide == self._pinned else guide)

    def ban(self) -> None:
        """Not the chosen guide, or that one after all."""
        if guide := self.list.current_key():
            self.ban_requested.emit(guide, guide in self._banned)
