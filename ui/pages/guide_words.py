"""Turns guides of the day into what the guides' page shows: table cells, lanes, and the facts of one guide."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.money import fen_to_yuan
from storeapp.domain.people import Guide
from storeapp.i18n import Translator
from storeapp.services.custody_desk import GuideAtDesk
from storeapp.services.guide_day import GRID_M, HomeHint, Progress, Stretch
from storeapp.services.rows import GuideRow
from storeapp.services.shifts import GuideShift
from ui.desk import clock_time
from ui.kit.cards import BlockKind, GuideCard, Lane, LaneBlock
from ui.kit.line_list import Line
from ui.kit.paged_model import Cell, CellStyle, Column
from ui.pages.board_words import away_blocks

SOON_DAYS = 7
"""So many days before its end a badge is told to be printed anew."""
HOUR_MIN = 60
FIRST_MIN, LAST_MIN = 9 * HOUR_MIN, 21 * HOUR_MIN
KINDS = {
    Progress.DONE: BlockKind.DONE,
    Progress.LIVE: BlockKind.LIVE,
    Progress.PLANNED: BlockKind.PLANNED,
    Progress.LATE: BlockKind.LATE,
    Progress.RETURN: BlockKind.RETURN,
}


@dataclass(frozen=True, slots=True)
class GuidesOfDay:
    """What one read brings."""

    rows: Sequence[GuideRow]
    tomorrow: Mapping[str, GuideShift]
    days: Mapping[str, Sequence[Stretch]]
    now: datetime


@dataclass(frozen=True, slots=True)
class GuideDetail:
    """Everything about one guide; a ``guest`` is of another store, which looks after hours, badge and the rest."""

    guide: Guide
    desk: GuideAtDesk
    home: HomeHint | None
    guest: bool = False


def hours(window: Window | None, off: str) -> str:
    """A shift on the store's clock."""
    return f"{clock_time(window.start)}–{clock_time(window.end)}" if window else off


