"""Lets a list take a dragged delivery, with the target outlined while the pointer is over it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from ui.kit.paint import dragged_delivery


class DropTarget(QObject):
    """Watches a widget (of a scroll area: its viewport) for deliveries that are dragged over it and dropped."""

    hovered = Signal(str)
    """The key of what is under the dragged delivery; empty when it left."""
    over = Signal(str, str)
    """The dragged delivery's id and the key of what is under it; both empty when it left or was dropped."""
    dropped = Signal(str, str)
    """A delivery's id and the key of what it was dropped on."""

    def __init__(self, widget: QWidget, key_at: Callable[[QPoint], str]) -> None:
        """Take deliveries.

        Args:
            widget: where they may be dropped.
            key_at: which key stands at a point of the widget; an empty one takes no drop.
        """
        super().__init__(widget)
        self._key_at = key_at
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and event.type() in (
            QEvent.Type.DragEnter,
            QEvent.Type.DragMove,
            QEvent.Type.Drop,
        ):
            self._handle(event)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.hovered.emit("")
            self.over.emit("", "")
        return False

    def _handle(self, event: QDropEvent) -> None:
        delivery = dragged_delivery(event.mimeData())
        key = self._key_at(event.position().toPoint())
        over = isinstance(event, QDragMoveEvent)
        self.hovered.emit(key if over and delivery else "")
        self.over.emit(*((delivery, key) if over and delivery and key else ("", "")))
        if delivery is None or not key:
            event.ignore()
            return
        event.acceptProposedAction()
        if not over:
            self.dropped.emit(delivery, key)
