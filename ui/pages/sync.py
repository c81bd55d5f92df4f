"""The sync page: how this counter stands to its hub, said honestly, and the way to join one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from storeapp.services.counter import Counter
from storeapp.services.enrolment import may_join
from storeapp.services.exchange import Exchange
from ui.desk import Desk, clock_time
from ui.kit import tokens
from ui.kit.actions import Action
from ui.kit.forms import Form
from ui.kit.frame import SYNC_SHAPES, SyncState
from ui.kit.keymap import Key
from ui.kit.messages import Level
from ui.kit.parts import Button, ElidedLabel, IconLabel, hbox, heading, label, panel, vbox
from ui.pages.base import PageBase
from ui.pages.sync_transfer import TransferPanel
from ui.sync_watch import Attempt, SyncWatch

_FACTS = ("hub", "pending", "received", "age", "retry", "refused")
_ALONE = (
    ("circle-check", "ok", "sync.alone.works"),
    ("circle-check", "ok", "sync.alone.safe"),
    ("minus", "text3", "sync.alone.counters"),
    ("minus", "text3", "sync.alone.phones"),
)
_SHOWN = 14
_SIDE_PX = 400


@dataclass(frozen=True, slots=True)
class _Read:
    enrolled: bool
    hub: str
    store: str
    may_join: bool = True
    pending: int = 0
    rejected: int = 0
    received_at: datetime | None = None
    offset: timedelta = timedelta(0)
    """How far the counter's clock is from the computer's, such as after the hub has set it right."""


class SyncPage(PageBase):
    """Status and facts on the left; on the right the last exchanges, or how to join a hub."""

    TITLE = "page.sync"
    KEYS = ("sync.join", "sync.now")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._read = _Read(enrolled=False, hub="", store="")
        self._icon = IconLabel("store", "text3", 40)
        self._headline, self._why = label("", "display"), label("", "soft", wrap=True)
        self._values = {fact: label("") for fact in _FACTS}
        self._captions = {fact: label(desk.words.text(f"sync.fact.{fact}"), "muted") for fact in _FACTS}
        desk.actions.add(
            Action(
                "sync.now", "sync.now", self.sync_now, icon="sync", shortcut=Key.SYNC_NOW, enabled=self._is_enrolled
            ),
            self,
        )
        desk.actions.add(
            Action(
                "sync.refused",
                "sync.see_refused",
                self._see_refused,
                icon="bell",
                enabled=self._has_refused,
            ),
            self,
        )
        self.enrol = EnrolPanel(desk)
        desk.actions.add(
            Action(
                "sync.join",
                "sync.enrol.join",
                self.enrol.ask,
                icon="link",
                shortcut=Key.JOIN,
                enabled=self._may_join,
            ),
            self,
        )
        self.attempts = AttemptsPanel(desk)
        self._side = QStackedWidget()
        self._side.addWidget(self.enrol)
        self._side.addWidget(self.attempts)
        self._side.setFixedWidth(_SIDE_PX)
        self.transfer = TransferPanel(desk.words)
        self._lay_out()
        desk.sync.changed.connect(self.refresh)
        desk.sync.progressed.connect(self._show)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)
        self._tick.start()

    def _lay_out(self) -> None:
        row = hbox(self, margins=(16, 16, 16, 16), gap=tokens.GAP_L)
        main = panel()
        column = vbox(main, margins=(32, 28, 32, 28), gap=tokens.GAP_L)
        head = hbox(gap=tokens.GAP_L)
        head.addWidget(self._icon)
        words = vbox(gap=tokens.GAP_XS)
        words.addWidget(self._headline)
        words.addWidget(self._why)
        head.addLayout(words, 1)
        column.addLayout(head)
        column.addWidget(self.transfer)
        column.addSpacing(tokens.GAP_S)
        column.addLayout(self._facts())
        self._alone = self._meaning()
        column.addWidget(self._alone)
        column.addSpacing(tokens.GAP_S)
        buttons = hbox()
        self._buttons = [
            self.desk.actions.button("sync.now", kind="primary"),
            self.desk.actions.button("sync.refused"),
        ]
        for button in self._buttons:
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addStretch(1)
        column.addWidget(label(self.desk.words.text("sync.promise"), "caption", wrap=True))
        row.addWidget(main, 1)
        row.addWidget(self._side)

    def _meaning(self) -> QWidget:
        """What a counter on its own can do, and what it cannot."""
        box = QWidget()
        column = vbox(box, gap=tokens.GAP_M)
        for icon, ink, code in _ALONE:
            line = hbox(gap=tokens.GAP_M)
            line.addWidget(IconLabel(icon, ink))
            line.addWidget(label(self.desk.words.text(code), wrap=True), 1)
            column.addLayout(line)
        return box

    def _facts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.GAP_XL)
        grid.setVerticalSpacing(tokens.GAP_M)
        grid.setColumnStretch(1, 1)
        for row, fact in enumerate(_FACTS):
            grid.addWidget(self._captions[fact], row, 0)
            grid.addWidget(self._values[fact], row, 1)
        return grid

    @override
    def refresh(self) -> None:
        """Read the numbers again."""
        self.desk.backend.read(_numbers, done=self._take, owner=self)

    def _take(self, read: _Read) -> None:
        self._read = read
        self._side.setCurrentWidget(self.enrol if self._may_join() else self.attempts)
        self.attempts.show_attempts(list(self.desk.sync.attempts))
        self._show()
        self.desk.actions.refresh()

    @Slot()
    def _show(self) -> None:
        """Show how it stands now; ages and the next try are counted here, without reading."""
        if not self.isVisible():
            return
        read, watch = self._read, self.desk.sync
        state = watch.state(enrolled=read.enrolled, pending=read.pending)
        icon, ink, _ = SYNC_SHAPES[state]
        self._icon.show_icon(icon, ink)
        transfer = watch.transfer
        share = transfer.share if transfer else 0
        self._headline.setText(self.desk.words.text(f"sync.state.{state}", count=read.pending, share=share))
        self._why.setText(self._reason(state, watch))
        self.transfer.show_transfer(transfer if read.enrolled else None)
        for fact, value in self._facts_now().items():
            self._values[fact].setText(value)
            self._values[fact].setVisible(bool(value))
            self._captions[fact].setVisible(bool(value))
        self._alone.setVisible(not read.enrolled)
        for button in self._buttons:
            button.setVisible(read.enrolled)

    def _reason(self, state: SyncState, watch: SyncWatch) -> str:
        if state in (SyncState.OFFLINE, SyncState.CUT, SyncState.ATTENTION):
            return problem_words(self.desk, watch.status.problem)
        return self.desk.words.text(f"sync.why.{state}")

    def _facts_now(self) -> dict[str, str]:
        read, status, text = self._read, self.desk.sync.status, self.desk.words.text
        if not read.enrolled:
            return dict.fromkeys(_FACTS, "")
        now = datetime.now(UTC)
        shown_at = now + read.offset
        received = status.received_at or read.received_at
        retry = status.next_try_at if status.problem else None
        return {
            "hub": read.hub,
            "pending": text("sync.commands", count=read.pending),
            "received": clock_time(received) if received else text("sync.never"),
            "age": text("sync.ago", span=self._span(shown_at - received)) if received else text("sync.never"),
            "retry": text("sync.in", span=self._span(retry - now)) if retry and retry > now else "",
            "refused": text("sync.commands", count=read.rejected),
        }

    def _span(self, span: timedelta) -> str:
        seconds = max(0, round(span.total_seconds()))
        for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
            if seconds >= size:
                return self.desk.words.text(f"sync.span.{unit}", n=seconds // size)
        return self.desk.words.text("sync.span.second", n=seconds)

    def _may_join(self) -> bool:
        return self._read.may_join

    def _is_enrolled(self) -> bool:
        return self._read.enrolled

    def _has_refused(self) -> bool:
        return self._read.rejected > 0

    def _see_refused(self) -> None:
        self.desk.go("attention", "")

    def sync_now(self) -> None:
        """Try at once, whatever the retry timer says."""
        self.desk.sync.nudge()
        self.desk.say(Level.INFO, self.desk.words.text("sync.trying"))


class EnrolPanel(QWidget):
    """What standing alone means, and the form that joins a hub."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        text = desk.words.text
        self.form = Form()
        self.form.add_text("url", text("sync.enrol.url"), hint="https://")
        self.form.add_code("code", text("sync.enrol.code"), longest=64)
        self.button = Button(text("sync.enrol.join"), kind="primary", icon="link")
        self.button.clicked.connect(self.ask)
        for field in (self.form.field("url"), self.form.field("code")):
            if isinstance(field, QLineEdit):
                field.returnPressed.connect(self.ask)
        box = panel()
        column = vbox(box, margins=(24, 20, 24, 20), gap=tokens.GAP_L)
        column.addWidget(label(text("sync.enrol.title"), "title"))
        column.addWidget(label(text("sync.enrol.why"), "soft", wrap=True))
        column.addWidget(self.form)
        column.addWidget(self.button)
        column.addStretch(1)
        vbox(self).addWidget(box)

    @Slot()
    def ask(self) -> None:
        """Join, once somebody is signed in."""
        if self.button.isEnabled():
            self._desk.signed_in(self.join)

    @Slot()
    def join(self) -> None:
        """Join with what was typed; only a manager may."""
        given, errors = self.form.values(), self._errors(self.form.values())
        self.form.show_errors(errors)
        if errors:
            return
        if not self._desk.session.is_manager:
            self._desk.say(Level.FAILED, self._desk.words.text("refusal.manager_only"))
            return
        self.button.setEnabled(False)
        self._desk.sync.enrol(
            given["url"].strip().rstrip("/"), given["code"].strip(), done=self._joined, failed=self._failed
        )

    def _errors(self, given: dict[str, Any]) -> dict[str, str]:
        text, url = self._desk.words.text, given["url"].strip()
        missing = {} if given["code"].strip() else {"code": text("sync.enrol.no_code")}
        bad = not url.startswith(("https://", "http://")) or len(url) < 10
        return {"url": text("sync.enrol.bad_url"), **missing} if bad else missing

    def _joined(self) -> None:
        self.button.setEnabled(True)
        self._desk.say(Level.DONE, self._desk.words.text("sync.enrol.done"))

    def _failed(self, error: Exception) -> None:
        self.button.setEnabled(True)
        code = getattr(error, "code", None)
        if isinstance(code, str):
            self.form.show_errors({"code": problem_words(self._desk, code)})
        else:
            self._desk.failed(error)


