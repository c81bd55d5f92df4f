"""The windows that could be promised to a customer, the best one marked; one press fills the form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, Window
from storeapp.domain.money import fen_to_yuan
from storeapp.domain.offers import Offer, cost_fen, recommended
from storeapp.services.counter import Counter
from storeapp.services.queries import guide_names
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.parts import Button, hbox, label, vbox

MOST_SHOWN = 6
_COLUMNS = 2
Asked = Callable[[Counter], "tuple[Offer, ...] | Refusal"]


@dataclass(frozen=True, slots=True)
class Found:
    """What the services said, with the guides' names."""

    offers: tuple[Offer, ...] | Refusal
    names: Mapping[str, str]


def shown(offers: tuple[Offer, ...], most: int = MOST_SHOWN) -> tuple[Offer, ...]:
    """The best few, in the order of the clock."""
    possible = [offer for offer in offers if offer.obstacle is None]
    best = recommended(possible)
    ranked = sorted(possible, key=lambda offer: (offer != best, offer.risk_li, offer.window.start))
    return tuple(sorted(ranked[:most], key=lambda offer: offer.window.start))


class WindowOffers(QWidget):
    """Asks beside the reading, and shows a button for each window that could be kept."""

    picked = Signal(object)
    """A window was chosen."""

    def __init__(self, desk: Desk, question: Callable[[], Asked], *, at_once: bool, most: int = MOST_SHOWN) -> None:
        """Build it.

        Args:
            desk: for words and reading.
            question: reads what is asked from the form and gives what works the offers out on another thread.
            at_once: ask now, else when the button is pressed.
            most: how many windows there is room for.
        """
        super().__init__()
        self._desk = desk
        self._question = question
        self._most = most
        self.offers: tuple[Offer, ...] = ()
        self.buttons: list[Button] = []
        column = vbox(self, gap=tokens.GAP_S)
        row = hbox()
        row.addWidget(label(desk.words.text("offers.title"), "strong"))
        self.remark = label("", "muted")
        row.addWidget(self.remark, 1)
        self.ask_button = Button(desk.words.text("offers.ask"), kind="flat", icon="sparkles")
        self.ask_button.clicked.connect(self.ask)
        row.addWidget(self.ask_button)
        column.addLayout(row)
        self._grid = QGridLayout()
        self._grid.setSpacing(tokens.GAP_XS)
        column.addLayout(self._grid)
        if at_once:
            self.ask()

    def ask(self) -> None:
        """Work out the offers as things stand now."""
        self.ask_button.setEnabled(False)
        self.remark.setText(self._desk.words.text("offers.working"))
        asked = self._question()
        self._desk.backend.aside(
            lambda counter: _found(counter, asked), done=self._show, failed=self._failed, owner=self
        )

    def _failed(self, error: Exception) -> None:
        self.ask_button.setEnabled(True)
        self.remark.setText("")
        self._desk.failed(error)

    def _show(self, found: Found) -> None:
        words = self._desk.words
        self.ask_button.setEnabled(True)
        for button in self.buttons:
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        if isinstance(found.offers, Refusal):
            self.offers = ()
            self.remark.setText(words.text(f"refusal.{found.offers.code}"))
            return
        self.offers = shown(found.offers, self._most)
        best = recommended(self.offers)
        self.remark.setText(words.text("offers.remark" if self.offers else "offers.none"))
        for number, offer in enumerate(self.offers):
            button = self._button(offer, found.names, is_best=offer == best)
            self._grid.addWidget(button, *divmod(number, _COLUMNS))
            self.buttons.append(button)

    def _button(self, offer: Offer, names: Mapping[str, str], *, is_best: bool) -> Button:
        words, name = self._desk.words, names.get(offer.guide, offer.guide)
        text = words.text(
            "offers.best" if is_best else "offers.one",
            window=_span(offer.window),
            chance=round(100 * offer.chance),
            guide=name,
        )
        button = Button(text, kind="primary" if is_best else "plain")
        cost, km = fen_to_yuan(cost_fen(offer)), f"{offer.extra_m / 1000:.1f}"
        button.setToolTip(words.text("offers.why", guides=offer.guides, cost=cost, km=km))
        button.clicked.connect(lambda: self.picked.emit(offer.window))
        return button


def _span(window: Window) -> str:
    start, end = (moment.astimezone(STORE_ZONE) for moment in (window.start, window.end))
    return f"{start:%H:%M}–{end:%H:%M}"


def _found(counter: Counter, ask: Asked) -> Found:
    offers = ask(counter)
    ids = [] if isinstance(offers, Refusal) else sorted({offer.guide for offer in offers if offer.guide})
    names = {key: name for key, name in guide_names(counter).items() if key in ids}
    return Found(offers, names)
