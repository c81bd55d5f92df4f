"""Turns what a scan found into what the desk shows: the verdict's card, the goods to pick, the line in the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE
from storeapp.domain.paper import PaperLine
from storeapp.domain.token import TokenKind
from storeapp.domain.verdict import Severity, Verdict
from storeapp.i18n import Translator
from storeapp.services.custody_desk import GuideAtDesk
from storeapp.services.handoff import HandoffResult
from storeapp.services.rows import OrderRow
from ui.desk import Desk, clock_time, day_time
from ui.kit.cards import VerdictCard, VerdictKind
from ui.kit.line_list import Line
from ui.pages.handoff_scans import Reading
from ui.pages.order_words import card_number

KINDS = {Severity.PASS: VerdictKind.PASSED, Severity.HOLD: VerdictKind.HOLD, Severity.STOP: VerdictKind.STOP}
SHAPES = {
    VerdictKind.PASSED: ("circle-check", "ok"),
    VerdictKind.HOLD: ("circle-pause", "warn"),
    VerdictKind.STOP: ("octagon-x", "danger"),
}


@dataclass(frozen=True, slots=True)
class Scan:
    """One line of the log."""

    kind: VerdictKind
    at: datetime
    text: str
    delivery_id: str = ""


def number(order_no: str) -> str:
    """An order as people call it."""
    return f"#{card_number(order_no)}" if order_no else ""


def joined(*parts: str) -> str:
    """The parts that say something, in one line."""
    return " · ".join(part for part in parts if part)


def kind_of(reading: Reading) -> VerdictKind:
    """How loudly to answer; one good paper that waits for the other is no verdict yet."""
    result = reading.result
    if isinstance(result, Refusal):
        return VerdictKind.HOLD
    waits = result.verdict is Verdict.OK and not result.saved
    return VerdictKind.IDLE if waits else KINDS[result.result.severity]


class Speaker:
    """Words of the handoff desk in one language."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._words: Translator = desk.words

    def text(self, code: str, **data: object) -> str:
        """Words of this page."""
        return self._words.text(f"page.handoff.{code}", **data)

    def card(self, reading: Reading, *, seconds: float, sound: bool) -> VerdictCard:
        """What fills the field."""
        kind, result = kind_of(reading), reading.result
        if isinstance(result, Refusal):
            shown = VerdictCard(kind, self._desk.refusal(result), action=self._advice(result))
        elif kind is VerdictKind.IDLE:
            return self._waiting(result)
        elif kind is VerdictKind.PASSED:
            shown = self._passed(result)
        else:
            shown = self._not_passed(kind, result, now=reading.at)
        scanned = self.text("scanned", time=_precise(reading.at), seconds=f"{max(seconds, 0.01):.2f}")
        heard = self._words.text(f"kit.sound.{kind}") if sound else ""
        return VerdictCard(kind, _bare(shown.reason), shown.who, _bare(shown.action), scanned, heard)

    def idle(self) -> VerdictCard:
        """What the desk says while nobody is there."""
        return VerdictCard(
            VerdictKind.IDLE, self._words.text("kit.verdict.idle_title"), self._words.text("kit.verdict.idle")
        )

    def taken_back(self, order_no: str) -> VerdictCard:
        """What the desk says after an undo."""
        return VerdictCard(VerdictKind.IDLE, self.text("undone", number=number(order_no)), self.text("undone.next"))

    def _waiting(self, result: HandoffResult) -> VerdictCard:
        if result.paper is TokenKind.BADGE:
            name = result.guide.name if result.guide else ""
            return VerdictCard(VerdictKind.IDLE, self.text("badge_read", guide=name), self.text("badge_read.next"))
        what = self.text("slip_read", number=number(result.order_no))
        return VerdictCard(VerdictKind.IDLE, what, self.text("slip_read.next"))

    def _passed(self, result: HandoffResult) -> VerdictCard:
        guide = result.guide.name if result.guide else ""
        pieces = sum(line.quantity for line in result.lines)
        return VerdictCard(
            VerdictKind.PASSED,
            self.text("passed", guide=guide, count=pieces),
            joined(number(result.order_no), result.recipient.name, result.recipient.phone),
            self._words.text("verdict.ok.next"),
        )

    def _not_passed(self, kind: VerdictKind, result: HandoffResult, *, now: datetime) -> VerdictCard:
        code, data = f"verdict.{result.verdict}", self._data(result, now)
        title, reason = (
            self._words.text(f"{code}.title"),
            self._why(result) or self._words.text(f"{code}.reason", **data),
        )
        paper = self.text(f"paper.{'badge' if result.paper is TokenKind.BADGE else 'slip'}")
        guide = result.guide.name if result.guide else ""
        who = joined(paper, number(result.order_no), result.recipient.name, guide)
        next_step = self._words.text(f"{code}.next", **data)
        if result.result.may_override:
            next_step = self.text("with_override", next=_bare(next_step))
        return VerdictCard(kind, self.text("title_reason", title=title, reason=reason), who, next_step)

    def _data(self, result: HandoffResult, now: datetime) -> dict[str, Any]:
        by = result.by.name if result.by else self.text("somebody")
        return {"guide": by, "time": day_time(result.result.when, now=now) or clock_time(now)}

    def _why(self, result: HandoffResult) -> str:
        code = f"verdict.malformed.why.{result.result.why}"
        return self._words.text(code) if result.result.why and self._words.has(code) else ""

    def _advice(self, refusal: Refusal) -> str:
        code = f"page.handoff.advice.{refusal.code}"
        return self._words.text(code) if self._words.has(code) else ""

    # -- lists

    def goods(self, lines: tuple[PaperLine, ...], *, done: bool) -> list[Line]:
        """What to pick, each with its place on the shelf; a tick once it was handed over."""
        icon, ink = ("check", "ok") if done else ("package", "text3")
        return [
            Line(
                "", line.name, icon, ink, self.text("bin", place=line.shelf) if line.shelf else "", f"× {line.quantity}"
            )
            for line in lines
        ]

    def guide_rows(self, guide: GuideAtDesk) -> list[Line]:
        """What a guide holds, then what lies ready."""
        rows: list[Line] = []
        for code, ready, found in (("carried", False, guide.carried), ("ready", True, guide.assigned)):
            if found:
                rows.append(Line("", self.text(code), heading=True, end=str(len(found))))
                rows += [self._delivery(row, ready=ready) for row in found]
        return rows

    def _delivery(self, row: OrderRow, *, ready: bool) -> Line:
        icon, ink = ("package", "text3") if ready else ("navigation", "accent")
        if row.state.value in {"failed", "returning"}:
            icon, ink = "warning", "warn"
        text = joined(number(row.order_no), row.person.name)
        return Line(row.id, text, icon, ink, row.person.area or row.goods, clock_time(row.window.end))

    def choice(self, row: OrderRow) -> str:
        """A delivery in a list to choose from."""
        state = self._words.text(f"state.{row.state}")
        return joined(number(row.order_no), row.person.name, row.guide_name, state)

    def scan(self, reading: Reading) -> Scan:
        """A line of the log."""
        result = reading.result
        kind = kind_of(reading)
        if isinstance(result, Refusal):
            return Scan(kind, reading.at, self._desk.refusal(result))
        who = result.recipient.name or (result.guide.name if result.guide else "")
        title = "" if kind is VerdictKind.PASSED else self._words.text(f"verdict.{result.verdict}.title")
        return Scan(kind, reading.at, joined(number(result.order_no), title or who), result.delivery_id)

    def log_row(self, scan: Scan) -> Line:
        """A line of the log as it is painted."""
        icon, ink = SHAPES[scan.kind]
        word = self._words.text(f"kit.verdict.{scan.kind}")
        return Line("", scan.text, icon, ink, word, clock_time(scan.at))


def _bare(sentence: str) -> str:
    """A sentence as a line of its own, without its full stop."""
    return sentence.rstrip("。.")


def _precise(moment: datetime) -> str:
    return moment.astimezone(STORE_ZONE).strftime("%H:%M:%S")
