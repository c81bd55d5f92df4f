"""Prints slips from any page: issues them, sends the papers off, and says what they replace."""

from collections.abc import Sequence

from PySide6.QtCore import QObject

from storeapp.domain.delivery import Delivery
from storeapp.domain.kernel import Refusal
from storeapp.services.counter import Actor, Counter
from storeapp.services.slips import SlipPaper, issue_slip
from ui.desk import Desk
from ui.kit.messages import Level
from ui.paper.papers import ROLLS, slip_paper
from ui.printing import Printed, Printing, Sheet


class SlipActs(QObject):
    """Slips of one delivery or of several at once."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._printing = Printing(desk.backend, desk.papers, desk.preferences, owner=self)

    def print_slips(self, deliveries: Sequence[str]) -> None:
        """Issue and print the slips of all parcels of these deliveries."""
        self._desk.act(lambda counter, actor: _issue(counter, actor, deliveries), done=self._issued, owner=self)

    def _issued(self, result: list[SlipPaper | Refusal]) -> None:
        refused = [one for one in result if isinstance(one, Refusal)]
        slips = [one for one in result if isinstance(one, SlipPaper)]
        if refused:
            self._desk.say(Level.FAILED, self._desk.refusal(refused[0]))
        if slips:
            media = ROLLS[self._desk.preferences.settings.slip_width_mm]
            sheets = [
                Sheet(slip_paper(slip.content, self._desk.words, media=media), _file_name(slip)) for slip in slips
            ]
            self._printing.send(sheets, done=lambda to: self._sent(slips, to), failed=self._desk.failed)

    def _sent(self, slips: Sequence[SlipPaper], printed: Printed) -> None:
        words = self._desk.words
        where = printed.printer or (printed.files[0].name if len(printed.files) == 1 else printed.files[0].parent.name)
        code = "slips.printed" if printed.printer else "slips.saved"
        said = [words.text(code, n=len(slips), where=where)]
        reprint = slips[0].content.reprint_no
        if len(slips) == 1 and reprint:
            said.append(words.text("slips.replaces", n=reprint))
        self._desk.undo = None
        self._desk.say(Level.DONE, " · ".join(said))


def _issue(counter: Counter, actor: Actor, deliveries: Sequence[str]) -> list[SlipPaper | Refusal]:
    slips: list[SlipPaper | Refusal] = []
    for delivery_id in deliveries:
        known = counter.cache.get(Delivery, delivery_id)
        parcels = [parcel.number for parcel in known.parcels] if known else [1]
        slips += [issue_slip(counter, actor, delivery_id, parcel) for parcel in parcels]
    return slips


def _file_name(slip: SlipPaper) -> str:
    return f"slip-{slip.short_code}-{slip.content.reprint_no}".replace(" ", "")
