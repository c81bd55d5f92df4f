"""What stands around every page: the rail's buttons, the top bar and the foot."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QToolButton
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.actions import ActionRegistry
from ui.kit.finder import Finder
from ui.kit.key_hints import KeyHints
from ui.kit.messages import MessageLine
from ui.kit.parts import Button, ElidedLabel, IconLabel, Pressable, hbox, label, set_chip
from ui.kit.style import BOLD, look

_WIDE_PX = 1180
_BADGE_PX, _BADGE_TEXT_PX, _MOST_BADGE = 17, 11, 99
_RESTYLE = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


class SyncState(StrEnum):
    """How this counter stands to the hub."""

    ALONE = "alone"
    OK = "ok"
    PENDING = "pending"
    FETCHING = "fetching"
    SENDING = "sending"
    CUT = "cut"
    OFFLINE = "offline"
    ATTENTION = "attention"


SYNC_SHAPES = {
    SyncState.ALONE: ("store", "text3", "idle"),
    SyncState.OK: ("cloud-check", "ok", "ok"),
    SyncState.PENDING: ("cloud-up", "accent", "accent"),
    SyncState.FETCHING: ("cloud-down", "accent", "accent"),
    SyncState.SENDING: ("cloud-up", "accent", "accent"),
    SyncState.CUT: ("cloud-off", "warn", "warn"),
    SyncState.OFFLINE: ("cloud-off", "warn", "warn"),
    SyncState.ATTENTION: ("warning", "danger", "danger"),
}
"""Icon, ink and tone of each state."""


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A page in the rail: its id, icon, the two characters under it and its full name."""

    id: str
    icon: str
    short: str
    name: str
    at_end: bool = False


class RailButton(QToolButton):
    """An icon over two characters; chosen ones are lit."""

    def __init__(self, entry: RailEntry, key: str) -> None:
        super().__init__()
        self._icon, self._name, self._badge = entry.icon, entry.name, 0
        self.setObjectName("railButton")
        self.setText(entry.short)
        self.setAccessibleName(entry.name)
        self.setToolTip(f"{entry.name}  {key}".strip())
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setIconSize(QSize(20, 20))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFixedSize(54, 54)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.toggled.connect(self._draw)
        self._draw()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # The base constructor sends change events before our own attributes exist.
        if event.type() in _RESTYLE and hasattr(self, "_icon"):
            self._draw()

    def show_badge(self, count: int) -> None:
        """Show how much waits on the page; 0 shows nothing."""
        self._badge = count
        self.setAccessibleName(f"{self._name}, {count}" if count else self._name)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._badge:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_badge(painter, str(self._badge) if self._badge <= _MOST_BADGE else f"{_MOST_BADGE}+")
            painter.end()

    def _paint_badge(self, painter: QPainter, text: str) -> None:
        """A pill with the number, ringed in the rail's colour so that it stands off the icon."""
        font, metrics = (
            look().font(_BADGE_TEXT_PX, BOLD, tabular=True),
            look().metrics(_BADGE_TEXT_PX, BOLD, tabular=True),
        )
        width = max(_BADGE_PX, metrics.horizontalAdvance(text) + 8)
        pill = QRectF(self.width() - width - 4, 3, width, _BADGE_PX)
        painter.setPen(QPen(look().colour("rail"), 2))
        painter.setBrush(look().colour("verdict_hold"))
        painter.drawRoundedRect(pill, _BADGE_PX / 2, _BADGE_PX / 2)
        painter.setPen(look().colour("verdict_hold_text"))
        painter.setFont(font)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _draw(self) -> None:
        self.setIcon(look().icon(self._icon, "rail_on" if self.isChecked() else "rail_text", 20))


class TopBar(QFrame):
    """Title, where and when, the last message, the search, how the sync stands and who is signed in."""

    def __init__(self, words: Translator, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setFixedHeight(tokens.BAR_PX)
        self._words = words
        self.title = label("", "title")
        self.subtitle = ElidedLabel(role="muted")
        self.message = MessageLine(words)
        self.finder = Finder(words, actions)
        self._sync_icon = IconLabel("store", "text3")
        self._sync = label("", chip="idle")
        self.privacy = Pressable()
        self.privacy.hide()
        self.sync = Pressable()
        self.person = Button("", kind="flat", icon="user")
        self.person.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.show_person("")
        self._lay_out()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a narrow window the last message needs the room more than the store's name does."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE_PX
        self.subtitle.setVisible(wide)
        self.finder.setFixedWidth(220 if wide else 180)

    def show_sync(self, state: SyncState, pending: int, share: int) -> None:
        """Show how the sync stands: a shape, words, a count, and the percents of a long exchange."""
        icon, ink, tone = SYNC_SHAPES[state]
        self._sync_icon.show_icon(icon, ink)
        set_chip(self._sync, self._words.text(f"kit.sync.{state}", count=pending, share=share), tone)
        self.sync.setAccessibleName(self._sync.text())

    def show_person(self, name: str) -> None:
        """Show who is signed in; where nobody is, the way to sign in."""
        words = name or self._words.text("kit.sign_in")
        self.person.setText(words)
        self.person.setAccessibleName(words)
        self.person.show_icon("user" if name else "lock")

    def _lay_out(self) -> None:
        row = hbox(self, margins=(16, 0, 16, 0), gap=12)
        row.addWidget(self.title)
        row.addWidget(self.subtitle)
        row.addSpacing(tokens.GAP_S)
        row.addWidget(self.message, 1)
        row.addStretch(0)
        row.addWidget(self.finder)
        row.addSpacing(tokens.GAP_XS)
        privacy = hbox(self.privacy, gap=6)
        privacy.addWidget(IconLabel("eye-off", "warn"))
        privacy.addWidget(label(self._words.text("kit.privacy.hidden"), chip="warn"))
        self.privacy.setAccessibleName(self._words.text("kit.privacy.hidden"))
        self.privacy.setToolTip(self._words.text("kit.privacy.why"))
        row.addWidget(self.privacy)
        sync = hbox(self.sync, gap=6)
        sync.addWidget(self._sync_icon)
        sync.addWidget(self._sync)
        row.addWidget(self.sync)
        row.addWidget(self.person)


class Foot(QFrame):
    """The keys that work now, and whether a scanner is listened to."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self.setObjectName("foot")
        self.setFixedHeight(tokens.FOOT_PX)
        self._words = words
        self.hints = KeyHints()
        self._icon = IconLabel("scan", "ok", 14)
        self._scanner = label("", "soft")
        row = hbox(self, margins=(16, 0, 16, 0), gap=6)
        row.addWidget(self.hints, 1)
        row.addWidget(label("?", "key"))
        row.addWidget(label(words.text("kit.keys.all"), "muted"))
        row.addSpacing(tokens.GAP_M)
        row.addWidget(self._icon)
        row.addWidget(self._scanner)
        self.show_scanner(listening=True)

    def show_scanner(self, *, listening: bool) -> None:
        """Show whether a scan would be heard on this page."""
        self._icon.show_icon("scan", "ok" if listening else "text3")
        self._scanner.setText(self._words.text("kit.scanner.ready" if listening else "kit.scanner.off"))
