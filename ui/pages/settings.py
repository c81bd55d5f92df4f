"""The settings page: this machine, its printer, the staff, the store's rules, backup and keys, in sections."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QScrollArea, QStackedWidget, QWidget
from typing_extensions import override

from ui.desk import Desk
from ui.kit import tokens
from ui.kit.actions import Action
from ui.kit.keymap import Key
from ui.kit.parts import Button, hbox, label, panel, vbox
from ui.pages.base import PageBase
from ui.pages.settings_area import AreaSection
from ui.pages.settings_data import AboutSection, DataSection
from ui.pages.settings_machine import MachineSection
from ui.pages.settings_policy import DISPATCH, STORE, PolicySection
from ui.pages.settings_printing import PrintingSection
from ui.pages.settings_staff import StaffSection
from ui.pages.settings_travel import TravelSection

SECTIONS: dict[str, tuple[str, Callable[[Desk], Any]]] = {
    "machine": ("sun", MachineSection),
    "printing": ("printer", PrintingSection),
    "staff": ("users", StaffSection),
    "policy": ("flag", partial(PolicySection, groups=STORE)),
    "dispatch": ("route", partial(PolicySection, groups=DISPATCH)),
    "area": ("map-pin", AreaSection),
    "travel": ("navigation", TravelSection),
    "data": ("shield", DataSection),
    "about": ("info", AboutSection),
}
_NAV_PX, _BODY_PX = 208, 760


class SettingsPage(PageBase):
    """Sections by name on the left, the chosen one beside them."""

    TITLE = "page.settings"
    KEYS = ("settings.section", "settings.save")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.sections: dict[str, Any] = {}
        self._stack = QStackedWidget()
        self._group = QButtonGroup(self)
        row = hbox(self, margins=(16, 16, 16, 16), gap=tokens.GAP_L)
        row.addWidget(self._nav())
        box = panel()
        vbox(box, margins=(2, 2, 2, 2)).addWidget(self._stack)
        row.addWidget(box, 1)
        for name, (_, make) in SECTIONS.items():
            self._stack.addWidget(self._scrolled(name, make(desk)))
        self._add_actions()

    def _add_actions(self) -> None:
        add = self.desk.actions.add
        add(Action("settings.section", "settings.section", self._to_names, hint="↑ ↓"), self)
        add(Action("settings.save", "settings.save", self._save, shortcut=Key.SAVE, enabled=self._saves), self)

    @override
    def on_shown(self) -> None:
        super().on_shown()
        self._to_names()

    def _to_names(self) -> None:
        """Give the keys to the names of the sections."""
        self._group.buttons()[self._stack.currentIndex()].setFocus(Qt.FocusReason.OtherFocusReason)

    def _shown(self) -> str:
        return list(self.sections)[self._stack.currentIndex()]

    def _saves(self) -> bool:
        return isinstance(self.sections[self._shown()], (PolicySection, AreaSection))

    def _save(self) -> None:
        section = self.sections[self._shown()]
        if isinstance(section, (PolicySection, AreaSection)):
            self.desk.signed_in(section.save)

    def _nav(self) -> QFrame:
        nav = panel()
        nav.setFixedWidth(_NAV_PX)
        column = vbox(nav, margins=(8, 12, 8, 12), gap=tokens.GAP_XS)
        for name, (icon, _) in SECTIONS.items():
            button = Button(self.desk.words.text(f"settings.{name}"), kind="flat", icon=icon)
            button.setCheckable(True)
            button.setObjectName(name)
            button.setStyleSheet("text-align: left;")
            self._group.addButton(button)
            column.addWidget(button)
        self._group.buttons()[0].setChecked(True)
        self._group.buttonClicked.connect(self._chosen)
        column.addStretch(1)
        return nav

    def _scrolled(self, name: str, section: QWidget) -> QWidget:
        """The section under its name; a ``bar`` of it stays in sight below."""
        self.sections[name] = section
        body = QWidget()
        row = hbox(body, margins=(32, 24, 32, 24))
        column = vbox(gap=tokens.GAP_L)
        column.addWidget(label(self.desk.words.text(f"settings.{name}"), "display"))
        column.addWidget(section)
        column.addStretch(1)
        section.setMaximumWidth(_BODY_PX)
        row.addLayout(column, 100)
        row.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        area.viewport().setAutoFillBackground(False)
        body.setAutoFillBackground(False)
        bar = getattr(section, "bar", None)
        if bar is None:
            return area
        whole = QWidget()
        column = vbox(whole, gap=0)
        column.addWidget(area, 1)
        column.addWidget(bar)
        return whole

    @Slot(QAbstractButton)
    def _chosen(self, button: QObject) -> None:
        self.show_subject(button.objectName())

    @override
    def show_subject(self, subject: str) -> None:
        """Show a section by its name."""
        if subject in self.sections:
            self._stack.setCurrentIndex(list(self.sections).index(subject))
            chosen = next(b for b in self._group.buttons() if b.objectName() == subject)
            if any(button.hasFocus() for button in self._group.buttons()):
                chosen.setFocus(Qt.FocusReason.OtherFocusReason)
            chosen.setChecked(True)
            self.refresh()
            self.keys_changed()

    @override
    def refresh(self) -> None:
        """Read again what the shown section shows."""
        list(self.sections.values())[self._stack.currentIndex()].refresh()
