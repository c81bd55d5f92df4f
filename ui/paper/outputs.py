"""The four ways out of one painting: a printer, a PDF, a PNG and an image for the preview."""

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QSizeF, Qt, QUuid
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtPrintSupport import QPrinter

from ui.paper.marks import Block
from ui.paper.papers import Geometry, Paper
from ui.paper.surface import DOTS_PER_MM, THERMAL_DPI, Surface

POINT_MM = 25.4 / 72
DRAFT_ROLL_MM = 3000.0
"""Length of roll paper that a device is asked for until the content's own length is known."""


class PaintingFailed(OSError):
    """The device took no ink: a full disk, a printer that went away, an image too large for the memory."""


def page_images(paper: Paper) -> list[QImage]:
    """Every page in black and white at eight dots a millimetre, as a thermal head prints it.

    A roll's image is as wide as what can be printed on; a page's image includes its margins.

    Raises:
        PaintingFailed: there is not enough memory.
    """
    geometry = paper.geometry
    surface = _image_surface(geometry, narrow=_narrow(geometry))
    if geometry.height_mm is None:
        return [_image(page, page.width, page.height, QPoint(0, 0)) for page in paper.pages(surface)]
    size = (round(geometry.width_mm * DOTS_PER_MM), round(geometry.height_mm * DOTS_PER_MM))
    corner = QPoint(round(geometry.side_mm * DOTS_PER_MM), round(geometry.end_mm * DOTS_PER_MM))
    return [_image(page, *size, corner) for page in paper.pages(surface)]


def to_image(paper: Paper) -> QImage:
    """All pages below each other.

    Raises:
        PaintingFailed: there is not enough memory.
    """
    pages = page_images(paper)
    return pages[0] if len(pages) == 1 else _joined(pages)


def to_png(paper: Paper, path: Path) -> None:
    """Write a one-bit PNG; the caller's file name must not be personal.

    Raises:
        OSError: the file cannot be written.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not to_image(paper).save(buffer, "PNG"):  # type: ignore[call-overload]  # stubs know only file names as str
        raise PaintingFailed("the image was not encoded")
    path.write_bytes(buffer.data().data())


def to_pdf(paper: Paper, path: Path) -> None:
    """Write a PDF with subset fonts, in the paper's own size; the caller's file name must not be personal.

    Raises:
        OSError: the file cannot be written.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(THERMAL_DPI)
    writer.setCreator("storeapp")
    writer.setDocumentId(QUuid())
    paint_on(writer, paper)
    path.write_bytes(buffer.data().data())


def to_printer(paper: Paper, printer: QPrinter) -> None:
    """Print; a printer without endless paper gets pages.

    Raises:
        PaintingFailed: the printer did not start.
    """
    paint_on(printer, paper)


def paint_on(device: QPdfWriter | QPrinter, paper: Paper) -> None:
    """Lay out in the device's own dots, set a roll's length to the content's, and paint every page.

    Raises:
        PaintingFailed: the device did not start.
    """
    geometry = paper.geometry
    device.setPageLayout(_layout(geometry, geometry.height_mm or DRAFT_ROLL_MM))
    pages = paper.pages(_device_surface(device, geometry))
    if geometry.height_mm is None:
        length_mm = max(page.height for page in pages) / device.resolution() * 25.4
        device.setPageLayout(_layout(geometry, length_mm + 2 * geometry.end_mm))
    _paint_pages(device, pages)


def _paint_pages(device: QPdfWriter | QPrinter, pages: Sequence[Block]) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise PaintingFailed("the device did not start")
    try:
        for number, page in enumerate(pages):
            if number and not device.newPage():
                raise PaintingFailed("the device gave no further page")
            page.paint(painter)
    finally:
        painter.end()


def _layout(geometry: Geometry, height_mm: float) -> QPageLayout:
    """A page in whole points, because Qt rounds to them anyway; the height is rounded up so that nothing is lost."""
    size = QSizeF(round(geometry.width_mm / POINT_MM), math.ceil(height_mm / POINT_MM))
    page = QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    side, end = geometry.side_mm / POINT_MM, geometry.end_mm / POINT_MM
    return QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF(side, end, side, end), QPageLayout.Unit.Point)


def _device_surface(device: QPdfWriter | QPrinter, geometry: Geometry) -> Surface:
    """The device's printable dots, but never wider than the paper that the layout is made for."""
    dpi, layout = device.resolution(), device.pageLayout()
    area = layout.paintRectPixels(dpi)
    width = min(area.width(), round(geometry.printable_mm * dpi / 25.4))
    endless = geometry.height_mm is None and layout.fullRect(QPageLayout.Unit.Millimeter).height() > DRAFT_ROLL_MM / 2
    return Surface(width, None if endless else area.height(), dpi, narrow=_narrow(geometry))


def _image_surface(geometry: Geometry, *, narrow: bool) -> Surface:
    height = None
    if geometry.height_mm is not None:
        height = round((geometry.height_mm - 2 * geometry.end_mm) * DOTS_PER_MM)
    return Surface(round(geometry.printable_mm * DOTS_PER_MM), height, DOTS_PER_MM * 25.4, narrow=narrow)


def _narrow(geometry: Geometry) -> bool:
    return geometry.height_mm is None and geometry.width_mm < 70


def _image(page: Block, width: int, height: int, corner: QPoint) -> QImage:
    """Paint soft, then cut at half black, which is what a thermal head does with grey."""
    image = _blank(width, height, QImage.Format.Format_Grayscale8)
    painter = QPainter(image)
    painter.translate(corner)
    page.paint(painter)
    painter.end()
    flags = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.MonoOnly
    return image.convertToFormat(QImage.Format.Format_Mono, flags)


def _joined(pages: Sequence[QImage]) -> QImage:
    whole = _blank(max(page.width() for page in pages), sum(page.height() for page in pages), pages[0].format())
    painter = QPainter(whole)
    top = 0
    for page in pages:
        painter.drawImage(0, top, page)
        top += page.height()
    painter.end()
    return whole


def _blank(width: int, height: int, form: QImage.Format) -> QImage:
    image = QImage(width, height, form)
    if image.isNull():
        raise PaintingFailed("no memory for the image")
    image.setDotsPerMeterX(DOTS_PER_MM * 1000)
    image.setDotsPerMeterY(DOTS_PER_MM * 1000)
    image.fill(Qt.GlobalColor.white)
    return image
