"""Offers a re-plan as a difference, and leads through a guide's dropping out: marked out, replaced, parcels rescued."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from storeapp.domain.dispatch import Planner
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.replan import Change
from storeapp.services import rescue, shifts
from storeapp.services.counter import Actor, Counter
from storeapp.services.dispatch import Applied
from storeapp.services.replanning import Replan, accept, replan
from storeapp.services.rows import GuideRow
from ui.desk import Desk
from ui.kit.forms import Form
from ui.kit.messages import Level
from ui.kit.parts import Button
from ui.pages.act_dialog import ActDialog, Answer
from ui.pages.board_read import Seen
from ui.pages.board_words import BoardWords
from ui.pages.handoff_forms import RESCUE_REASONS
from ui.pages.handoff_rescue import RESCUE
from ui.pages.replan_dialog import Difference, ReplanDialog

LEAST_FEN = 100
"""What a change of what people were told must save at least to be offered."""


class BoardChanges(QObject):
    """The re-plan that stands on offer, and the acts that follow from one."""

    offered = Signal()
    """There is a re-plan to look at, or none any more."""

    def __init__(self, desk: Desk, planner: Planner, board: BoardWords, page: QWidget) -> None:
        super().__init__(page)
        self._desk, self._planner, self._board, self._page = desk, planner, board, page
        self._seen: Seen | None = None
        self._offer: Replan | None = None
        self._asked = 0
        self.saved_fen = 0
        self.dialog: ReplanDialog | None = None
        self.plan: Replan | None = None
        """What the dialog shows, or showed last."""

    @property
    def moves(self) -> int:
        """How many deliveries the re-plan on offer changes of what people were told; 0 for none on offer."""
        return len(self._offer.changes) if self._offer else 0

    def look(self, seen: Seen) -> None:
        """This is the board now."""
        self._seen = seen

    def forget(self) -> None:
        """What was on offer is about another board."""
        self._asked += 1
        if self._offer is not None:
            self._offer = None
            self.offered.emit()

    def compare(self, cost_fen: int) -> None:
        """See whether giving told deliveries to others would save more than it costs to tell them."""
        if self._seen is None or not self._seen.board.assigned:
            return
        asked = self._asked = self._asked + 1
        planner = self._planner

        def stopped() -> bool:
            return asked != self._asked

        def done(found: Replan) -> None:
            saved = cost_fen - found.proposal.cost_fen
            if not stopped() and found.changes and saved >= LEAST_FEN:
                self._offer, self.saved_fen = found, saved
                self.offered.emit()

        self._desk.backend.aside(
            lambda counter: replan(counter, planner, stopped=stopped),
            done=done,
            failed=self._desk.failed,
            owner=self,
        )

    def stop(self) -> None:
        """Whatever is being compared is of no use any more."""
        self._asked += 1

    def open_offer(self) -> None:
        """Show the difference that is on offer."""
        if self._offer is not None and self._seen is not None:
            title = self._desk.words.text("board.replan.title")
            self._show(self._offer, title, self.saved_fen, then=lambda: None)

    # -- a guide drops out

    def drop_out(self, guide: GuideRow) -> None:
        """The guide is out from now on; then show who takes over."""
        window = guide.window

        def returned(result: shifts.Result) -> None:
            self._desk.tell(result, "board.out.back", guide=guide.name)

        def back() -> None:
            self._desk.act(lambda counter, actor: _again(counter, actor, guide.id, window), done=returned, owner=self)

        def done(result: shifts.Result) -> None:
            if self._desk.tell(result, "board.out.done", undo=back, guide=guide.name):
                self._plan_rescue(guide)

        def call(counter: Counter, actor: Actor) -> shifts.Result:
            return _end_shift(counter, actor, guide.id, window)

        self._desk.act(call, done=done, owner=self)

    def _plan_rescue(self, guide: GuideRow) -> None:
        planner = self._planner
        self._desk.backend.aside(
            lambda counter: rescue.plan_rescue(counter, planner, guide.id),
            done=lambda plan: self._show_rescue(guide, plan),
            failed=self._desk.failed,
            owner=self,
        )

    def _show_rescue(self, guide: GuideRow, found: rescue.RescuePlan) -> None:
        title = self._desk.words.text("board.out.title", guide=guide.name)
        handovers = tuple(each for each in found.handovers if each.after)
        if not found.plan.changes:
            self._desk.say(Level.DONE, self._desk.words.text("board.out.nothing", guide=guide.name))
            return
        self._show(found.plan, title, 0, then=lambda: self._ask_handover(guide, handovers))

    def _ask_handover(self, guide: GuideRow, handovers: tuple[Change, ...]) -> None:
        """Ask to record the handover between the guides; left, it stands on the desk's list until it is scanned."""
        if not handovers or self._seen is None:
            return
        words, names = self._desk.words, {each.id: each.name for each in self._seen.guides}
        takers = words.text("board.replan.and").join(dict.fromkeys(names.get(h.after, h.after) for h in handovers))
        form = Form()
        # A code, not words: what people type may hold personal data, and the discrepancy is kept for long.
        reasons = [(code, words.text(f"page.handoff.reason.{code}")) for code in RESCUE_REASONS]
        form.add_choice("reason", words.text("board.out.how"), choices=reasons)

        def submit(values: dict[str, str], answer: Answer) -> None:
            self._desk.act(
                lambda counter, actor: _record(counter, actor, guide.id, handovers, values["reason"]),
                done=lambda result: self._recorded(result, answer, takers),
                owner=self,
            )

        dialog = ActDialog(
            words,
            form,
            title=words.text("board.out.handover", guide=guide.name, takers=takers, n=len(handovers)),
            accept=words.text("board.out.record"),
            submit=submit,
            parent=self._page,
        )
        dialog.add_remark(words.text("board.out.remark"))
        scan = Button(words.text("board.out.scan"), icon="scan")
        scan.clicked.connect(lambda _checked=False: self._to_desk(dialog))
        dialog.add_part(scan)
        dialog.open()

    def _to_desk(self, dialog: ActDialog) -> None:
        """Both are at the counter: their badges prove it, and no manager is needed."""
        dialog.reject()
        self._desk.go("handoff", RESCUE)

    def _recorded(self, result: object, answer: Answer, takers: str) -> None:
        if isinstance(result, Refusal):
            answer({"reason": self._desk.refusal(result)})
            return
        answer({})
        self._desk.tell(result, "board.out.recorded", takers=takers)

    # -- the dialog

    def _show(self, plan: Replan, title: str, saved_fen: int, *, then: Callable[[], None]) -> None:
        seen = self._seen
        if seen is None:
            return
        self.plan = plan
        difference = Difference(self._desk.words, self._board, seen, plan, saved_fen=saved_fen)
        dialog = self.dialog = ReplanDialog(self._desk.words, difference, title=title, parent=self._page)
        dialog.accepted.connect(lambda: self._accept(plan, then))
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self, _result: int) -> None:
        self.dialog = None

    def _accept(self, plan: Replan, then: Callable[[], None]) -> None:
        def done(applied: Applied) -> None:
            words = [self._desk.words.text("board.replan.done", n=len(applied.done))]
            if applied.refused:
                words.append(self._desk.words.text("board.some_refused", n=len(applied.refused)))
                words.append(self._desk.refusal(applied.refused[0].refusal))
            self._desk.undo = None
            self._desk.say(Level.WARN if applied.refused else Level.DONE, " · ".join(words))
            self.forget()
            then()

        self._desk.act(lambda counter, actor: accept(counter, actor, plan), done=done, owner=self)