class GuideSpeaker:
    """Words of the guides' page."""

    def __init__(self, words: Translator, now: Callable[[], datetime]) -> None:
        self._words = words
        self._now = now

    def text(self, code: str, **data: object) -> str:
        """Words of this page."""
        return self._words.text(f"page.guides.{code}", **data)

    def columns(self) -> list[Column[GuideRow]]:
        """The table."""
        t = self.text
        return [
            Column("id", t("field.id"), lambda r: Cell(r.id), CellStyle.CODE, 72),
            Column("name", t("col.name"), self.name, CellStyle.STRONG, 0),
            Column("window", t("col.shift"), self.shift, CellStyle.CHIP, 172, sortable=False),
            Column("mode", t("col.mode"), lambda r: Cell(self._words.text(f"travel.{r.mode}")), CellStyle.MUTED, 80),
            Column("assigned", t("col.load"), self.load, CellStyle.BAR, 100),
            Column("in_custody", t("col.custody"), lambda r: Cell(str(r.in_custody)), CellStyle.NUMBER, 76),
            Column("delivered", t("col.delivered"), lambda r: Cell(str(r.delivered)), CellStyle.NUMBER, 80),
            Column(
                "earnings_fen", t("col.earnings"), lambda r: Cell(fen_to_yuan(r.earnings_fen)), CellStyle.NUMBER, 88
            ),
            Column("badge_until", t("col.badge"), self.badge, CellStyle.CHIP, 130),
        ]

    def name(self, row: GuideRow) -> Cell:
        """Who it is; under it the store that a guest comes from, or where one of ours will help out."""
        if row.guest_of:
            return Cell(row.name, sub=self.text("shift.guest", store=row.guest_of))
        coming = [(window, store) for store, window in row.away if window.end > self._now()]
        if not coming:
            return Cell(row.name)
        window, store = min(coming, key=lambda each: each[0].start)
        return Cell(row.name, sub=self.text("shift.helps", time=clock_time(window.start), store=store))

    def shift(self, row: GuideRow) -> Cell:
        """Whether the guide works now."""
        if not row.active:
            return Cell(self.text("shift.ended"), icon="minus", tone="idle")
        if row.window is None:
            return Cell(self.text("shift.off"), icon="pause", tone="idle")
        said = hours(row.window, "")
        for _store, window in row.away:
            if window.contains(self._now()):
                return Cell(said, icon="arrow-right", tone="idle")
        if row.on_shift:
            return Cell(said, icon="circle-check", tone="ok")
        over = self._now() >= row.window.end
        return Cell(self.text("shift.over" if over else "shift.later", hours=said), icon="clock", tone="idle")

    def load(self, row: GuideRow) -> Cell:
        """How full the bag is: what is carried and what lies ready."""
        load = row.assigned + row.in_custody
        full = load >= row.max_parcels
        share = load / row.max_parcels if row.max_parcels else 1.0
        tone, icon = ("warn", "hand") if full else ("", "")
        return Cell(f"{load} / {row.max_parcels}", icon=icon, tone=tone, share=share)

    @staticmethod
    def earned(row: GuideRow) -> Cell:
        """Today's earnings in yuan."""
        return Cell(fen_to_yuan(row.earnings_fen))

    def badge(self, row: GuideRow) -> Cell:
        """Whether the badge opens anything."""
        left = self._days_left(row.badge_until)
        if left is None or row.badge_until is None:
            return Cell(self.text("badge.none"), icon="warning", tone="warn")
        if left <= 0:
            return Cell(self.text("badge.over"), icon="octagon-x", tone="danger")
        if left <= SOON_DAYS:
            return Cell(self.text("badge.soon", days=left), icon="clock-alert", tone="warn")
        return Cell(self.text("badge.until", day=f"{row.badge_until:%m-%d}"), icon="shield", tone="ok")

    def _days_left(self, until: date | None) -> int | None:
        return None if until is None else (until - store_day(self._now())).days

    # -- the day

    def lanes(self, day: GuidesOfDay) -> tuple[list[Lane], int, int]:
        """The lanes of those who work or carry today, with the first and last minute to show."""
        rows = [row for row in day.rows if row.window or day.days.get(row.id)]
        lanes = [self._lane(row, day) for row in rows]
        starts = [lane.shift_start_min for lane in lanes] + [b.start_min for lane in lanes for b in lane.blocks]
        ends = [lane.shift_end_min for lane in lanes] + [b.end_min for lane in lanes for b in lane.blocks]
        first = min([FIRST_MIN, *starts]) // HOUR_MIN * HOUR_MIN
        last = -(-max([LAST_MIN, *ends]) // HOUR_MIN) * HOUR_MIN
        return lanes, max(0, first), min(30 * HOUR_MIN, last)

    def _lane(self, row: GuideRow, day: GuidesOfDay) -> Lane:
        today = store_day(day.now)
        detail = self.text("lane.load", count=row.assigned + row.in_custody)
        card = GuideCard(row.id, row.name, detail, hours(row.window, ""), row.assigned, row.max_parcels)
        start, end = (
            (minute_of(row.window.start, today), minute_of(row.window.end, today)) if row.window else (FIRST_MIN,) * 2
        )
        away = away_blocks(row, self._words, lambda moment: minute_of(moment, today))
        return Lane(card, start, end, (*away, *(self._block(each, today) for each in day.days.get(row.id, ()))))

    @staticmethod
    def _block(stretch: Stretch, today: date) -> LaneBlock:
        return LaneBlock(
            start_min=max(0, minute_of(stretch.start, today)),
            end_min=minute_of(stretch.end, today),
            label=stretch.order_no[-4:],
            kind=KINDS[stretch.progress],
            delivery_id=stretch.delivery_id,
        )

    # -- one guide

    def facts(self, row: GuideRow, detail: GuideDetail, tomorrow: GuideShift | None) -> list[Line]:
        """What is known of one guide, a line each."""
        guide, off = detail.guide, self.text("shift.off")
        bag = self.text("bag", parcels=guide.max_parcels, weight=f"{guide.max_weight_g / 1000:g}")
        badge = self.badge(row)
        facts = [
            ("clock", "today", hours(row.window, off)),
            *([("arrow-right", "guest", row.guest_of)] if row.guest_of else []),
            *(
                ("arrow-right", "away", self.text("shift.away", hours=hours(w, ""), store=store))
                for store, w in row.away
            ),
            ("calendar", "tomorrow", self._tomorrow(tomorrow)),
            ("route", "mode", self._words.text(f"travel.{guide.mode}")),
            ("package", "bag_title", bag),
            ("shield", "badge", badge.text),
            ("flag", "certificates", self._certificates(guide) or self.text("none")),
        ]
        if not detail.guest:
            # Where a guest lives is told to no other store.
            facts += [
                ("home", "home", self.home(detail.home)),
                ("corner-down-left", "commute", self.text("yes" if guide.commute_home else "no")),
            ]
        return [Line("", self.text(f"fact.{code}"), icon, "text3", end=said) for icon, code, said in facts]

    def _tomorrow(self, shift: GuideShift | None) -> str:
        if shift is None:
            return self.text("shift.off")
        return hours(shift.window, self.text("shift.off")) + (f" {self.text('changed')}" if shift.changed else "")

    def _certificates(self, guide: Guide) -> str:
        """In words where the brand's code is known here, else as the brand writes it."""
        codes = {code: f"page.guides.certificate.{code}" for code in guide.certificates}
        return self.text("and").join(
            self._words.text(told) if self._words.has(told) else code for code, told in codes.items()
        )

    def home(self, hint: HomeHint | None) -> str:
        """A square of the grid in words; never more."""
        if hint is None:
            return self.text("home.unknown")
        return self.text("home.grid", east=self._away(hint.east, "east"), north=self._away(hint.north, "north"))

    def _away(self, cell: int, axis: str) -> str:
        side = {"east": ("east", "west"), "north": ("north", "south")}[axis][cell < 0]
        near = (cell if cell >= 0 else -cell - 1) * GRID_M / 1000
        return self.text(f"home.{side}", near=f"{near:g}", far=f"{near + GRID_M / 1000:g}")


def minute_of(moment: datetime, day: date) -> int:
    """Minutes after the midnight with which a day of the store begins."""
    midnight = datetime.combine(day, datetime.min.time(), STORE_ZONE)
    return int((moment - midnight) / timedelta(minutes=1))
