"""Shows a paper as it will come out of the printer, so that nobody prints to find out."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.paper.outputs import to_image
from ui.paper.papers import Paper

MARGIN_PX = 12


class PaperPreview(QWidget):
    """The printed image, scaled to the widget's width and never enlarged past its own dots."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_paper(self, paper: Paper | None) -> None:
        """Show another paper, or an empty ground."""
        self._image = QImage() if paper is None else to_image(paper)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Half the dots: about the paper's real size on a usual screen."""
        width = self._image.width() // 2 + 2 * MARGIN_PX
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Wide enough to recognise the paper."""
        return QSize(160, 160)

    def heightForWidth(self, width: int) -> int:
        """The height at which the whole paper shows at a width."""
        return self._paper_size(width).height() + 2 * MARGIN_PX

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground and, centred on it, the paper."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().mid())
        if self._image.isNull():
            return
        size = self._paper_size(self.width())
        ratio = self.devicePixelRatioF()
        scaled = self._image.convertToFormat(QImage.Format.Format_RGB32).scaled(
            size * ratio, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        painter.drawImage(QRect((self.width() - size.width()) // 2, MARGIN_PX, size.width(), size.height()), scaled)

    def _paper_size(self, width: int) -> QSize:
        if self._image.isNull():
            return QSize(0, 0)
        shown = max(1, min(width - 2 * MARGIN_PX, self._image.width()))
        return QSize(shown, round(self._image.height() * shown / self._image.width()))