def _end_shift(counter: Counter, actor: Actor, guide: str, window: Window | None) -> shifts.Result:
    """The shift ends now; one that has not begun is off."""
    now = counter.clock.now()
    day = store_day(now)
    if window is None or now - window.start < timedelta(minutes=1) or window.end <= now:
        return shifts.set_off(counter, actor, guide, day)
    return shifts.set_hours(counter, actor, guide, day, start=_clock(window.start), end=_clock(now))


def _clock(moment: datetime) -> time:
    return moment.astimezone(STORE_ZONE).time().replace(second=0, microsecond=0)


def _again(counter: Counter, actor: Actor, guide: str, window: Window | None) -> shifts.Result:
    """The hours as they were."""
    day = store_day(counter.clock.now())
    if window is None:
        return shifts.set_off(counter, actor, guide, day)
    return shifts.set_hours(counter, actor, guide, day, start=_clock(window.start), end=_clock(window.end))


def _record(
    counter: Counter, actor: Actor, giver: str, handovers: tuple[Change, ...], reason: str
) -> Refusal | tuple[str, ...]:
    """Save that each taker took over what the plan gave to them."""
    moved: list[str] = []
    for taker in dict.fromkeys(each.after for each in handovers):
        only = [each.stop for each in handovers if each.after == taker]
        result = rescue.record_rescue(counter, actor, giver, taker, reason=reason, only=only)
        if isinstance(result, Refusal):
            return result
        moved += result.deliveries
    return tuple(moved)
