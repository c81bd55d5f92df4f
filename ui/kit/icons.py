"""Draws the product's SVG icons in any token colour, once for each size and screen."""

from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_FOLDER = files("resources").joinpath("icons")
_STROKE = 'stroke="#000"'
_WIDTH = 'stroke-width="2"'


def icon_names() -> list[str]:
    """Names of all icons that the product has."""
    return sorted(entry.name.removesuffix(".svg") for entry in _FOLDER.iterdir() if entry.name.endswith(".svg"))


class IconStore:
    """Icons by name and ``#RRGGBB`` colour; drawings are kept, so asking again while painting is cheap."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        self._drawn: dict[tuple[str, str, int, float, float], QPixmap] = {}

    def pixmap(self, name: str, colour: str, size: int, *, dpr: float = 1.0, stroke: float = 2.0) -> QPixmap:
        """One icon, ``size`` device-independent pixels wide, sharp at the pixel ratio ``dpr``.

        Raises:
            FileNotFoundError: there is no icon of that name.
        """
        key = (name, colour, size, dpr, stroke)
        found = self._drawn.get(key)
        if found is None:
            found = self._drawn[key] = self._draw(self._coloured(name, colour, stroke), size, dpr)
        return found

    def icon(self, name: str, colour: str, size: int, *, disabled: str | None = None) -> QIcon:
        """An icon for buttons and menus, sharp on plain and on doubled screens."""
        made = QIcon()
        for dpr in (1.0, 2.0):
            made.addPixmap(self.pixmap(name, colour, size, dpr=dpr))
            if disabled:
                made.addPixmap(self.pixmap(name, disabled, size, dpr=dpr), QIcon.Mode.Disabled)
        return made

    def _coloured(self, name: str, colour: str, stroke: float) -> bytes:
        source = self._sources.get(name)
        if source is None:
            source = self._sources[name] = _FOLDER.joinpath(f"{name}.svg").read_text("utf-8")
        return source.replace(_STROKE, f'stroke="{colour}"').replace(_WIDTH, f'stroke-width="{stroke:g}"').encode()

    @staticmethod
    def _draw(svg: bytes, size: int, dpr: float) -> QPixmap:
        pixels = round(size * dpr)
        pixmap = QPixmap(pixels, pixels)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        QSvgRenderer(QByteArray(svg)).render(painter, QRectF(0, 0, pixels, pixels))
        painter.end()
        pixmap.setDevicePixelRatio(dpr)
        return pixmap
