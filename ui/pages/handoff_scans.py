"""Keeps in mind which papers were scanned: badge and slip come in either order, and a badge serves many slips."""

from dataclasses import dataclass
from datetime import datetime

from storeapp.domain.kernel import Refusal
from storeapp.domain.short_code import read_short_code
from storeapp.domain.token import TokenKind
from storeapp.domain.verdict import Verdict
from storeapp.services.counter import Actor, Counter
from storeapp.services.handoff import HandoffResult, kind_of, look, scan


@dataclass(frozen=True, slots=True)
class Step:
    """What to ask the counter: a badge with a slip, or one paper alone."""

    badge: str = ""
    slip: str = ""

    @property
    def is_pair(self) -> bool:
        """Whether both papers are there, so that goods may move."""
        return bool(self.badge and self.slip)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a step, and when by the counter's clock."""

    step: Step
    result: HandoffResult | Refusal
    at: datetime


class Papers:
    """The badge that is in force, and a slip that waits for one."""

    def __init__(self) -> None:
        self.badge = ""
        self.slip = ""

    def take(self, text: str) -> Step:
        """A scan came; what is to be asked now."""
        if kind_of(text) is TokenKind.BADGE:
            self.badge = text
            slip, self.slip = self.slip, ""
            return Step(badge=text, slip=slip)
        if self.badge:
            return Step(badge=self.badge, slip=text)
        waiting, self.slip = self.slip, text
        # A second slip where a badge is due is judged as the badge it should have been.
        return Step(badge=text, slip=text) if _is_slip(waiting) and _is_slip(text) else Step(slip=text)

    def learn(self, reading: Reading) -> None:
        """What the counter found out about the papers: only a good badge stays in force."""
        result, step = reading.result, reading.step
        if isinstance(result, Refusal):
            self._drop_slip(step)
        elif result.paper is TokenKind.BADGE:
            self._learn_badge(result, step)
        elif step.is_pair or result.verdict is not Verdict.OK:
            self._drop_slip(step)

    def _learn_badge(self, result: HandoffResult, step: Step) -> None:
        text = step.slip if step.slip and not step.badge else step.badge
        good = result.verdict is Verdict.OK
        if good:
            self.badge = text
            self._drop_slip(step)
        elif self.badge == step.badge:
            self.badge = ""

    def _drop_slip(self, step: Step) -> None:
        if self.slip == step.slip:
            self.slip = ""

    def forget(self) -> None:
        """Nobody is at the desk any more."""
        self.badge = self.slip = ""


def _is_slip(text: str) -> bool:
    return kind_of(text) is TokenKind.SLIP


def is_paper(text: str) -> bool:
    """Whether a scan belongs to the handoff desk, whichever page is shown."""
    return kind_of(text) is not None or read_short_code(text) is not None


def ask(counter: Counter, actor: Actor, step: Step, *, supervisor: Actor | None = None) -> Reading:
    """Put a step to the counter; the short code of another badge takes the place of the one in force."""
    if not step.is_pair:
        return Reading(step, look(counter, actor, step.badge or step.slip), counter.clock.now())
    result = scan(counter, actor, step.badge, step.slip, supervisor=supervisor)
    if isinstance(result, Refusal) and result.code == "unknown_short_code":
        other = look(counter, actor, step.slip)
        if isinstance(other, HandoffResult) and other.paper is TokenKind.BADGE:
            return Reading(Step(badge=step.slip), other, counter.clock.now())
    return Reading(step, result, counter.clock.now())
