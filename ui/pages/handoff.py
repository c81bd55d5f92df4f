"""The handoff desk: badge and slip are scanned, and one verdict says whether custody has moved, or why not."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from typing_extensions import override

from storeapp.domain.kernel import Refusal
from storeapp.domain.paper import Media, RunSheetContent
from storeapp.services import custody_desk, slips
from storeapp.services.counter import Actor
from storeapp.services.custody_desk import GuideAtDesk
from storeapp.services.handoff import HandoffResult
from ui.desk import Desk
from ui.kit.actions import Action
from ui.kit.cards import VerdictCard, VerdictKind
from ui.kit.keymap import Key
from ui.kit.parts import hbox, vbox
from ui.kit.sounds import Sound, Sounds, find_player
from ui.kit.verdict import VerdictView
from ui.pages.base import PageBase
from ui.pages.handoff_forms import About, Choices, Questions, read_choices
from ui.pages.handoff_panels import GoodsPanel, GuidePanel, LogPanel
from ui.pages.handoff_rescue import RESCUE, RescueDesk
from ui.pages.handoff_scans import Papers, Reading, Step, ask
from ui.pages.handoff_words import Scan, Speaker, joined, kind_of, number
from ui.pages.paper_dialog import PaperDialog
from ui.paper.papers import run_sheet_paper

IDLE_MS = 30_000
"""After so long without a scan the badge counts no more: the next guide has to show another."""
BUTTONS = ("undo", "code", "deliver", "return", "pass_on", "rescue", "run_sheet", "record")
FIRST_KEYS = ("code", "record", "rescue", "undo", "again", "deliver", "return")
NEEDS_SUPERVISOR = "supervisor_needed"


class HandoffPage(PageBase):
    """The desk's page; every scan of a badge or slip in the window ends here."""

    TITLE = "page.handoff"
    KEYS = tuple(f"handoff.{each}" for each in (*FIRST_KEYS, "run_sheet", "pass_on", "clear"))

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._speaker = Speaker(desk)
        self.verdict = VerdictView(desk.words)
        self._papers = Papers()
        self._last: Reading | None = None
        self._guide = ""
        self._heard: list[tuple[str, float]] = []
        self._handed: HandoffResult | None = None
        self._sounds: Sounds | None = None
        self._sound: Sound | None = None
        self._questions = Questions(desk, self._speaker, self)
        self.rescue = RescueDesk(desk, self._speaker, self._show_rescue, self)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self._waited)
        self._add_actions()
        self._lay_out()
        self._find_sounds()
        desk.session.signed_out.connect(self._end_rescue)

    # -- scanning

    @override
    def take_scan(self, text: str, /) -> bool:
        """Something was scanned or typed; the answer comes as soon as it is saved."""
        self._scanned(text, time.perf_counter())
        return True

    def _scanned(self, text: str, heard: float) -> None:
        self._heard.append((text, heard))
        self.desk.signed_in(self._take_heard)

    def _take_heard(self) -> None:
        """Ask in the order of the scans; several have come where somebody had to sign in first."""
        heard, self._heard = self._heard, []
        for text, at in heard:
            if self.rescue.active:
                self._idle.start()
                self.rescue.take(text)
            else:
                self._ask(self._papers.take(text), at)

    def _ask(self, step: Step, heard: float, supervisor: Actor | None = None) -> None:
        self._idle.start()
        self.desk.backend.act(
            lambda counter, actor: ask(counter, actor, step, supervisor=supervisor),
            done=lambda reading: self._answer(reading, heard),
            failed=self.desk.failed,
            owner=self,
        )

    def _answer(self, reading: Reading, heard: float) -> None:
        self._papers.learn(reading)
        self._last = reading
        self._guide = self._whose(reading)
        kind = kind_of(reading)
        seconds = time.perf_counter() - heard
        self._present(self._speaker.card(reading, seconds=seconds, sound=self._can_play()))
        self._show_goods(reading)
        if kind is not VerdictKind.IDLE:
            self.log.add(self._speaker.scan(reading))
        if isinstance(reading.result, HandoffResult) and reading.result.saved:
            self._handed_over(reading.result)
        self.desk.actions.refresh()

    def _present(self, card: VerdictCard) -> None:
        """Show and sound a verdict, before anything beside it is worked out."""
        self._sound = None if card.kind is VerdictKind.IDLE else Sound(card.kind.value)
        self.verdict.show_verdict(card)
        self.verdict.repaint()
        self._play()

    # -- between guides

    @override
    def show_subject(self, subject: str) -> None:
        """Begin a handover between guides."""
        if subject == RESCUE:
            self.begin_rescue()

    def begin_rescue(self) -> None:
        """F12: a guide takes over what another holds."""

        def begin() -> None:
            self.leave()
            self._idle.start()
            self.rescue.begin()

        self.desk.signed_in(begin)

    @Slot()
    def _end_rescue(self) -> None:
        """Whoever comes to a locked desk does not go on with a handover that another began."""
        if self.rescue.active:
            self.leave()

    def _show_rescue(self, card: VerdictCard, scan: Scan | None) -> None:
        self._present(card)
        self.goods.clear()
        if scan is not None:
            self.log.add(scan)
        self._guide = self.rescue.guide
        if not self.rescue.active:
            self._last = None
        self.refresh()
        self.keys_changed()
        self.desk.actions.refresh()

    def _whose(self, reading: Reading) -> str:
        """The guide whose badge is in force."""
        result = reading.result
        if not self._papers.badge:
            return ""
        return result.guide.code if isinstance(result, HandoffResult) and result.guide else self._guide

    def _handed_over(self, result: HandoffResult) -> None:
        self._handed = result
        guide = result.guide.name if result.guide else ""
        self.desk.tell(None, "page.handoff.handed", undo=self.take_back, guide=guide, number=number(result.order_no))

    def _show_goods(self, reading: Reading) -> None:
        result = reading.result
        if isinstance(result, HandoffResult) and result.delivery_id:
            of = joined(number(result.order_no), result.recipient.name, result.recipient.phone)
            self.goods.show_lines(result.lines, of=of, done=result.saved)
        elif not (isinstance(result, HandoffResult) and kind_of(reading) is VerdictKind.IDLE):
            self.goods.clear()

    def leave(self) -> None:
        """Nobody is at the desk any more."""
        self._papers.forget()
        self.rescue.end()
        self._guide = ""
        self._idle.stop()
        self._sound = None
        self._last = None
        if self.verdict.card() != self._speaker.idle():
            self.verdict.show_verdict(self._speaker.idle())
        self.goods.clear()
        self.guide.clear()
        self.desk.actions.refresh()

    def _waited(self) -> None:
        """A refusal stays to be read; everything else makes room for the next guide."""
        refused = self.verdict.card().kind in {VerdictKind.HOLD, VerdictKind.STOP}
        if not refused:
            self.leave()
            return
        self._papers.forget()
        self.rescue.end()
        self._guide = ""
        self.guide.clear()
        self.desk.actions.refresh()

    # -- what is read beside it

    @override
    def refresh(self) -> None:
        guide = self._guide
        self.desk.backend.read(
            lambda counter: (
                guide,
                custody_desk.guide_at_desk(counter, guide),
                custody_desk.handed_over_today(counter),
            ),
            done=self._show_beside,
            owner=self,
        )

    def _show_beside(self, read: tuple[str, GuideAtDesk | None, int]) -> None:
        asked, guide, today = read
        self.log.show_today(today)
        if asked != self._guide:
            self.refresh()
        elif guide is None:
            self.guide.clear()
        else:
            self.guide.show_guide(guide)

    # -- by hand

    def take_back(self) -> None:
        """Undo the last handoff."""
        handed, self._handed = self._handed, None
        if handed is None:
            return

        def show(result: object) -> None:
            if self.desk.tell(result, "page.handoff.undone", number=number(handed.order_no)):
                self.verdict.show_verdict(self._speaker.taken_back(handed.order_no))
                self.goods.clear()
            self.desk.actions.refresh()

        self.desk.backend.act(
            lambda counter, actor: custody_desk.take_back(counter, actor, handed.delivery_id),
            done=show,
            failed=self.desk.failed,
            owner=self,
        )

    def type_code(self) -> None:
        """F11: a code by hand."""
        self._questions.ask_code(lambda text: self._scanned(text, time.perf_counter()))

    def call_manager(self) -> None:
        """F10: a manager vouches for a short code, or states what happened."""
        reading = self._last
        if self.rescue.active:
            giver, only = self.rescue.guide, self.rescue.giving.only
            self._with_choices(lambda c: self._questions.ask_rescue(c, giver, only, self.rescue.moved))
        elif reading and isinstance(reading.result, Refusal) and reading.result.code == NEEDS_SUPERVISOR:
            step = reading.step
            self._with_choices(lambda c: self._questions.ask_supervisor(c, lambda who: self._vouched(step, who)))
        else:
            self._with_choices(lambda c: self._questions.ask_what_happened(c, self.about()))

    def _vouched(self, step: Step, supervisor: Actor) -> None:
        self._ask(step, time.perf_counter(), supervisor)

    def about(self) -> About:
        """What the last scan and the chosen row say about the next question."""
        chosen, result = self.guide.list.current_key(), self._last.result if self._last else None
        if not isinstance(result, HandoffResult):
            return About(guide=self._guide, delivery_id=chosen)
        same = result.delivery_id and chosen in {"", result.delivery_id}
        return About(
            guide=self._guide or (result.guide.code if result.guide else ""),
            delivery_id=result.delivery_id if same else chosen,
            parcel=result.parcel or 1,
            verdict=result.verdict.value if same else "",
        )

    def _with_choices(self, then: Callable[[Choices], None]) -> None:
        def read() -> None:
            self.desk.backend.read(read_choices, done=then, failed=self.desk.failed, owner=self)

        self.desk.signed_in(read)

    def show_run_sheet(self) -> None:
        """The addresses of what the guide at the desk carries, noted in the audit chain."""
        guide = self._guide

        def make() -> None:
            self.desk.backend.act(
                lambda counter, actor: slips.run_sheet(counter, actor, guide), done=self._open_run_sheet, owner=self
            )

        self.desk.signed_in(make)

    def _open_run_sheet(self, content: RunSheetContent | Refusal) -> None:
        if isinstance(content, Refusal):
            self.desk.tell(content, "")
            return
        PaperDialog(
            self.desk,
            lambda media: run_sheet_paper(content, self.desk.words, media=media),
            title=self._speaker.text("run_sheet.of", guide=content.guide.name),
            media=(Media.A4, Media.ROLL_80),
            personal=True,
            parent=self,
        ).open()

    # -- sounds

    def use_sounds(self, sounds: Sounds) -> None:
        """What plays the verdicts."""
        self._sounds = sounds

    def _find_sounds(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)
        self.desk.backend.tasks.run_pooled(lambda: _sounds_in(folder), done=self.use_sounds, owner=self)

    def _can_play(self) -> bool:
        wanted = self.desk.preferences.settings.sounds
        return wanted and self._sounds is not None and self._sounds.available and not self._sounds.muted

    def _play(self) -> None:
        """Off the UI thread: starting a player costs some milliseconds."""
        sounds, sound = self._sounds, self._sound
        if sounds is not None and sound is not None and self.desk.preferences.settings.sounds:
            self.desk.backend.tasks.run_pooled(lambda: sounds.play(sound))

    # -- frame

    @override
    def on_shown(self) -> None:
        super().on_shown()
        self.verdict.setFocus(Qt.FocusReason.OtherFocusReason)

    @override
    def keys(self) -> Sequence[tuple[str, str]]:
        scan = (self._speaker.text("key.scan"), self._speaker.text("key.scan.what"))
        return [scan, *super().keys()]

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._play()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _add_actions(self) -> None:
        carries, ask_with = lambda: bool(self._guide), self._with_choices
        q = self._questions
        for code, run, icon, key, hint, enabled in (
            ("undo", self.take_back, "undo", "", "Ctrl Z", lambda: self._handed is not None),
            ("code", self.type_code, "keyboard", Key.TYPE_CODE, "", _always),
            (
                "deliver",
                lambda: ask_with(lambda c: q.ask_delivery(c, self.about())),
                "circle-check",
                Key.DELIVERED,
                "",
                _always,
            ),
            (
                "return",
                lambda: ask_with(lambda c: q.ask_return(c, self.about())),
                "corner-down-left",
                Key.NOT_DELIVERED,
                "",
                _always,
            ),
            ("pass_on", lambda: ask_with(lambda c: q.ask_pass_on(c, self.about())), "truck", Key.PASS_ON, "", _always),
            ("rescue", self.begin_rescue, "users", Key.RESCUE, "", _always),
            ("run_sheet", self.show_run_sheet, "printer", Key.PRINT, "", carries),
            ("record", self.call_manager, "shield", Key.CALL_MANAGER, "", _always),
            ("again", self._play, "volume", "", self._speaker.text("key.space"), lambda: self._sound is not None),
            ("clear", self.leave, "x", "", "Esc", self._occupied),
        ):
            self.desk.actions.add(
                Action(f"handoff.{code}", f"page.handoff.{code}", run, icon, key, hint, enabled), self
            )

    def _occupied(self) -> bool:
        """Whether there is anything for the next guide to clear away."""
        return self._last is not None or self.rescue.active or self.verdict.card().kind is not VerdictKind.IDLE

    def _lay_out(self) -> None:
        actions, speaker = self.desk.actions, self._speaker
        self.goods, self.guide = GoodsPanel(speaker), GuidePanel(self.desk, speaker)
        self.log = LogPanel(speaker, actions, [f"handoff.{each}" for each in BUTTONS])
        self.guide.list.opened.connect(lambda _key: self.desk.actions.trigger("handoff.deliver"))
        row = hbox(self, margins=(10, 10, 10, 10), gap=10)
        left = vbox(gap=10)
        left.addWidget(self.verdict, 3)
        bottom = hbox(gap=10)
        bottom.addWidget(self.goods.widget, 1)
        bottom.addWidget(self.guide.widget, 1)
        left.addLayout(bottom, 1)
        row.addLayout(left, 1)
        row.addWidget(self.log.widget)


def _always() -> bool:
    return True


def _sounds_in(folder: str) -> Sounds:
    return Sounds(Path(folder) / "sounds", find_player())
