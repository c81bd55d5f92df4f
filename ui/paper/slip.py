"""The slip that travels with a parcel: when, who carries it, what lies in it, and the code that moves custody."""

from storeapp.domain.paper import PaperLine, SlipContent
from storeapp.i18n import Translator
from ui.paper import wording
from ui.paper.blocks import (
    centred,
    chip,
    columns,
    fitted,
    flush_right,
    gutter,
    line,
    paragraph,
    rule,
    spread,
    stack,
)
from ui.paper.marks import Block
from ui.paper.surface import Surface
from ui.paper.symbols import bars, qr_within


class SlipLayout:
    """Lays one slip out on one surface."""

    def __init__(self, content: SlipContent, surface: Surface, words: Translator) -> None:
        self._content = content
        self._surface = surface
        self._words = words
        self._width = surface.width
        self._small = surface.sized(3.0, 2.9)
        self._body = surface.sized(3.5, 3.3)
        self._strong = surface.sized(4.4, 4.0)
        self._gap = surface.sized(1.8, 1.6)

    def block(self) -> Block:
        """The whole slip, as wide as the surface and as high as it needs."""
        thin, thick = rule(self._width, self._surface.dots(0.25)), rule(self._width, self._surface.dots(0.6))
        parts = (
            *(gutter(1), self._head(), thick, self._promise(), thin, self._who(), thin, self._recipient(), thin),
            *(self._lines(), thick, self._codes(), thin, self._foot(), gutter(self._surface.dots(2))),
        )
        return Block(self._width, (whole := stack(parts, self._gap)).height, whole.marks)

    def _text(self, code: str, **data: object) -> str:
        return self._words.text(f"paper.{code}", **data)

    def _head(self) -> Block:
        content = self._content
        mode = chip(self._text(f"mode.{content.mode.value}"), self._strong, self._width // 2)
        room = self._width - mode.width - self._gap
        store = fitted(content.store_name, room, largest=self._strong, smallest=self._body)
        again = Block(0, 0)
        if content.reprint_no:
            again = chip(self._text("reprint", number=content.reprint_no + 1), self._body, self._width)
        return stack((spread(store, mode, self._width), again), self._gap)

    def _promise(self) -> Block:
        content = self._content
        if content.window is None:
            return self._labelled(self._text("promise"), self._text("no_window"))
        day = wording.promise_day(self._words, content.window)
        label = paragraph(f"{self._text('promise')} · {day}", self._body, self._width)
        time = wording.promise(self._words, content.window, content.mode)
        return stack((label, fitted(time, self._width, largest=self._surface.dots(13), smallest=self._strong)))

    def _labelled(self, label: str, value: str) -> Block:
        return stack(
            (
                paragraph(label, self._body, self._width),
                fitted(value, self._width, largest=self._surface.dots(8), smallest=self._strong),
            )
        )

    def _who(self) -> Block:
        """The guide at the left and the end of the order number, which is called out, at the right."""
        big = self._surface.sized(9.5, 8.0)
        tail = fitted(wording.tail(self._content.order_no), self._width // 2, largest=big, smallest=self._strong)
        label = line(self._text("order_tail"), self._small)
        width = max(tail.width, label.width)
        right = stack((flush_right(label, width), flush_right(tail, width)))
        return spread(self._guide(self._width - width - 2 * self._gap), right, self._width, bottom=True)

    def _guide(self, width: int) -> Block:
        guide = self._content.guide
        name = guide.name if guide else self._text("no_guide")
        code = f" · {guide.code}" if guide else ""
        return stack(
            (
                paragraph(f"{self._text('guide')}{code}", self._small, width),
                fitted(name, width, largest=self._surface.sized(7.5, 6.2), smallest=self._strong),
            )
        )

    def _recipient(self) -> Block:
        person = self._content.recipient
        name = f"{person.name or self._text('no_name')}  {person.phone or self._text('no_phone')}"
        note = Block(0, 0)
        if self._content.has_note:
            note = chip(self._text("has_note"), self._body, self._width)
        return stack(
            (
                paragraph(self._text("recipient"), self._small, self._width),
                paragraph(name, self._strong, self._width, bold=True),
                paragraph(person.address or self._text("no_address"), self._body, self._width),
                note,
            ),
            self._surface.dots(0.4),
        )

    def _lines(self) -> Block:
        content = self._content
        total = self._text("pieces", count=content.pieces)
        if content.weight_g is not None:
            total = self._text("pieces_weight", count=content.pieces, weight=wording.weight(content.weight_g))
        sums = paragraph(total, self._body, self._width, bold=True)
        return stack(
            (*(self._line(each) for each in content.lines), flush_right(_shrunk(sums), self._width)), self._gap
        )

    def _line(self, each: PaperLine) -> Block:
        count = line(f"×{each.quantity}", self._strong, bold=True)
        width = self._width - count.width - self._gap
        shelf = f" · {self._text('shelf', place=each.shelf)}" if each.shelf else ""
        left = stack(
            (
                paragraph(each.name, self._body, width, bold=True),
                paragraph(f"{each.sku}{shelf}", self._small, width),
            )
        )
        return columns((left, count), self._gap)

    def _codes(self) -> Block:
        content, width = self._content, self._width
        shown = fitted(
            wording.grouped(content.short_code), width, largest=self._surface.sized(8.5, 7.0), smallest=self._body
        )
        return stack(
            (
                centred(qr_within(content.qr_text, self._surface, width), width),
                centred(_shrunk(paragraph(self._text("scan_me"), self._body, width, bold=True)), width),
                centred(shown, width),
                centred(bars(content.short_code, self._surface, width=width, height=self._surface.dots(10)), width),
            ),
            self._surface.dots(0.6),
        )

    def _foot(self) -> Block:
        content = self._content
        platform = self._text(f"platform.{content.platform.value}")
        printed = self._text("printed", time=wording.stamp(content.printed_at))
        return stack(
            (
                paragraph(f"{platform} {content.order_no}", self._small, self._width),
                paragraph(printed, self._small, self._width),
            )
        )


def _shrunk(block: Block) -> Block:
    """A paragraph of one row with only the width of its words, so that it can be centred."""
    if len(block.marks) != 1:
        return block
    return Block(block.marks[0].box[2], block.height, block.marks)
