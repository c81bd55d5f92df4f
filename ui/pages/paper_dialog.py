"""Shows a paper before it is printed, prints it off the UI thread, and does not leave personal papers open."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QDialog, QFrame, QScrollArea, QWidget

from storeapp.domain.paper import Media
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.messages import Level
from ui.kit.parts import Button, Segments, hbox, label, panel, vbox
from ui.paper.outputs import to_pdf, to_printer
from ui.paper.papers import Paper
from ui.paper.preview import PaperPreview
from ui.printing import printer_of

PERSONAL_MS = 30_000
"""How long a paper with personal data stays on the screen."""


class PaperDialog(QDialog):
    """Preview left, what can be done with it right; Enter prints, Esc closes."""

    def __init__(
        self,
        desk: Desk,
        paper_for: Callable[[Media], Paper],
        *,
        title: str,
        media: Sequence[Media],
        file_name: str = "",
        personal: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Args:
            desk: for words, messages, threads and the folder of printed files.
            paper_for: the paper on a medium.
            title: what it is.
            media: on what it may be printed, the usual one first.
            file_name: for a PDF, without its ending and without personal data; empty allows no file.
            personal: whether it shows customers in clear and must not stay open.
            parent: the window.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("gives_way", True)
        self.setWindowTitle(title)
        self._desk, self._paper_for, self._file_name = desk, paper_for, file_name
        self._media = media[0]
        self._preview = PaperPreview()
        self._lay_out(title, media, personal=personal)
        self.show_media(self._media)
        if personal:
            QTimer.singleShot(PERSONAL_MS, self, self.reject)

    def show_media(self, media: str) -> None:
        """Show the paper on another medium."""
        self._media = Media(media)
        self._preview.show_paper(self._paper_for(self._media))

    def print_paper(self) -> None:
        """Send it to the chosen printer, else the system's, and close; without a printer it stays open."""
        paper, wanted = self._paper_for(self._media), self._desk.preferences.settings.printer
        self._desk.backend.tasks.run_pooled(
            lambda: _print(paper, wanted), done=self._printed, failed=_failure(self._desk), owner=self
        )

    def _printed(self, done: bool) -> None:
        words = self._desk.words
        if done:
            self._desk.say(Level.DONE, words.text("print.sent"))
            self.accept()
        else:
            self._desk.say(Level.WARN, words.text("print.no_printer"))

    def save_pdf(self) -> None:
        """Write it into the folder of printed files and close."""
        desk, paper, path = self._desk, self._paper_for(self._media), self._desk.papers / f"{self._file_name}.pdf"
        said = desk.words.text("print.saved", file=path.name)
        desk.backend.tasks.run_pooled(
            lambda: _write(paper, path), done=lambda _: desk.say(Level.DONE, said), failed=_failure(desk)
        )
        self.accept()

    def _lay_out(self, title: str, media: Sequence[Media], *, personal: bool) -> None:
        words = self._desk.words
        self.resize(860, 640)
        row = hbox(self, gap=0)
        scroll = QScrollArea()
        scroll.setWidget(self._preview)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(scroll, 1)
        side = panel("bar")
        side.setFixedWidth(268)
        column = vbox(side, margins=(20, 20, 20, 20), gap=tokens.GAP_M)
        column.addWidget(label(title, "title", wrap=True))
        if len(media) > 1:
            choice = Segments(
                [(each, words.text(f"print.media.{each}")) for each in media], name=words.text("print.on")
            )
            choice.chosen.connect(self.show_media)
            column.addWidget(choice)
        if personal:
            column.addWidget(label(words.text("print.personal", seconds=PERSONAL_MS // 1000), "soft", wrap=True))
        column.addStretch(1)
        buttons = self._buttons()
        for button in buttons:
            column.addWidget(button)
        row.addWidget(side)
        # Only now it belongs to the dialog and keeps the focus.
        buttons[0].setFocus()

    def _buttons(self) -> list[Button]:
        words = self._desk.words
        send = Button(words.text("print.print"), kind="primary", icon="printer")
        send.setDefault(True)
        send.clicked.connect(self.print_paper)
        close = Button(words.text("kit.close"))
        close.clicked.connect(self.reject)
        if not self._file_name:
            return [send, close]
        save = Button(words.text("print.save"))
        save.clicked.connect(self.save_pdf)
        return [send, save, close]


def _print(paper: Paper, wanted: str) -> bool:
    """Print, where there is a printer: a paper with customers in clear is never left on the disk instead."""
    info = printer_of(wanted)
    if info.isNull():
        return False
    to_printer(paper, QPrinter(info))
    return True


def _write(paper: Paper, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    to_pdf(paper, path)


def _failure(desk: Desk) -> Callable[[Exception], None]:
    """A printer or disk that fails is told; anything else is a bug of ours."""

    def tell(error: Exception) -> None:
        if isinstance(error, OSError):
            desk.say(Level.FAILED, desk.words.text("print.failed"))
        else:
            desk.failed(error)

    return tell
