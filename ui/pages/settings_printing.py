"""The slip printer: which one, how wide its roll is, and a slip to try it with."""

from datetime import UTC, datetime

from PySide6.QtCore import Slot
from PySide6.QtPrintSupport import QPrinterInfo
from PySide6.QtWidgets import QComboBox, QWidget

from storeapp.domain.moment import Window
from storeapp.domain.paper import MaskedRecipient, Media, PaperLine, SlipContent
from storeapp.domain.words import Mode, Platform
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.messages import Level
from ui.kit.parts import Button, Segments, hbox, label, vbox
from ui.paper.papers import ROLLS, slip_paper
from ui.paper.preview import PaperPreview
from ui.printing import Printed, Printing, Sheet

_NOON = datetime(2026, 1, 1, 4, tzinfo=UTC)
_PREVIEW_PX = 224


class PrintingSection(QWidget):
    """Printer and roll on the left, a sample as it will come out on the right."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        text = desk.words.text
        self._printing = Printing(desk.backend, desk.papers, desk.preferences, owner=self)
        self.form = Form()
        self.printers: QComboBox = self.form.add_choice("printer", text("settings.printer"), choices=[])
        self.printers.activated.connect(self._choose_printer)
        self.widths = Segments([(str(width), f"{width} mm") for width in ROLLS], name=text("settings.roll"))
        self.widths.chosen.connect(self._choose_width)
        self.preview = PaperPreview()
        self.preview.setFixedWidth(_PREVIEW_PX)
        test = Button(text("settings.test_print"), icon="printer")
        test.clicked.connect(self.print_sample)
        left = vbox(gap=tokens.GAP_L)
        left.addWidget(self.form)
        left.addWidget(label(text("settings.printer.why"), "muted", wrap=True))
        left.addWidget(label(text("settings.roll"), "soft"))
        widths = hbox()
        widths.addWidget(self.widths)
        widths.addStretch(1)
        left.addLayout(widths)
        buttons = hbox()
        buttons.addWidget(test)
        buttons.addStretch(1)
        left.addLayout(buttons)
        left.addStretch(1)
        row = hbox(self, gap=tokens.GAP_XL)
        row.addLayout(left, 1)
        row.addWidget(self.preview)

    def refresh(self) -> None:
        """Ask the system for its printers, off the UI thread: one on a dead network takes seconds."""
        self._desk.backend.tasks.run_pooled(QPrinterInfo.availablePrinterNames, done=self._show, owner=self)
        self.widths.choose(str(self._desk.preferences.settings.slip_width_mm))
        self._preview_sample()

    def _show(self, names: list[str]) -> None:
        chosen = self._desk.preferences.settings.printer
        self.printers.clear()
        self.printers.addItem(self._desk.words.text("settings.printer.default"), "")
        for name in dict.fromkeys([*names, *([chosen] if chosen else [])]):
            gone = "" if name in names else self._desk.words.text("settings.printer.gone")
            self.printers.addItem(name + gone, name)
        self.printers.setCurrentIndex(max(0, self.printers.findData(chosen)))

    @Slot(int)
    def _choose_printer(self, _row: int) -> None:
        self._desk.preferences.change(printer=str(self.printers.currentData() or ""))

    @Slot(str)
    def _choose_width(self, width: str) -> None:
        self._desk.preferences.change(slip_width_mm=int(width))
        self._preview_sample()

    def _preview_sample(self) -> None:
        self.preview.show_paper(slip_paper(_sample(self._desk), self._desk.words, media=self._media()))

    def _media(self) -> Media:
        return ROLLS[self._desk.preferences.settings.slip_width_mm]

    def print_sample(self) -> None:
        """Print a slip that is worth nothing."""
        paper = slip_paper(_sample(self._desk), self._desk.words, media=self._media())
        self._printing.send([Sheet(paper, "test-slip")], done=self._printed, failed=self._desk.failed)

    def _printed(self, printed: Printed) -> None:
        code = "settings.test_printed" if printed.printer else "settings.test_saved"
        where = printed.printer or printed.files[0].name
        self._desk.say(Level.DONE, self._desk.words.text(code, where=where))


def _sample(desk: Desk) -> SlipContent:
    sample = desk.words.text("settings.sample")
    return SlipContent(
        store_name=sample,
        order_no="TEST-0000",
        platform=Platform.COUNTER,
        mode=Mode.INSTANT,
        window=Window(_NOON, _NOON.replace(hour=5)),
        lines=(PaperLine(sample, "TEST", 1, "A-01"),),
        recipient=MaskedRecipient("", "", ""),
        has_note=False,
        guide=None,
        reprint_no=0,
        printed_at=_NOON,
        qr_text="0" * 198,
        short_code="TEST0000",
    )
