"""The page of a store's day: its figures, who did what, what is left, and closing it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QDate, Slot
from PySide6.QtWidgets import QDateEdit, QFrame, QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.paper import DayCloseContent, Media
from storeapp.i18n import Translator
from storeapp.services.day import DayReport
from storeapp.services.day_papers import day_content
from ui.desk import Desk, day_time
from ui.kit import tokens
from ui.kit.actions import Action
from ui.kit.charts import bar_chart, line_chart
from ui.kit.figure import Figure
from ui.kit.keymap import Key
from ui.kit.parts import Button, hbox, label, panel, set_chip, vbox
from ui.kit.titled_table import TitledTable
from ui.pages.base import PageBase
from ui.pages.paper_dialog import PaperDialog
from ui.pages.report_day import DayRead, close, has_changed, read_day, save_csv, shown_totals
from ui.pages.report_words import (
    FIGURES,
    by_hour,
    count_columns,
    figures,
    guide_columns,
    left_columns,
    worst_first,
)
from ui.paper.papers import day_close_paper


class ReportPage(PageBase):
    """One day at a time; today is open, earlier ones are looked up."""

    TITLE: ClassVar[str] = "page.report"
    KEYS: ClassVar[tuple[str, ...]] = (
        "report.previous",
        "report.next",
        "report.today",
        "report.close",
        "report.print",
        "report.csv",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._day: date | None = None
        self._read: DayRead | None = None
        words = desk.words
        self._add_actions()
        self._date = self._date_field()
        self._next = self._arrow("report.next", "arrow-right")
        self._standing = label("", chip="idle")
        self._figures = {key: Figure(words.text(f"report.figure.{key}")) for key in FIGURES}
        self._guides = TitledTable(guide_columns(words), key=lambda row: row.guide, **_titles(words, "guides"))
        self._left = TitledTable(left_columns(words, self._now), key=lambda row: row.id, **_titles(words, "left"))
        self._counts = TitledTable(count_columns(words), key=lambda row: row.sku, **_titles(words, "counted"))
        self._hours = bar_chart(words.text("report.by_hour"))
        self._timely = line_chart(words.text("report.timely"))
        self._lay_out()
        self._left.table.opened.connect(lambda row_id: desk.go("orders", row_id.partition("/")[0]))
        self._date.dateChanged.connect(self._picked)

    def _now(self) -> datetime:
        if self._read is None:
            raise RuntimeError("rows are shown before the day was read")
        return self._read.now

    # -- reading

    @override
    def refresh(self) -> None:
        day = self._day
        self.desk.backend.read(
            lambda counter: read_day(counter, day), done=self._show, failed=self.desk.failed, owner=self
        )

    def _show(self, read: DayRead) -> None:
        self._read = read
        report = read.report
        self._show_date(report.day, today=store_day(read.now))
        for key, text in figures(shown_totals(report, read.now)).items():
            self._figures[key].show_value(text)
        self._show_standing(read)
        self._guides.show_rows(report.guides)
        self._left.show_rows(read.left)
        self._counts.show_rows(worst_first(report.counted))
        hours, shares = by_hour(report.arrivals)
        self._hours.set_points(hours)
        self._timely.set_points(shares, least_top=100)
        self._next.setEnabled(self._past())
        self.keys_changed()

    def _show_standing(self, read: DayRead) -> None:
        words, closed = self.desk.words, read.report.closed
        if closed is None:
            set_chip(self._standing, words.text("report.open"), "idle")
            return
        time = day_time(closed.closed_at, now=read.now)
        name = read.names.get(closed.closed_by, closed.closed_by)
        changed = has_changed(read.report, closed.totals, read.now)
        text = words.text("report.changed" if changed else "report.closed", time=time, name=name, n=closed.closings)
        set_chip(self._standing, text, "warn" if changed else "ok")

    def _show_date(self, day: date, *, today: date) -> None:
        self._date.blockSignals(True)
        self._date.setMaximumDate(QDate(today.year, today.month, today.day))
        self._date.setDate(QDate(day.year, day.month, day.day))
        self._date.blockSignals(False)

    @Slot(QDate)
    def _picked(self, day: QDate) -> None:
        self._go_to(date(day.year(), day.month(), day.day()))

    def _go_to(self, day: date | None) -> None:
        self._day = day
        self.refresh()

    def _step(self, days: int) -> None:
        if self._read is not None:
            day = self._read.report.day + timedelta(days=days)
            today = store_day(self._read.now)
            self._go_to(None if day >= today else day)

    # -- acts

    def _close(self) -> None:
        day = self._read.report.day if self._read else None

        def told(result: DayReport | Refusal) -> None:
            named = result.day.isoformat() if isinstance(result, DayReport) else ""
            self.desk.tell(result, "report.closed_now", day=named)

        self.desk.act(lambda counter, actor: close(counter, actor, day), done=told, owner=self)

    def _print(self) -> None:
        if self._read is not None:
            report = self._read.report
            self.desk.backend.read(
                lambda counter: day_content(counter, report),
                done=self._show_paper,
                failed=self.desk.failed,
                owner=self,
            )

    def _show_paper(self, content: DayCloseContent) -> None:
        PaperDialog(
            self.desk,
            lambda media: day_close_paper(content, self.desk.words, media=media),
            title=self.desk.words.text("report.paper"),
            media=(Media.A4, Media.ROLL_80),
            file_name=f"day-{content.day.isoformat()}",
            parent=self,
        ).open()

    def _export(self) -> None:
        if self._read is None:
            return
        report, folder = self._read.report, self.desk.papers

        def told(path: Path) -> None:
            self.desk.tell(None, "report.exported", file=path.name)

        self.desk.backend.tasks.run_pooled(
            lambda: save_csv(report, folder), done=told, failed=self._export_failed, owner=self
        )

    def _export_failed(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self.desk.tell(Refusal("file_not_written"), "")
        else:
            self.desk.failed(error)

    # -- building

    def _add_actions(self) -> None:
        def step(days: int) -> Callable[[], None]:
            return lambda: self._step(days)

        for action in (
            Action(
                "report.previous", "report.previous", step(-1), icon="arrow-left", shortcut=Key.DAY_BEFORE, hint="Alt ←"
            ),
            Action(
                "report.next",
                "report.next",
                step(1),
                icon="arrow-right",
                shortcut=Key.DAY_AFTER,
                hint="Alt →",
                enabled=self._past,
            ),
            Action("report.today", "report.today", lambda: self._go_to(None), shortcut=Key.TODAY, enabled=self._past),
            Action("report.close", "report.close", self._close, icon="check", shortcut=Key.CLOSE_DAY),
            Action("report.print", "report.print", self._print, icon="printer", shortcut=Key.PRINT),
            Action("report.csv", "report.csv", self._export, icon="import", shortcut=Key.EXPORT),
        ):
            self.desk.actions.add(action, self)

    def _past(self) -> bool:
        return self._read is not None and self._read.report.day < store_day(self._read.now)

    def _date_field(self) -> QDateEdit:
        field = QDateEdit()
        field.setDisplayFormat("yyyy-MM-dd")
        field.setAccessibleName(self.desk.words.text("report.day"))
        field.setFixedWidth(124)
        field.setKeyboardTracking(False)
        for line in field.findChildren(QLineEdit):
            line.setTextMargins(8, 0, 8, 0)
        return field

    def _lay_out(self) -> None:
        column = vbox(self, margins=(10, 10, 10, 10), gap=10)
        column.addWidget(self._head())
        column.addWidget(self._strip())
        upper, lower = hbox(gap=10), hbox(gap=10)
        upper.addWidget(self._guides, 5)
        upper.addWidget(self._charts(), 6)
        lower.addWidget(self._left, 7)
        lower.addWidget(self._counts, 4)
        column.addLayout(upper, 1)
        column.addLayout(lower, 1)
        self.setFocusProxy(self._left.table)

    def _head(self) -> QWidget:
        head = QWidget()
        row = hbox(head)
        row.addWidget(self._arrow("report.previous", "arrow-left"))
        row.addWidget(self._date)
        row.addWidget(self._next)
        row.addWidget(self.desk.actions.button("report.today", kind="flat"))
        row.addSpacing(tokens.GAP_S)
        row.addWidget(self._standing)
        row.addStretch(1)
        for each in ("report.csv", "report.print"):
            row.addWidget(self.desk.actions.button(each))
        row.addWidget(self.desk.actions.button("report.close", kind="primary"))
        return head

    def _arrow(self, action: str, icon: str) -> Button:
        button = Button("", icon=icon, name=self.desk.actions.words(action))
        button.setFixedWidth(40)
        button.clicked.connect(lambda _checked=False: self.desk.actions.trigger(action))
        return button

    def _strip(self) -> QFrame:
        strip = panel()
        row = hbox(strip, margins=(16, 10, 16, 10), gap=tokens.GAP_L)
        for figure in self._figures.values():
            row.addLayout(figure, 1)
        return strip

    def _charts(self) -> QFrame:
        frame = panel()
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 12, 12, 6)
        row.setSpacing(tokens.GAP_L)
        for title, chart in (("report.by_hour", self._hours), ("report.timely", self._timely)):
            half = vbox(gap=tokens.GAP_XS)
            half.addWidget(label(self.desk.words.text(title), "strong"))
            half.addWidget(chart, 1)
            row.addLayout(half, 1)
        return frame


def _titles(words: Translator, name: str) -> dict[str, str]:
    """A table's title and what it says when it is empty."""
    return {"title": words.text(f"report.{name}"), "empty": words.text(f"report.{name}.empty")}
