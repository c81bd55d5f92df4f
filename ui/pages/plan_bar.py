"""How the plan stands, in one line: how many are served, what it costs, whether a better one is looked for."""

from PySide6.QtWidgets import QWidget

from storeapp.i18n import Translator
from ui.kit.parts import Button, ElidedLabel, IconLabel, hbox, label, set_chip
from ui.pages.board_read import Proposed
from ui.pages.order_words import amount

_BUTTON_PX = 24


class PlanBar(QWidget):
    """Numbers that move while a better plan is looked for, and the button that ends the search.

    It grows to the left, so that what stands at its end does not move under the pointer.
    """

    def __init__(self, words: Translator, stop: Button, offer: Button) -> None:
        super().__init__()
        self._words = words
        self._stop, self._offer = stop, offer
        self._icon = IconLabel("sparkles", "accent", 14)
        self._text = ElidedLabel(role="soft")
        self._state = label("", chip="idle")
        row = hbox(self, gap=8)
        row.addStretch(1)
        row.addWidget(self._icon)
        row.addWidget(self._text)
        row.addWidget(self._state)
        row.addWidget(self._stop)
        row.addWidget(self._offer)
        offer.setFixedHeight(_BUTTON_PX)
        offer.hide()
        stop.setFixedHeight(_BUTTON_PX)

    def show_plan(self, proposed: Proposed, *, running: bool, stopped: bool) -> None:
        """Show how the proposal stands."""
        proposal = proposed.proposal
        self._stop.setVisible(running)
        self._icon.setVisible(proposal is not None or running)
        self._text.setText(self._numbers(proposed))
        code, tone = _state(proven=bool(proposal and proposal.proven), running=running, stopped=stopped)
        nothing = proposal is None and not running
        self._state.setVisible(bool(code) and not nothing)
        set_chip(self._state, self._words.text(f"board.plan.{code}") if code else "", tone)

    def show_offer(self, moves: int, saved_fen: int) -> None:
        """Show that moving what was told would pay, or nothing."""
        self._offer.setVisible(moves > 0)
        if moves:
            # It takes the place of the stop button, which is not needed while nothing is searched.
            self._stop.hide()
            self._offer.setText(self._words.text("board.replan.offer", n=moves, cost=amount(saved_fen)))

    def _numbers(self, proposed: Proposed) -> str:
        proposal = proposed.proposal
        if proposal is None:
            return ""
        served, left = len(proposed.assignments), len(proposed.left)
        parts = [self._words.text("board.plan.cost", cost=amount(proposal.cost_fen))]
        if served + left:
            parts.insert(0, self._words.text("board.plan.served", n=served, total=served + left))
        if proposed.saved_fen > 0:
            parts.append(self._words.text("board.plan.saved", cost=amount(proposed.saved_fen)))
        return " · ".join(parts)


def _state(*, proven: bool, running: bool, stopped: bool) -> tuple[str, str]:
    """The chip's code and tone; nothing is claimed of a plan that simply found no better one."""
    if running:
        return "running", "accent"
    if proven:
        return "proven", "ok"
    return ("stopped", "idle") if stopped else ("", "idle")
