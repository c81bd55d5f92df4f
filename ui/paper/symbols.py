"""QR and Code 128 as rectangles on whole device dots, because a blurred module edge is what scanners fail on."""

from itertools import groupby

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from storeapp.domain.code128 import QUIET_MODULES, module_widths
from ui.paper.marks import Block, Box, Fill
from ui.paper.surface import THERMAL_DPI, Surface

QR_QUIET_MODULES = 4
MAX_BAR_DOTS = 3
MIN_MODULE_DOTS = 4
"""Half a millimetre on a thermal head: what a phone still reads; only very long links come down to it."""


def qr_modules(text: str) -> list[list[bool]]:
    """The matrix of a QR code with error correction M and the fewest modules, without its quiet zone."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.modules]


def qr(text: str, *, module: int) -> Block:
    """A QR code with so many dots a module; the block includes four blank modules on every side."""
    matrix = qr_modules(text)
    side = (len(matrix) + 2 * QR_QUIET_MODULES) * module
    rects = tuple(rect for number, row in enumerate(matrix) for rect in _row_rects(row, number, module))
    return Block(side, side, (Fill((0, 0, side, side), rects),))


def qr_within(text: str, surface: Surface, width: int, *, spare: int = 1) -> Block:
    """A QR code in the paper's module size, up to ``spare`` dots a module larger where there is room.

    Raises:
        ValueError: the text is too long to be read from this width.
    """
    side = len(qr_modules(text)) + 2 * QR_QUIET_MODULES
    module = min(least_module(surface) + spare, width // side)
    if module < MIN_MODULE_DOTS:
        raise ValueError("the QR code does not fit on the paper")
    return qr(text, module=module)


def least_module(surface: Surface) -> int:
    """Dots a module must have: six of a thermal head, seven on its narrow paper, more on a finer device."""
    return round((7 if surface.narrow else 6) * max(1.0, surface.dpi / THERMAL_DPI))


def bars(text: str, surface: Surface, *, width: int, height: int) -> Block:
    """Code 128 with the widest whole-dot module that fits; the block includes both quiet zones.

    Raises:
        ValueError: the text is too long for the width even at one dot a module.
    """
    widths, modules = module_widths(text), bars_width(text, 1)
    module = min(width // modules, round(MAX_BAR_DOTS * max(1.0, surface.dpi / THERMAL_DPI)))
    if module < 1:
        raise ValueError("the code does not fit as bars")
    rects, left = [], QUIET_MODULES * module
    for place, modules_wide in enumerate(widths):
        if place % 2 == 0:
            rects.append((left, 0, modules_wide * module, height))
        left += modules_wide * module
    return Block(modules * module, height, (Fill((0, 0, modules * module, height), tuple(rects)),))


def bars_width(text: str, module: int) -> int:
    """Dots that Code 128 needs with both quiet zones."""
    return (sum(module_widths(text)) + 2 * QUIET_MODULES) * module


def _row_rects(row: list[bool], number: int, module: int) -> list[Box]:
    """Dark runs of one row as rectangles, moved in by the quiet zone."""
    rects, left = [], QR_QUIET_MODULES * module
    top = (number + QR_QUIET_MODULES) * module
    for dark, run in groupby(row):
        width = len(list(run)) * module
        if dark:
            rects.append((left, top, width, module))
        left += width
    return rects
