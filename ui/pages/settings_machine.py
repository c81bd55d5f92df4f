"""Language, colours and sounds of this machine; all but the language change at once."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from storeapp.config import THEMES
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.messages import Level
from ui.kit.parts import Check, Segments, hbox, label, vbox
from ui.preferences import LANGUAGE_NAMES


class MachineSection(QWidget):
    """Choices that concern this window only."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        text = desk.words.text
        self.languages = Segments(list(LANGUAGE_NAMES.items()), name=text("settings.language"))
        self.themes = Segments([(name, text(f"settings.theme.{name}")) for name in THEMES], name=text("settings.theme"))
        self.sounds = Check(text("settings.sounds.on"))
        self.languages.chosen.connect(self._speak)
        self.themes.chosen.connect(lambda name: desk.preferences.change(theme=name))
        self.sounds.toggled.connect(lambda on: desk.preferences.change(sounds=on))
        column = vbox(self, gap=tokens.GAP_L)
        for code, widget in (("language", self.languages), ("theme", self.themes), ("sounds", self.sounds)):
            block = vbox(gap=tokens.GAP_XS)
            block.addWidget(label(text(f"settings.{code}"), "strong"))
            block.addWidget(label(text(f"settings.{code}.why"), "muted", wrap=True))
            block.addLayout(_left(widget))
            column.addLayout(block)
        self.refresh()

    def refresh(self) -> None:
        """Show what is chosen."""
        settings = self._desk.preferences.settings
        self.languages.choose(settings.language)
        self.themes.choose(settings.theme)
        self.sounds.setChecked(settings.sounds)

    def _speak(self, language: str) -> None:
        self._desk.preferences.change(language=language)
        if language != self._desk.words.language:
            self._desk.say(Level.INFO, self._desk.words.text("settings.language.later"))


def _left(widget: QWidget) -> QHBoxLayout:
    row = hbox()
    row.addWidget(widget)
    row.addStretch(1)
    return row
