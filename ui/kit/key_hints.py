"""The keys that work now, in the foot of the window: pairs of key and words that give way where room is short."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from ui.kit import tokens
from ui.kit.parts import hbox, label


class KeyHints(QWidget):
    """Pairs of key and meaning in one line; where there is no room for all, the last ones give way."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[tuple[str, str], ...] = ()
        self._pairs: list[QWidget] = []
        self._row = hbox(self, gap=tokens.GAP_L)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_hints(self, hints: Sequence[tuple[str, str]]) -> None:
        """Show these (key, words) pairs instead of the earlier ones."""
        if tuple(hints) == self._shown:
            return
        self._shown = tuple(hints)
        while item := self._row.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        self._pairs = [_hint(key, words) for key, words in hints]
        for pair in self._pairs:
            self._row.addWidget(pair)
        self._row.addStretch(1)
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        used = 0
        for pair in self._pairs:
            used += pair.sizeHint().width() + tokens.GAP_L
            pair.setVisible(used - tokens.GAP_L <= self.width())


def _hint(key: str, words: str) -> QWidget:
    pair = QWidget()
    row = hbox(pair, gap=6)
    row.addWidget(label(key, "key"))
    row.addWidget(label(words, "muted"))
    return pair
