"""Small pieces from which every paper is put together: lines of words, rules, columns and stacks."""

from collections.abc import Iterable, Sequence

from PySide6.QtGui import QTextLayout, QTextOption

from ui.paper.marks import Block, Fill, Mark, Text
from ui.paper.surface import ASCENT, LINE, font_of, text_width


def line(words: str, size: int, *, bold: bool = False) -> Block:
    """Words on one line, however wide that is."""
    width, height = text_width(words, size, bold=bold), round(size * LINE)
    mark = Text((0, 0, width, height), words, font_of(size, bold=bold), (0, round(size * ASCENT)))
    return Block(width, height, (mark,))


def paragraph(words: str, size: int, width: int, *, bold: bool = False) -> Block:
    """Words wrapped to a width; a word longer than the width is broken, nothing is ever cut off."""
    rows = [line(row, size, bold=bold) for row in wrapped(words, size, width, bold=bold)]
    return Block(width, sum(row.height for row in rows), stack(rows).marks)


def wrapped(words: str, size: int, width: int, *, bold: bool = False) -> list[str]:
    """The rows into which words fall at a width in dots."""
    words = " ".join(words.split())
    layout = QTextLayout(words, font_of(size, bold=bold))
    layout.setTextOption(_anywhere())
    layout.beginLayout()
    rows = []
    while (row := layout.createLine()).isValid():
        row.setLineWidth(width)
        rows.append(words[row.textStart() : row.textStart() + row.textLength()].rstrip())
    layout.endLayout()
    return [piece for text in rows for piece in _halved(text, size, width, bold=bold)]


def fitted(words: str, width: int, *, largest: int, smallest: int, bold: bool = True) -> Block:
    """Words on one line in the largest letters that fit, or wrapped in the smallest."""
    needed = text_width(words, largest, bold=bold)
    size = largest if needed <= width else largest * width // needed
    while size > smallest and text_width(words, size, bold=bold) > width:
        size -= 1
    if size < smallest:
        return paragraph(words, smallest, width, bold=bold)
    return line(words, size, bold=bold)


def chip(words: str, size: int, width: int) -> Block:
    """White words on a black ground, no wider than the width."""
    pad = size // 3
    rows = []
    for row in wrapped(words, size, width - 2 * pad, bold=True):
        need = text_width(row, size, bold=True) + 2 * pad
        height = round(size * LINE) + pad // 2
        pen = (pad, round(size * ASCENT) + pad // 4)
        mark = Text((0, 0, need, height), row, font_of(size, bold=True), pen, inverse=True)
        rows.append(Block(need, height, (mark,)))
    return stack(rows)


def rule(width: int, thickness: int) -> Block:
    """A line across the paper."""
    return Block(width, thickness, (Fill((0, 0, width, thickness), ((0, 0, width, thickness),)),))


def stack(blocks: Iterable[Block], gap: int = 0) -> Block:
    """Blocks below each other, flush left; empty ones take no gap."""
    marks: list[Mark] = []
    top = width = 0
    for block in blocks:
        if block.height:
            marks.extend(block.moved(0, top))
            width, top = max(width, block.width), top + block.height + gap
    return Block(width, max(0, top - gap), tuple(marks))


def centred(block: Block, width: int) -> Block:
    """A block in the middle of a width."""
    return Block(width, block.height, block.moved((width - block.width) // 2, 0))


def flush_right(block: Block, width: int) -> Block:
    """A block at the right end of a width."""
    return Block(width, block.height, block.moved(width - block.width, 0))


def columns(blocks: Sequence[Block], gap: int, *, bottom: bool = False) -> Block:
    """Blocks beside each other, level at their tops or at their bottoms."""
    height = max(block.height for block in blocks)
    marks: list[Mark] = []
    left = 0
    for block in blocks:
        marks.extend(block.moved(left, height - block.height if bottom else 0))
        left += block.width + gap
    return Block(left - gap, height, tuple(marks))


def spread(left: Block, right: Block, width: int, *, bottom: bool = False) -> Block:
    """One block at either end of a width, or below each other where both do not fit."""
    gap = width - left.width - right.width
    if gap < max(8, width // 40):
        return stack((left, flush_right(right, width)))
    return columns((left, right), gap, bottom=bottom)


def gutter(height: int) -> Block:
    """Blank paper."""
    return Block(1, height)


def _anywhere() -> QTextOption:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option


def _halved(text: str, size: int, width: int, *, bold: bool) -> list[str]:
    """A row in two where the layout's width and the painted advance disagree by a hair."""
    if len(text) < 2 or text_width(text, size, bold=bold) <= width:
        return [text]
    return [*_halved(text[:-1], size, width, bold=bold), text[-1]]


def sliced(block: Block, height: int) -> list[Block]:
    """A block cut into pieces of at most a height, always between marks and never through one."""
    if block.height <= height:
        return [block]
    pieces: list[list[Mark]] = []
    for mark in sorted(block.marks, key=lambda each: each.box[1]):
        if not pieces or mark.box[1] + mark.box[3] - pieces[-1][0].box[1] > height:
            pieces.append([])
        pieces[-1].append(mark)
    return [_cropped(block.width, piece) for piece in pieces]


def _cropped(width: int, marks: Sequence[Mark]) -> Block:
    top = min(mark.box[1] for mark in marks)
    bottom = max(mark.box[1] + mark.box[3] for mark in marks)
    return Block(width, bottom - top, tuple(mark.moved(0, -top) for mark in marks))
