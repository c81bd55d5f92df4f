"""What every layout must keep: nothing leaves the paper, nothing lies on anything else, no ink leaves its box."""

from itertools import combinations

from PySide6.QtGui import QFontMetricsF

from ui.paper.marks import Block, Mark, Text


def assert_sound(block: Block, *, width: int, height: int | None = None) -> None:
    """Fail with the first mark that is clipped or covered."""
    for mark in block.marks:
        left, top, wide, high = mark.box
        assert left >= 0
        assert top >= 0
        assert left + wide <= width, mark
        assert top + high <= (height or block.height), mark
        assert_ink_inside(mark)
    for one, other in combinations(block.marks, 2):
        assert not _overlap(one, other), (one, other)


def assert_ink_inside(mark: Mark) -> None:
    """Letters reach no further than their box.

    Qt overstates the ink's sides where a line mixes scripts, hence the slack of a fifth of a letter there.
    """
    if not isinstance(mark, Text):
        assert all(_within(rect, mark.box) for rect in mark.rects)
        return
    ink = QFontMetricsF(mark.font).tightBoundingRect(mark.words).translated(*mark.pen)
    left, top, wide, high = mark.box
    slack = 1 + mark.font.pixelSize() / 5
    assert ink.top() >= top - 1, mark.words
    assert ink.bottom() <= top + high + 1, mark.words
    assert ink.left() >= left - slack, mark.words
    assert ink.right() <= left + wide + slack, mark.words


def _overlap(one: Mark, other: Mark) -> bool:
    a, b = one.box, other.box
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _within(rect: tuple[int, int, int, int], box: tuple[int, int, int, int]) -> bool:
    return (
        rect[0] >= box[0]
        and rect[1] >= box[1]
        and rect[0] + rect[2] <= box[0] + box[2]
        and rect[1] + rect[3] <= box[1] + box[3]
    )
