"""A guide takes parcels over from another at the desk: by the giver's badge, slips of some, and the taker's badge."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject

from storeapp.domain.kernel import Refusal
from storeapp.services import rescue
from storeapp.services.counter import Actor, Counter
from storeapp.services.guides import guide_rows
from storeapp.services.handoff import HandoffResult
from storeapp.services.rescue import Giving, Rescued
from ui.desk import Desk
from ui.kit.cards import VerdictCard, VerdictKind
from ui.pages.handoff_scans import Reading, Step
from ui.pages.handoff_words import Scan, Speaker

RESCUE = "rescue"
"""The handoff desk's subject that begins one."""
Shown = Callable[[VerdictCard, Scan | None], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a paper, when, and what people call the guides."""

    found: Giving | Rescued | HandoffResult | Refusal
    at: datetime
    names: dict[str, str]


class RescueDesk(QObject):
    """The steps of one handover between guides; while it is under way every scan belongs to it."""

    def __init__(self, desk: Desk, speaker: Speaker, show: Shown, parent: QObject) -> None:
        """Begin with nothing under way; ``show`` gets the card of each step, and its line for the log."""
        super().__init__(parent)
        self._desk, self._speaker, self._show = desk, speaker, show
        self.active = False
        self.giving = Giving()
        self._waiting: list[str] = []
        self._asking = False

    @property
    def guide(self) -> str:
        """Who gives, as far as that is known."""
        return self.giving.guide.code if self.active and self.giving.guide else ""

    def begin(self) -> None:
        """From now on scans are about a handover between guides."""
        self.end()
        self.active = True
        self._show(self._invitation(), None)

    def end(self) -> None:
        """Scans are about handing out again."""
        self.active, self.giving = False, Giving()
        self._waiting.clear()

    def take(self, text: str) -> None:
        """Another paper was scanned; it is looked at after the one before, because that says whose it may be."""
        self._waiting.append(text)
        self._ask_next()

    def _ask_next(self) -> None:
        if self._asking or not self._waiting:
            return
        self._asking = True
        giving, text = self.giving, self._waiting.pop(0)

        def ask(counter: Counter, actor: Actor) -> _Answer:
            found = rescue.show_paper(counter, actor, giving, text)
            return _Answer(found, counter.clock.now(), {row.id: row.name for row in guide_rows(counter)})

        def failed(error: Exception) -> None:
            self._asking = False
            self._waiting.clear()
            self._desk.failed(error)

        self._desk.backend.act(ask, done=lambda answer: self._answer(answer, text), failed=failed, owner=self)

    def moved(self, done: Rescued, at: datetime, names: dict[str, str]) -> None:
        """Parcels changed hands: say so, and offer to take it back."""
        self.end()
        giver, guide = names.get(done.giver, done.giver), names.get(done.guide, done.guide)
        told = {"giver": giver, "guide": guide, "n": len(done.deliveries)}
        reason = self._speaker.text("rescue.moved", **told)
        card = VerdictCard(VerdictKind.PASSED, reason, action=self._speaker.text("rescue.moved.next", guide=guide))
        self._show(card, Scan(VerdictKind.PASSED, at, reason))
        self._desk.tell(None, "page.handoff.rescue.moved", undo=lambda: self._take_back(done), **told)

    def _answer(self, answer: _Answer, text: str) -> None:
        self._asking, found = False, answer.found
        if isinstance(found, Rescued):
            self.moved(found, answer.at, answer.names)
        elif isinstance(found, Giving):
            if self.active:
                self.giving = found
                self._show(self._invitation(), None)
        elif self.active:
            self._refuse(found, answer, text)
        self._ask_next()

    def _refuse(self, found: HandoffResult | Refusal, answer: _Answer, text: str) -> None:
        if isinstance(found, Refusal) and "guide" in found.data:
            guide = str(found.data["guide"])
            found = Refusal(found.code, {**found.data, "guide": answer.names.get(guide, guide)})
        reading = Reading(Step(badge=text), found, answer.at)
        card = self._speaker.card(reading, seconds=0, sound=False)
        self._show(
            VerdictCard(card.kind, card.reason, card.who, card.action or self._next()), self._speaker.scan(reading)
        )

    def _invitation(self) -> VerdictCard:
        """What is to be scanned next."""
        giving, text = self.giving, self._speaker.text
        name = giving.guide.name if giving.guide else ""
        if giving.badge:
            return VerdictCard(
                VerdictKind.IDLE, text("rescue.taker", giver=name, n=giving.count), text("rescue.taker.next")
            )
        if giving.only:
            return VerdictCard(
                VerdictKind.IDLE, text("rescue.parcels", giver=name, n=giving.count), text("rescue.parcels.next")
            )
        return VerdictCard(VerdictKind.IDLE, text("rescue.giver"), text("rescue.giver.next"))

    def _next(self) -> str:
        return self._speaker.text("rescue.by_hand")

    def _take_back(self, done: Rescued) -> None:
        def told(result: object) -> None:
            self._desk.tell(result, "page.handoff.rescue.undone", n=len(done.deliveries))

        self._desk.act(lambda counter, actor: rescue.take_back(counter, actor, done), done=told, owner=self)
