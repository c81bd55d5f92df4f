"""How far a long exchange has come: a bar, what is counted, and the time left where it can be told."""

from PySide6.QtWidgets import QFrame, QProgressBar

from storeapp.i18n import Translator
from storeapp.services.ports import SyncStep
from ui.kit import tokens
from ui.kit.parts import ElidedLabel, hbox, label, panel, vbox
from ui.sync_watch import Transfer

_BAR_STEPS = 1000
_KB, _MB = 1000, 1_000_000
_FEW_S, _MINUTE_S, _HOUR_S = 10, 60, 3600


class TransferPanel(QFrame):
    """What is under way; where the line was cut, the bar stands still and says that it goes on from there."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self._words = words
        self._what, self._share = ElidedLabel(role="strong"), label("", "strong")
        self._bar = QProgressBar()
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        self._count, self._left = ElidedLabel(role="soft"), label("", "soft")
        box = panel()
        column = vbox(box, margins=(16, 12, 16, 12), gap=tokens.GAP_S)
        for left, right in ((self._what, self._share), (self._count, self._left)):
            row = hbox(gap=tokens.GAP_M)
            row.addWidget(left, 1)
            row.addWidget(right)
            column.addLayout(row)
            if left is self._what:
                column.addWidget(self._bar)
        vbox(self).addWidget(box)
        self.hide()

    def show_transfer(self, transfer: Transfer | None) -> None:
        """Show how far it is, or nothing."""
        self.setVisible(transfer is not None)
        if transfer is None:
            return
        text = self._words.text
        self._what.setText(text(f"sync.transfer.{_what(transfer)}"))
        self._share.setText(text("sync.transfer.share", share=transfer.share))
        self._bar.setValue(transfer.done * _BAR_STEPS // transfer.total)
        self._bar.setAccessibleName(f"{self._what.text()} {self._share.text()}")
        self._count.setText(" · ".join(self._counts(transfer)))
        self._left.setText(text("sync.transfer.resumes") if transfer.stopped else self.left(transfer.left_s))

    def _counts(self, transfer: Transfer) -> list[str]:
        unit = "commands" if transfer.step is SyncStep.SENDING else "rows"
        counted = self._words.text(f"sync.transfer.{unit}", done=f"{transfer.done:,}", total=f"{transfer.total:,}")
        if not transfer.received_bytes:
            return [counted]
        return [counted, self._words.text("sync.transfer.received", size=self._size(transfer.received_bytes))]

    def _size(self, count: int) -> str:
        if count < _MB:
            return self._words.text("sync.size.kb", n=f"{max(1, count // _KB)}")
        return self._words.text("sync.size.mb", n=f"{count / _MB:.1f}")

    def left(self, left_s: float | None) -> str:
        """The time left, no finer than the estimate is."""
        text = self._words.text
        if left_s is None:
            return text("sync.transfer.untold")
        if left_s < _FEW_S:
            return text("sync.transfer.soon")
        for unit, size in (("hour", _HOUR_S), ("minute", _MINUTE_S)):
            if left_s > size * 1.5:
                return text("sync.transfer.left", span=text(f"sync.span.{unit}", n=round(left_s / size)))
        return text("sync.transfer.left", span=text("sync.span.second", n=-(-int(left_s) // 10) * 10))


def _what(transfer: Transfer) -> str:
    if transfer.step is SyncStep.SENDING:
        return "mine"
    return "brand" if transfer.feed.startswith("brand") else "store"