class AttemptsPanel(QWidget):
    """The last exchanges, the newest first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        box = panel()
        column = vbox(box, margins=(0, 12, 0, 12), gap=tokens.GAP_S)
        column.addLayout(heading(desk.words.text("sync.attempts"), margins=(20, 0, 20, 0)))
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(20, 0, 20, 0)
        self._rows.setSpacing(tokens.GAP_S)
        column.addLayout(self._rows)
        self._none = label(desk.words.text("sync.no_attempts"), "muted", wrap=True)
        self._none.setContentsMargins(20, 0, 20, 0)
        column.addWidget(self._none)
        column.addStretch(1)
        vbox(self).addWidget(box)
        self._widgets: list[QWidget] = []

    def show_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Show these."""
        for widget in self._widgets:
            self._rows.removeWidget(widget)
            widget.deleteLater()
        self._widgets = [self._row(attempt) for attempt in attempts[:_SHOWN]]
        for widget in self._widgets:
            self._rows.addWidget(widget)
        self._none.setVisible(not attempts)

    def _row(self, attempt: Attempt) -> QWidget:
        row = QWidget()
        line = hbox(row, gap=tokens.GAP_S)
        icon, ink = ("warning", "warn") if attempt.problem else ("circle-check", "ok")
        line.addWidget(IconLabel(icon, ink))
        line.addWidget(_time(attempt.at))
        words = _first(problem_words(self._desk, attempt.problem)) if attempt.problem else self._done(attempt)
        line.addWidget(ElidedLabel(words, "soft"), 1)
        return row

    def _done(self, attempt: Attempt) -> str:
        code = "sync.attempt.left" if attempt.pending else "sync.attempt.done"
        return self._desk.words.text(code, count=attempt.pending)


def _time(moment: datetime) -> QLabel:
    made = label(clock_time(moment), "muted")
    made.setFixedWidth(44)
    return made


def problem_words(desk: Desk, code: str) -> str:
    """Why an exchange failed, in words; an unknown code of the hub is named as it is."""
    for area in ("sync.problem", "error"):
        if desk.words.has(f"{area}.{code}"):
            return desk.words.text(f"{area}.{code}")
    return desk.words.text("sync.problem", code=code)


def _first(words: str) -> str:
    """The first sentence, which names the cause; what it means stands beside it for the newest one."""
    ends = [at for stop in ("。", ". ") if (at := words.find(stop)) > 0]
    return words[: min(ends)] if ends else words


def _numbers(counter: Counter) -> _Read:
    if not counter.enrolled:
        return _Read(enrolled=False, hub="", store=counter.store)
    exchange = Exchange(counter)
    numbers = exchange.numbers()
    return _Read(
        enrolled=True,
        may_join=may_join(counter),
        hub=exchange.url,
        store=counter.store,
        pending=numbers.pending,
        rejected=numbers.rejected,
        offset=counter.clock.now() - datetime.now(UTC),
        received_at=numbers.received_at,
    )
