"""The guides' page: who works today, how full each bag is, what each earned, and whose badge opens the desk."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea
from typing_extensions import override

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.paper import Media, RunSheetContent
from storeapp.domain.people import Guide
from storeapp.services import custody_desk, slips
from storeapp.services import guides as service
from storeapp.services.counter import Counter
from storeapp.services.guide_day import guide_days, home_hint
from storeapp.services.lending import guide_here, lent_hours
from storeapp.services.rows import GuideRow
from storeapp.services.shifts import shifts_of
from storeapp.services.slips import BadgePaper
from ui.desk import Desk, clock_time
from ui.kit import tokens
from ui.kit.actions import Action
from ui.kit.keymap import Key
from ui.kit.lanes import Lanes
from ui.kit.line_list import Line, LineList
from ui.kit.paged_model import PagedModel
from ui.kit.parts import ElidedLabel, hbox, heading, label, panel, vbox
from ui.kit.row_list import RowList
from ui.kit.table_view import TableView
from ui.pages.base import PageBase
from ui.pages.guide_forms import GuideQuestions
from ui.pages.guide_words import GuideDetail, GuidesOfDay, GuideSpeaker, minute_of
from ui.pages.handoff_words import Speaker
from ui.pages.paper_dialog import PaperDialog
from ui.paper.papers import badge_paper, run_sheet_paper

_SIDE_PX, _SIDE_NARROW_PX, _WIDE_PX = 340, 300, 1180
_WIDE_ONLY = (0, 3)
"""Code and mode: the panel beside the table tells them, too."""
_TICK_MS = 30_000
_FACTS, _FACT_PX = 8, 28
BUTTONS = ("hours", "badge", "run_sheet", "edit", "revoke", "new")
_NOT_READ = GuidesOfDay((), {}, {}, datetime(1970, 1, 1, tzinfo=UTC))


class GuidesPage(PageBase):
    """A table of guides over the lanes of the day, beside one guide."""

    TITLE: ClassVar[str] = "page.guides"
    KEYS: ClassVar[tuple[str, ...]] = tuple(f"guides.{each}" for each in BUTTONS)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._day = _NOT_READ
        self._detail: GuideDetail | None = None
        self._speaker = GuideSpeaker(desk.words, lambda: self._day.now)
        self._parcels = Speaker(desk)
        self._questions = GuideQuestions(desk, self._speaker, self)
        self._list: RowList[GuideRow] = RowList(lambda row: row.id)
        self._model = PagedModel(self._list, self._speaker.columns(), self)
        self.table = TableView(self._model, name=desk.words.text("page.guides"), empty=self._t("empty"))
        self.lanes = Lanes(name=self._t("lanes"))
        self._add_actions()
        self._lay_out()
        self.table.picked.connect(self._picked)
        self.table.opened.connect(lambda _key: self.desk.actions.trigger("guides.edit"))
        self.lanes.picked.connect(lambda delivery: self.desk.go("orders", delivery))
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._on_changed)
        self._tick.start()

    def _t(self, code: str, **data: object) -> str:
        return self._speaker.text(code, **data)

    # -- reading

    @override
    def refresh(self) -> None:
        self.desk.backend.read(_read_day, done=self._show_day, failed=self.desk.failed, owner=self)

    def _show_day(self, day: GuidesOfDay) -> None:
        self._day = day
        self._list.set_rows(day.rows)
        self._model.refresh()
        lanes, first, last = self._speaker.lanes(day)
        self.lanes.set_lanes(lanes, from_min=first, to_min=last)
        self.lanes.set_now(minute_of(day.now, store_day(day.now)), clock_time(day.now))
        working = sum(row.on_shift for row in day.rows)
        self._summary.setText(self._t("summary", working=working, count=sum(row.active for row in day.rows)))
        if self.table.picked_id() is None and day.rows:
            self.table.pick(day.rows[0].id)
        self._read_detail()

    @Slot(str)
    def _picked(self, _guide: str) -> None:
        self._read_detail()

    def _read_detail(self) -> None:
        guide = self.table.picked_id()
        if guide is None:
            self._detail = None
            self._show_detail(None)
            return
        self.desk.backend.read(
            lambda counter: _read_detail(counter, guide), done=self._show_detail, failed=self.desk.failed, owner=self
        )

    def _show_detail(self, detail: GuideDetail | None) -> None:
        row = self._row(detail.guide.id) if detail else None
        if detail is None or row is None:
            self._name.setText(self._t("nobody"))
            self._code.setText("")
            self._facts.set_rows(())
            self._carried.set_rows((), empty="")
        elif detail.guide.id == self.table.picked_id():
            self._detail = detail
            self._name.setText(detail.guide.name)
            self._code.setText(detail.guide.id)
            self._show_facts(self._speaker.facts(row, detail, self._day.tomorrow.get(row.id)))
            self._carried.set_rows(self._parcels.guide_rows(detail.desk), empty=self._parcels.text("guide.nothing"))
        self.desk.actions.refresh()

    def _show_facts(self, facts: Sequence[Line]) -> None:
        """All of them are in sight; most guides have as many, so that the list below seldom moves."""
        self._facts.set_rows(facts)
        self._facts.setFixedHeight(max(_FACTS, len(facts)) * _FACT_PX + 4)

    def _row(self, guide: str) -> GuideRow | None:
        return next((row for row in self._day.rows if row.id == guide), None)

    @override
    def show_subject(self, subject: str) -> None:
        self.table.pick(subject)
        self._read_detail()

    # -- doing

    def _new(self) -> None:
        self.desk.signed_in(lambda: self._keep(self._questions.ask_guide(None, self._pick_later)))

    def _edit(self) -> None:
        detail = self._detail
        if detail is not None:
            self.desk.signed_in(lambda: self._keep(self._questions.ask_guide(detail.guide, self._pick_later)))

    def _hours(self) -> None:
        detail = self._detail
        if detail is not None:
            window = detail.desk.window
            self.desk.signed_in(lambda: self._keep(self._questions.ask_hours(detail.guide, window, self._pick_later)))

    def _keep(self, _dialog: object) -> None:
        """A dialog lives with its parent; nothing more is to be done."""

    def _pick_later(self, guide: str) -> None:
        if guide:
            self.table.pick(guide.upper())

    def _badge(self) -> None:
        guide = self._picked_guide()
        self.desk.act(
            lambda counter, actor: slips.issue_badge(counter, actor, guide.id), done=self._open_badge, owner=self
        )

    def _open_badge(self, badge: BadgePaper | Refusal) -> None:
        if not self.desk.tell(badge, "page.guides.badge.done") or isinstance(badge, Refusal):
            return
        PaperDialog(
            self.desk,
            lambda media: badge_paper(badge.content, self.desk.words, media=media),
            title=self._t("badge.of", guide=badge.content.guide.name),
            media=(Media.CARD, Media.A6, Media.ROLL_80),
            file_name=f"badge-{badge.guide}-{badge.short_code}",
            parent=self,
        ).open()

    def _revoke(self) -> None:
        guide = self._picked_guide()

        def tell(result: object) -> None:
            self.desk.tell(result, "page.guides.revoke.done", guide=guide.name)

        self.desk.act(lambda counter, actor: service.revoke_badge(counter, actor, guide.id), done=tell, owner=self)

    def _run_sheet(self) -> None:
        guide = self._picked_guide()
        self.desk.act(
            lambda counter, actor: slips.run_sheet(counter, actor, guide.id), done=self._open_run_sheet, owner=self
        )

    def _open_run_sheet(self, content: RunSheetContent | Refusal) -> None:
        if isinstance(content, Refusal):
            self.desk.tell(content, "")
            return
        PaperDialog(
            self.desk,
            lambda media: run_sheet_paper(content, self.desk.words, media=media),
            title=self._parcels.text("run_sheet.of", guide=content.guide.name),
            media=(Media.A4, Media.ROLL_80),
            personal=True,
            parent=self,
        ).open()

    def _picked_guide(self) -> Guide:
        if self._detail is None:
            raise LookupError("an action without a chosen guide")
        return self._detail.guide

    # -- frame

    @override
    def on_shown(self) -> None:
        super().on_shown()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _WIDE_PX
        self._side.setFixedWidth(_SIDE_NARROW_PX if narrow else _SIDE_PX)
        for column in _WIDE_ONLY:
            self.table.setColumnHidden(column, narrow)

    def _add_actions(self) -> None:
        for code, run, icon, key, enabled in (
            ("hours", self._hours, "clock", Key.HOURS, self._own),
            ("badge", self._badge, "printer", Key.BADGE, self._works),
            ("run_sheet", self._run_sheet, "route", Key.PRINT, self._carries),
            ("edit", self._edit, "edit", Key.EDIT, self._own),
            ("revoke", self._revoke, "octagon-x", Key.REVOKE, self._has_badge),
            ("new", self._new, "plus", Key.NEW, lambda: True),
        ):
            self.desk.actions.add(
                Action(f"guides.{code}", f"page.guides.{code}", run, icon=icon, shortcut=key, enabled=enabled), self
            )

    def _own(self) -> bool:
        return self._detail is not None and not self._detail.guest

    def _works(self) -> bool:
        return self._detail is not None and not self._detail.guest and self._detail.guide.active

    def _carries(self) -> bool:
        return self._detail is not None and bool(self._detail.desk.carried)

    def _has_badge(self) -> bool:
        return self._detail is not None and not self._detail.guest and self._detail.guide.badge is not None

    def _lay_out(self) -> None:
        row = hbox(self, margins=(10, 10, 10, 10), gap=10)
        left = vbox(gap=10)
        left.addWidget(self._table_panel(), 4)
        left.addWidget(self._lanes_panel(), 5)
        row.addLayout(left, 1)
        self._side = self._side_panel()
        row.addWidget(self._side)

    def _table_panel(self) -> QFrame:
        frame = panel()
        column = vbox(frame, margins=(1, 10, 1, 1), gap=6)
        self._summary = ElidedLabel(role="muted")
        column.addLayout(heading(self._t("list"), self._summary))
        column.addWidget(self.table, 1)
        return frame

    def _lanes_panel(self) -> QFrame:
        frame = panel()
        column = vbox(frame, margins=(1, 10, 1, 8), gap=6)
        column.addLayout(heading(self._t("lanes")))
        scroll = QScrollArea()
        scroll.setWidget(self.lanes)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        self.lanes.setAutoFillBackground(False)
        column.addWidget(scroll, 1)
        return frame

    def _side_panel(self) -> QFrame:
        frame = panel()
        column = vbox(frame, margins=(0, 12, 0, 12), gap=6)
        self._name, self._code = label("", "title"), label("", "muted")
        head = hbox(margins=(14, 0, 14, 0))
        head.addWidget(self._name)
        head.addWidget(self._code)
        head.addStretch(1)
        column.addLayout(head)
        self._facts = LineList(name=self._t("facts"), height_px=_FACT_PX)
        self._show_facts(())
        column.addWidget(self._facts)
        self._carried = LineList(name=self._parcels.text("carried"), height_px=34)
        self._carried.opened.connect(lambda delivery: self.desk.go("orders", delivery))
        column.addWidget(self._carried, 1)
        grid = QGridLayout()
        grid.setContentsMargins(12, 0, 12, 0)
        grid.setSpacing(tokens.GAP_S)
        for at, each in enumerate(BUTTONS):
            grid.addWidget(self.desk.actions.button(f"guides.{each}"), at // 2, at % 2)
        column.addLayout(grid)
        return frame


def _read_day(counter: Counter) -> GuidesOfDay:
    now = counter.clock.now()
    tomorrow = shifts_of(counter, store_day(now) + timedelta(days=1))
    return GuidesOfDay(service.guide_rows(counter), {s.guide: s for s in tomorrow}, guide_days(counter), now)


def _read_detail(counter: Counter, guide: str) -> GuideDetail | None:
    known, desk = guide_here(counter.cache, guide, counter.store), custody_desk.guide_at_desk(counter, guide)
    guest = lent_hours(counter, guide, store_day(counter.clock.now())) is not None
    return GuideDetail(known, desk, home_hint(counter, guide), guest) if known and desk else None
