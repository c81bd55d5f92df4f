"""The paper of a closed day: the figures, who did what, what is still out, the count, and a line to sign."""

from collections.abc import Iterator, Sequence

from storeapp.domain.money import fen_to_yuan
from storeapp.domain.paper import DayCloseContent, GuideTotals
from storeapp.i18n import Translator
from ui.paper import wording
from ui.paper.blocks import columns, fitted, flush_right, gutter, line, paragraph, rule, sliced, spread, stack
from ui.paper.marks import Block
from ui.paper.surface import Surface

Pair = tuple[str, str]


class DayCloseLayout:
    """Lays one day out on pages, or on one length of roll paper."""

    def __init__(self, content: DayCloseContent, surface: Surface, words: Translator) -> None:
        self._content = content
        self._surface = surface
        self._words = words
        self._width = surface.width
        self._small = surface.sized(3.0, 2.9)
        self._body = surface.sized(3.8, 3.4)
        self._gap = surface.dots(2)

    def pages(self) -> list[Block]:
        """Every page; rows move to the next page whole."""
        rows = list(self._rows())
        if self._surface.height is None:
            return [stack((gutter(1), self._head(""), *rows, self._sign(), gutter(self._gap)), self._gap)]
        bodies = self._bodies(rows, self._surface.height)
        count = len(bodies)
        return [self._page(body, at, count, self._surface.height) for at, body in enumerate(bodies, 1)]

    def _bodies(self, rows: Sequence[Block], height: int) -> list[Block]:
        room = height - self._head(self._numbered(99, 99)).height - self._sign().height - 4 * self._gap
        pages: list[list[Block]] = [[]]
        used = 0
        for piece in (piece for row in rows for piece in sliced(row, room)):
            if used and used + piece.height > room:
                pages.append([])
                used = 0
            pages[-1].append(piece)
            used += piece.height + self._gap
        return [stack(page, self._gap) for page in pages]

    def _page(self, body: Block, number: int, count: int, height: int) -> Block:
        head = stack((self._head(self._numbered(number, count)), gutter(self._gap)))
        sign = self._sign()
        blank = height - head.height - body.height - sign.height
        return stack((head, body, gutter(max(1, blank)), sign))

    def _numbered(self, number: int, count: int) -> str:
        return self._text("page", number=number, count=count)

    def _head(self, page: str) -> Block:
        content, width = self._content, self._width
        day = wording.calendar_day(self._words, content.day)
        title = self._text("day_title", store=content.store_name, year=content.day.year, day=day)
        return stack(
            (
                spread(line(self._text("day_close"), self._small, bold=True), line(page, self._small), width),
                fitted(title, width, largest=self._surface.sized(7, 5), smallest=self._body),
                paragraph(self._standing(), self._small, width),
                rule(width, self._surface.dots(0.6)),
            ),
            self._surface.dots(0.6),
        )

    def _standing(self) -> str:
        content = self._content
        printed = self._text("printed", time=wording.stamp(content.printed_at))
        if content.closed_at is None:
            return f"{self._text('day_open')} · {printed}"
        time = wording.stamp(content.closed_at)
        closed = self._text("day_closed", time=time, name=content.closed_by, count=content.closings)
        return f"{closed} · {printed}"

    def _rows(self) -> Iterator[Block]:
        yield self._figures()
        content = self._content
        guides = [(f"{row.guide.name}  {row.guide.code}", self._guide(row)) for row in content.guides]
        out = [(row.order_no, self._text("day_out", guide=row.guide, count=row.parcels)) for row in content.out]
        counted = [
            (f"{row.name}  {row.sku}", self._text("day_count", difference=f"{row.difference:+d}", count=row.on_hand))
            for row in content.counted
        ]
        for title, pairs in (("day_guides", guides), ("day_still_out", out), ("day_counted", counted)):
            yield from self._section(self._text(title), pairs)

    def _guide(self, row: GuideTotals) -> str:
        figures = {"count": row.deliveries, "on_time": row.on_time, "amount": fen_to_yuan(row.earnings_fen)}
        return (
            self._text("day_guest", **figures, store=row.paid_by) if row.paid_by else self._text("day_guide", **figures)
        )

    def _figures(self) -> Block:
        """The seven figures as cells; as many beside each other as the paper is wide."""
        totals = self._content.totals
        rate = f"{totals.on_time * 100 // totals.delivered} %" if totals.delivered else "–"
        figures = {
            "orders": str(totals.orders),
            "delivered": str(totals.delivered),
            "on_time": rate,
            "open": str(totals.open),
            "cancelled": str(totals.cancelled),
            "exceptions": str(totals.exceptions),
            "earnings": f"¥{fen_to_yuan(totals.earnings_fen)}",
        }
        across = 2 if self._surface.height is None else 4
        side = (self._width - (across - 1) * self._gap) // across
        cells = [self._cell(self._text(f"day_figure.{key}"), value, side) for key, value in figures.items()]
        lines = [columns(cells[at : at + across], self._gap) for at in range(0, len(cells), across)]
        return stack(lines, self._surface.dots(1.5))

    def _cell(self, name: str, value: str, width: int) -> Block:
        number = fitted(value, width, largest=self._surface.sized(6.5, 5), smallest=self._small)
        whole = stack((paragraph(name, self._small, width), number))
        return Block(width, whole.height, whole.marks)

    def _section(self, title: str, pairs: Sequence[Pair]) -> Iterator[Block]:
        thin = rule(self._width, self._surface.dots(0.25))
        head = stack((gutter(self._gap), line(title, self._body, bold=True), thin), self._surface.dots(0.8))
        rows = [self._pair(*pair) for pair in pairs] or [line(self._text("day_none"), self._small)]
        yield stack((head, rows[0]), self._surface.dots(1))
        yield from rows[1:]

    def _pair(self, left: str, right: str) -> Block:
        """What it is at the left, what about it at the right, or below it where both do not fit."""
        end = line(right, self._body)
        if end.width > self._width:
            end = paragraph(right, self._body, self._width)
        start = line(left, self._body)
        if start.width + end.width + self._gap <= self._width:
            return spread(start, end, self._width)
        return stack((paragraph(left, self._body, self._width), flush_right(end, self._width)))

    def _sign(self) -> Block:
        name = line(self._text("day_sign"), self._small)
        room = max(1, min(self._surface.dots(60), self._width - name.width - self._gap))
        space = stack((gutter(max(1, name.height - self._surface.dots(0.25))), rule(room, self._surface.dots(0.25))))
        return stack((gutter(3 * self._gap), columns((name, space), self._gap, bottom=True)))

    def _text(self, code: str, **data: object) -> str:
        return self._words.text(f"paper.{code}", **data)
