"""Works out what it would mean to drop a card where the pointer is, beside the UI thread; the last pointer wins."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from storeapp.domain.dispatch import LI_PER_FEN
from storeapp.domain.what_if import WhatIf
from storeapp.i18n import Translator
from storeapp.services.dispatch import Proposal
from storeapp.services.replanning import Board, board_of
from ui.desk import Desk, clock_time
from ui.kit.cards import LaneTrial, TrialLine
from ui.pages.board_read import Seen
from ui.pages.board_words import BoardWords, minute
from ui.pages.order_words import amount

_MINUTE_S = 60
_MOST_DELAYS = 2
Question = tuple[str, str]
"""A delivery and a guide."""


class Trials(QObject):
    """Answers of one plan, each worked out once."""

    told = Signal()
    """There is an answer to what was asked last, or nothing is asked any more."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._proposal: Proposal | None = None
        self._board: Board | None = None
        self._known: dict[Question, WhatIf | None] = {}
        self._wanted: Question = ("", "")
        self._busy = False

    def use(self, proposal: Proposal | None) -> None:
        """Answer from this plan from now on."""
        if proposal is not self._proposal:
            self._proposal, self._known = proposal, {}
            self._board = board_of(proposal) if proposal else None
            self._next()

    def ask(self, delivery: str, guide: str) -> None:
        """A card is over a guide's lane; empty ids end it."""
        if (delivery, guide) != self._wanted:
            self._wanted = (delivery, guide)
            self._next()

    def answer(self) -> tuple[Question, WhatIf | None] | None:
        """What was asked last, with its answer; None while there is none."""
        return (self._wanted, self._known[self._wanted]) if self._wanted in self._known else None

    def _next(self) -> None:
        board, wanted = self._board, self._wanted
        if not all(wanted) or wanted in self._known or board is None:
            self.told.emit()
        elif not self._busy:
            self._busy = True
            self._desk.backend.tasks.run_pooled(
                lambda: board.what_if(*wanted),
                done=lambda found: self._done(board, wanted, found),
                failed=self._failed,
                owner=self,
            )

    def _done(self, board: Board, asked: Question, found: WhatIf | None) -> None:
        self._busy = False
        if board is self._board:
            self._known[asked] = found
        self._next()

    def _failed(self, error: Exception) -> None:
        self._busy = False
        self._desk.failed(error)


class TrialWords:
    """What a trial means, in lines for the lane."""

    def __init__(self, words: Translator, board: BoardWords) -> None:
        self._words = words
        self._board = board

    def trial(self, asked: Question, found: WhatIf | None, seen: Seen, proposal: Proposal) -> LaneTrial | None:
        """The ghost of the delivery on the lane with what it would mean beside it."""
        delivery, guide = asked
        row = seen.rows().get(delivery)
        if row is None or proposal.problem is None:
            return None
        numbers = self._board.numbers(seen)
        if found is None:
            return LaneTrial(guide, minute(seen.now), numbers[delivery], (self._line("cannot", "minus", "text2"),))
        at = proposal.problem.at(found.begin_s)
        lines = [self._arrival(found, clock_time(at)), self._cost(found), *self._delays(found, numbers)]
        if found.overtime_s > 0:
            lines.append(self._line("overtime", "clock-alert", "warn", span=self._span(found.overtime_s)))
        if found.obstacle is not None:
            text = self._board.reason_words(seen).text(found.obstacle)
            lines.append(TrialLine(text, "hand", "warn"))
        return LaneTrial(guide, minute(at), numbers[delivery], tuple(lines), late=found.late_s > 0)

    def _line(self, code: str, icon: str, ink: str, **data: object) -> TrialLine:
        return TrialLine(self._words.text(f"board.trial.{code}", **data), icon, ink)

    def _arrival(self, found: WhatIf, time: str) -> TrialLine:
        if found.late_s > 0:
            return self._line("late", "warning", "danger", time=time, span=self._span(found.late_s))
        return self._line("on_time", "check", "ok", time=time)

    def _cost(self, found: WhatIf) -> TrialLine:
        fen = round(found.cost_li / LI_PER_FEN)
        code = "dearer" if fen > 0 else "cheaper" if fen < 0 else "same"
        return self._line(code, "route", "text2", cost=amount(abs(fen)))

    def _delays(self, found: WhatIf, numbers: Mapping[str, str]) -> list[TrialLine]:
        worst = sorted(found.delays, key=lambda delay: (-delay.late_s, -delay.by_s))
        lines = [
            self._line(
                "delays_late" if delay.late_s else "delays",
                "warning" if delay.late_s else "clock",
                "danger" if delay.late_s else "text2",
                number=numbers.get(delay.stop, delay.stop),
                span=self._span(delay.by_s),
                late=self._span(delay.late_s),
            )
            for delay in worst[:_MOST_DELAYS]
        ]
        rest = len(worst) - len(lines)
        return [*lines, self._line("more", "clock", "text3", n=rest)] if rest > 0 else lines

    def _span(self, seconds: int) -> str:
        return self._words.text("duration.min", n=-(-seconds // _MINUTE_S))
