"""The run sheet: full names, phones and addresses for the parcels that a guide now holds, one stop after the other."""

from collections.abc import Sequence

from storeapp.domain.paper import RunSheetContent, Stop
from storeapp.i18n import Translator
from ui.paper import wording
from ui.paper.blocks import (
    columns,
    fitted,
    flush_right,
    gutter,
    line,
    paragraph,
    rule,
    sliced,
    spread,
    stack,
    wrapped,
)
from ui.paper.marks import Block, Fill
from ui.paper.surface import Surface


class RunSheetLayout:
    """Lays one run out on pages, or on one length of roll paper."""

    def __init__(self, content: RunSheetContent, surface: Surface, words: Translator) -> None:
        self._content = content
        self._surface = surface
        self._words = words
        self._width = surface.width
        self._roll = surface.height is None
        self._small = surface.sized(3.0, 2.9)
        self._body = surface.sized(3.8, 3.4)
        self._strong = surface.sized(4.8, 4.2)
        self._gap = surface.dots(2)

    def pages(self) -> list[Block]:
        """Every page; a stop moves to the next page whole unless it is longer than a page."""
        bodies = self._bodies([self._framed(number, stop) for number, stop in enumerate(self._content.stops, 1)])
        return [self._page(body, number, len(bodies)) for number, body in enumerate(bodies, 1)]

    def _bodies(self, stops: Sequence[Block]) -> list[Block]:
        if self._surface.height is None:
            return [stack(stops)]
        room = self._surface.height - self._head(1, 1).height - self._foot().height - 2 * self._gap
        pages: list[list[Block]] = [[]]
        for piece in (piece for stop in stops for piece in sliced(stop, room)):
            if sum(each.height for each in pages[-1]) + piece.height > room:
                pages.append([])
            pages[-1].append(piece)
        return [stack(page) for page in pages]

    def _page(self, body: Block, number: int, count: int) -> Block:
        head, foot = self._head(number, count), self._foot()
        if self._surface.height is None:
            return stack((gutter(1), head, body, foot, gutter(self._gap)), self._gap)
        blank = self._surface.height - head.height - body.height - foot.height
        return stack((head, body, gutter(blank), foot) if body.height else (head, gutter(blank), foot))

    def _head(self, number: int, count: int) -> Block:
        content, width = self._content, self._width
        guide = f"{content.guide.name}  {content.guide.code}"
        counts = self._text("stops", count=len(content.stops))
        if not self._roll:
            counts += f" · {self._text('page', number=number, count=count)}"
        title = line(self._text("run_sheet"), self._small, bold=True)
        return stack(
            (
                spread(title, line(counts, self._small), width),
                fitted(guide, width, largest=self._surface.sized(7.5, 6.5), smallest=self._strong),
                paragraph(f"{content.store_name} · {wording.stamp(content.printed_at)}", self._small, width),
                rule(width, self._surface.dots(0.6)),
            ),
            self._surface.dots(0.6),
        )

    def _foot(self) -> Block:
        words = paragraph(self._text("destroy"), self._small, self._width)
        if self._roll:
            return words
        return stack((rule(self._width, self._surface.dots(0.25)), words), self._surface.dots(0.8))

    def _framed(self, number: int, stop: Stop) -> Block:
        """A stop with air around it and a thin rule below."""
        inner = self._stacked(number, stop) if self._roll else self._wide(number, stop)
        pad = gutter(self._gap)
        return stack((pad, inner, pad, rule(self._width, self._surface.dots(0.25))))

    def _stacked(self, number: int, stop: Stop) -> Block:
        big = line(str(number), self._surface.sized(7, 5), bold=True)
        left = columns((big, self._promise(stop, self._width * 5 // 8 - big.width)), self._gap, bottom=True)
        top = spread(left, self._tail(stop, right=True), self._width, bottom=True)
        return stack((top, self._person(stop, self._width), self._delivered(stop)), self._surface.dots(1))

    def _wide(self, number: int, stop: Stop) -> Block:
        first, last = self._surface.dots(14), self._surface.dots(54)
        middle = self._width - first - last - 2 * self._gap
        big = line(str(number), self._surface.dots(10), bold=True)
        proof = spread(self._tail(stop), self._delivered(stop), last, bottom=True)
        side = stack((self._promise(stop, last), proof), self._surface.dots(1))
        return columns((Block(first, big.height, big.marks), self._person(stop, middle), side), self._gap)

    def _promise(self, stop: Stop, width: int) -> Block:
        if stop.window is None:
            return paragraph(self._text("no_window"), self._body, width, bold=True)
        return stack(
            (
                paragraph(wording.promise_day(self._words, stop.window), self._small, width),
                fitted(
                    wording.promise(self._words, stop.window), width, largest=self._surface.dots(7), smallest=self._body
                ),
            )
        )

    def _tail(self, stop: Stop, *, right: bool = False) -> Block:
        label = line(self._text("order_tail"), self._small)
        tail = line(wording.tail(stop.order_no), self._surface.sized(6.5, 5.5), bold=True)
        width = max(label.width, tail.width)
        return stack(flush_right(each, width) if right else each for each in (label, tail))

    def _person(self, stop: Stop, width: int) -> Block:
        name, phone = stop.name or self._text("no_name"), stop.phone or self._text("no_phone")
        return stack(
            (
                paragraph(f"{name}  {phone}", self._strong, width, bold=True),
                paragraph(stop.address or self._text("no_address"), self._strong, width),
                self._note(stop.note, width),
                paragraph(f"{stop.order_no} · {self._text('pieces', count=stop.pieces)}", self._small, width),
            ),
            self._surface.dots(0.6),
        )

    def _note(self, note: str, width: int) -> Block:
        """The customer's words behind a thick bar at the left."""
        if not note.strip():
            return Block(0, 0)
        bar, pad = self._surface.dots(0.9), self._surface.dots(1.5)
        text = self._text("note", note=note)
        rows = [line(row, self._body, bold=True) for row in wrapped(text, self._body, width - bar - pad, bold=True)]
        return stack(columns((_bar(bar, row.height), row), pad) for row in rows)

    def _delivered(self, stop: Stop) -> Block:
        """An empty box for each digit of the customer's code, to be filled in at the door."""
        if not stop.code_digits:
            return Block(0, 0)
        side, edge, gap = self._surface.dots(6.5), self._surface.dots(0.25), self._surface.dots(1)
        boxes = columns([_empty_box(side, edge)] * stop.code_digits, gap)
        label = line(self._text("ask_code"), self._small)
        if self._roll and label.width + boxes.width + self._gap <= self._width:
            return columns((label, boxes), self._gap, bottom=True)
        return stack((label, boxes), gap)

    def _text(self, code: str, **data: object) -> str:
        return self._words.text(f"paper.{code}", **data)


def _empty_box(side: int, edge: int) -> Block:
    far = side - edge
    rects = ((0, 0, side, edge), (0, far, side, edge), (0, 0, edge, side), (far, 0, edge, side))
    return Block(side, side, (Fill((0, 0, side, side), rects),))


def _bar(width: int, height: int) -> Block:
    """A piece of the bar beside a note, one a row, so that a long note can pass to the next page."""
    return Block(width, height, (Fill((0, 0, width, height), ((0, 0, width, height),)),))
