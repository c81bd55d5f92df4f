"""Shows the recovery key once: to copy by hand, to the clipboard or to a printer, and not left by accident."""

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.parts import Button, Check, hbox, label, panel, vbox
from ui.kit.style import BOLD, make_font

_COLUMNS = 5


class RecoverySheet(QWidget):
    """The key in groups of four, and the promise to have kept it."""

    kept = Signal(bool)
    """The person has, or has not, kept the key."""

    def __init__(self, words: Translator, key: str) -> None:
        super().__init__()
        self._words, self._key = words, key
        self.promise = Check(words.text("entry.recovery.kept"))
        self.promise.toggled.connect(self.kept)
        column = vbox(self, gap=tokens.GAP_L)
        column.addWidget(label(words.text("entry.recovery.why"), "soft", wrap=True))
        column.addWidget(self._groups())
        row = hbox()
        copy = Button(words.text("entry.recovery.copy"), icon="copy")
        print_it = Button(words.text("entry.recovery.print"), icon="printer")
        copy.clicked.connect(self._copy)
        print_it.clicked.connect(self._print)
        row.addWidget(copy)
        row.addWidget(print_it)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        column.addWidget(self.promise)

    def _groups(self) -> QWidget:
        box = panel("sunken")
        grid = QGridLayout(box)
        grid.setContentsMargins(16, 16, 16, 16)
        grid.setHorizontalSpacing(tokens.GAP_L)
        grid.setVerticalSpacing(tokens.GAP_S)
        for number, group in enumerate(self._key.split("-")):
            words = label(group)
            words.setFont(_code_font())
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(words, *divmod(number, _COLUMNS))
        box.setAccessibleName(self._key)
        return box

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._key)

    @Slot()
    def _print(self) -> None:
        printer = QPrinter()
        if QPrintDialog(printer, self).exec():
            self._paint_on(printer)

    def _paint_on(self, printer: QPrinter) -> None:
        painter = QPainter()
        if not painter.begin(printer):
            return
        dpi = printer.resolution()
        painter.setFont(QFont(painter.font().family(), 14))
        area = QRectF(dpi, dpi, printer.width() - 2 * dpi, printer.height() - 2 * dpi)
        text = f"{self._words.text('entry.recovery.title')}\n\n{self._key}\n\n{self._words.text('entry.recovery.why')}"
        painter.drawText(area, int(Qt.TextFlag.TextWordWrap), text)
        painter.end()


class RecoveryDialog(QDialog):
    """The sheet on its own, for a key that was renewed; it closes only when the key was kept."""

    def __init__(self, words: Translator, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(words.text("entry.recovery.title"))
        self.sheet = RecoverySheet(words, key)
        self.close_button = Button(words.text("kit.close"), kind="primary")
        self.close_button.setEnabled(False)
        self.sheet.kept.connect(self.close_button.setEnabled)
        self.close_button.clicked.connect(self.accept)
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_L)
        column.addWidget(label(words.text("entry.recovery.title"), "title"))
        column.addWidget(self.sheet, 1)
        row = hbox()
        row.addStretch(1)
        row.addWidget(self.close_button)
        column.addLayout(row)
        self.setMinimumWidth(520)

    def reject(self) -> None:
        """Esc and the close button of the frame do nothing before the key was kept."""
        if self.sheet.promise.isChecked():
            super().reject()


def _code_font() -> QFont:
    font = make_font(tokens.PX_TITLE, BOLD, tabular=True)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 1.5)
    return font
