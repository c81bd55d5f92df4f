"""A guide's badge: a card for the lanyard, the same card to cut out of A6, and a strip of roll paper for today."""

from storeapp.domain.paper import BadgeContent, Media
from storeapp.i18n import Translator
from ui.paper import wording
from ui.paper.blocks import centred, columns, fitted, gutter, paragraph, rule, stack
from ui.paper.marks import Block, Fill
from ui.paper.surface import Surface
from ui.paper.symbols import bars, bars_width, qr_within

CARD_MM = (86.0, 54.0)
CARD_MARGIN_MM = 3.0
TRIM_MM = 0.2
SHARES = (1.0, 0.85, 0.7, 0.55)
"""Letter sizes that a card tries, as shares of the usual ones."""
READABLE_BAR_DOTS = 2
"""A quarter of a millimetre on a thermal head, the finest that handheld scanners read."""


class BadgeLayout:
    """Lays one badge out on one surface."""

    def __init__(self, content: BadgeContent, surface: Surface, words: Translator, *, media: Media) -> None:
        self._content = content
        self._surface = surface
        self._words = words
        self._media = media

    def block(self) -> Block:
        """The whole badge for its media."""
        if self._media is Media.CARD:
            return self._card()
        if self._media is Media.A6:
            return self._card_to_cut()
        return self._strip()

    def _dots(self, length_mm: float) -> int:
        return self._surface.dots(length_mm)

    def _card(self) -> Block:
        """QR at the left over the card's full height, words at the right, bars below them."""
        width = self._dots(CARD_MM[0] - 2 * CARD_MARGIN_MM)
        height = self._dots(CARD_MM[1] - 2 * CARD_MARGIN_MM)
        code = self._code_beside_bars(width, height)
        right = width - code.width
        strip = self._readable_bars(right)
        bottom = stack((self._short_code(right), strip), self._dots(0.5))
        top = self._person_within(right, height - bottom.height - self._dots(1))
        between = max(self._dots(1), height - top.height - bottom.height)
        whole = columns((code, stack((top, gutter(between), bottom))), 0)
        return Block(width, whole.height, whole.marks)

    def _code_beside_bars(self, width: int, height: int) -> Block:
        """The largest QR code that leaves the bars their room; its quiet zone is the gap between both."""
        need = bars_width(self._content.short_code, READABLE_BAR_DOTS)
        room = min(height, width * 5 // 8)
        large = qr_within(self._content.qr_text, self._surface, room)
        if large.width + need <= width:
            return large
        return qr_within(self._content.qr_text, self._surface, room, spare=0)

    def _readable_bars(self, width: int) -> Block:
        """The bars, or nothing where they would be too fine for any scanner."""
        if bars_width(self._content.short_code, READABLE_BAR_DOTS) > width:
            return Block(0, 0)
        return bars(self._content.short_code, self._surface, width=width, height=self._dots(7))

    def _person_within(self, width: int, height: int) -> Block:
        """The words in letters small enough for the card; only names of a whole sentence need the smallest."""
        tried = (self._person(width, share) for share in SHARES)
        return next((block for block in tried if block.height <= height), self._person(width, SHARES[-1]))

    def _person(self, width: int, share: float = 1.0) -> Block:
        content = self._content
        big, least, code, small = (self._dots(share * length_mm) for length_mm in (10, 4.6, 6, 3.2))
        return stack(
            (
                paragraph(content.store_name, small, width),
                fitted(content.guide.name, width, largest=big, smallest=least),
                fitted(content.guide.code, width, largest=code, smallest=small),
                paragraph(self._text("badge"), small, width),
                paragraph(self._validity(), small, width),
            ),
            self._dots(0.3),
        )

    def _short_code(self, width: int) -> Block:
        code = wording.grouped(self._content.short_code)
        return fitted(code, width, largest=self._dots(6), smallest=self._dots(2.6))

    def _validity(self) -> str:
        until = self._content.valid_until
        return self._text("valid_until", day=f"{until:%Y-%m-%d}")

    def _card_to_cut(self) -> Block:
        """The card with corner marks where it is cut."""
        card, pad = self._card(), self._dots(CARD_MARGIN_MM)
        width, height = self._dots(CARD_MM[0]), self._dots(CARD_MM[1])
        cut = Block(width, height, (*_corners(width, height, self._dots(TRIM_MM)), *card.moved(pad, pad)))
        hint = paragraph(self._text("cut_here"), self._dots(3.0), width)
        return centred(stack((cut, hint), self._dots(3)), self._surface.width)

    def _strip(self) -> Block:
        width, gap = self._surface.width, self._dots(1.5)
        centre = [
            qr_within(self._content.qr_text, self._surface, width),
            self._short_code(width),
            bars(self._content.short_code, self._surface, width=width, height=self._dots(10)),
        ]
        edge = rule(width, self._dots(0.6))
        parts = (
            gutter(1),
            self._person(width),
            edge,
            *(centred(each, width) for each in centre),
            edge,
            gutter(self._dots(2)),
        )
        return stack(parts, gap)

    def _text(self, code: str, **data: object) -> str:
        return self._words.text(f"paper.{code}", **data)


def _corners(width: int, height: int, thickness: int) -> tuple[Fill, ...]:
    """Two short strokes in each corner of the card, just inside its edge."""
    arm = width // 30
    boxes = [
        (left, top, wide, high)
        for wide, high in ((arm, thickness), (thickness, arm))
        for left in (0, width - wide)
        for top in (0, height - high)
    ]
    corners = [boxes[place::4] for place in range(4)]
    return tuple(Fill((each[0][0], each[1][1], arm, arm), tuple(each)) for each in corners)
