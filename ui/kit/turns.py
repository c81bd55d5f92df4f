"""Cuts work on the window into pieces, so that a key or the pointer is answered between any two of them."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Slot


class Turns(QObject):
    """Runs one piece of work in each pass of the event loop, in the order in which they were asked for.

    Qt paints what a piece has changed before it begins the next one.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pieces: dict[Callable[[], None], None] = {}
        self._next = QTimer(self)
        self._next.setTimerType(Qt.TimerType.PreciseTimer)
        self._next.setInterval(0)
        self._next.timeout.connect(self._take)

    @property
    def waiting(self) -> bool:
        """Whether a piece has still to be run."""
        return bool(self._pieces)

    def ask(self, *pieces: Callable[[], None]) -> None:
        """Have these run soon, in this order and behind all that waits.

        One that still waits is not run twice, so it reads what is newest by itself.
        """
        for piece in pieces:
            self._pieces.pop(piece, None)
            self._pieces[piece] = None
        self._next.start()

    @Slot()
    def _take(self) -> None:
        piece = next(iter(self._pieces))
        del self._pieces[piece]
        if not self._pieces:
            self._next.stop()
        piece()
