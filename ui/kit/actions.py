"""One registry of actions: menus, buttons, key hints, the shortcut sheet and the search all read from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from storeapp.i18n import Translator
from ui.kit.parts import Button
from ui.kit.style import look

_ENDS_OF_SCANS = ("Return", "Enter", "Tab", "Space")


class UnsafeShortcut(ValueError):
    """A shortcut that a scanner would press: a plain character, Enter or Tab."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do.

    Attributes:
        id: stable name, such as ``slip.print``.
        text: code of its words.
        run: what it does.
        icon: name of its icon.
        shortcut: portable key sequence such as ``Ctrl+P``; none when only a page's own keys lead to it.
        hint: key shown to people when a page handles a plain key itself, such as ``1-9``.
        enabled: asked again by ``ActionRegistry.refresh``.
    """

    id: str
    text: str
    run: Callable[[], None]
    icon: str = ""
    shortcut: str = ""
    hint: str = ""
    enabled: Callable[[], bool] = lambda: True


class ActionRegistry(QObject):
    """All actions of the window by id; each becomes one QAction that lives with its owner."""

    refreshed = Signal()
    """What can be done now was asked again."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self._words = words
        self._actions: dict[str, Action] = {}
        self._bound: dict[str, QAction] = {}
        look().changed.connect(self._recolour)

    def add(self, action: Action, owner: QWidget) -> QAction:
        """Register an action; its shortcut works while the owner or a widget inside it has the focus.

        Raises:
            UnsafeShortcut: a scanner would press it.
            ValueError: the id is taken.
        """
        if action.id in self._actions:
            raise ValueError(f"action {action.id} is registered twice")
        bound = QAction(self._words.text(action.text), owner)
        if action.shortcut:
            bound.setShortcut(_safe(action.shortcut))
            context = Qt.ShortcutContext
            bound.setShortcutContext(context.WindowShortcut if owner.isWindow() else context.WidgetWithChildrenShortcut)
        bound.setEnabled(action.enabled())
        bound.triggered.connect(lambda _checked=False: self.trigger(action.id))
        owner.addAction(bound)
        owner.destroyed.connect(lambda _object=None: self._forget(action.id))
        self._actions[action.id], self._bound[action.id] = action, bound
        self._draw(action.id)
        return bound

    def trigger(self, action_id: str) -> bool:
        """Do it, if it can be done now."""
        action = self._actions[action_id]
        if not action.enabled():
            return False
        action.run()
        return True

    def refresh(self) -> None:
        """Ask every action again whether it can be done now."""
        for action_id, bound in self._bound.items():
            bound.setEnabled(self._actions[action_id].enabled())
        self.refreshed.emit()

    def all(self) -> tuple[Action, ...]:
        """Every action, in the order they were registered."""
        return tuple(self._actions.values())

    def words(self, action_id: str) -> str:
        """An action's words."""
        return self._words.text(self._actions[action_id].text)

    def key(self, action_id: str) -> str:
        """The key that people press for it, in the words of this system; empty if there is none."""
        action = self._actions[action_id]
        if action.hint:
            return action.hint
        return QKeySequence(str(action.shortcut)).toString(QKeySequence.SequenceFormat.NativeText).replace("+", " ")

    def hints(self, action_ids: Iterable[str]) -> list[tuple[str, str]]:
        """(key, words) of those that have a key and can be done now: for the foot of the window."""
        usable = (each for each in action_ids if self.key(each) and self._actions[each].enabled())
        return [(self.key(each), self.words(each)) for each in usable]

    def button(self, action_id: str, *, kind: str = "plain") -> Button:
        """A button for an action, with the key in its tooltip."""
        action = self._actions[action_id]
        made = _ActionButton(self._bound[action_id], kind=kind, icon=action.icon)
        made.setToolTip(self.key(action_id))
        return made

    def menu(self, action_ids: Iterable[str], parent: QWidget) -> QMenu:
        """A menu of actions."""
        made = QMenu(parent)
        for each in action_ids:
            made.addAction(self._bound[each])
        return made

    def search(self, text: str) -> list[str]:
        """Ids of actions whose words contain the text and that can be done now."""
        wanted = text.casefold().strip()
        return [
            each for each, action in self._actions.items() if wanted in self.words(each).casefold() and action.enabled()
        ]

    def _forget(self, action_id: str) -> None:
        self._actions.pop(action_id, None)
        self._bound.pop(action_id, None)

    def _draw(self, action_id: str) -> None:
        if icon := self._actions[action_id].icon:
            self._bound[action_id].setIcon(look().icon(icon))

    def _recolour(self) -> None:
        for each in self._bound:
            self._draw(each)


class _ActionButton(Button):
    """A button that is enabled and worded like its action."""

    def __init__(self, action: QAction, *, kind: str, icon: str) -> None:
        super().__init__(action.text(), kind=kind, icon=icon)
        self._action = action
        self.setEnabled(action.isEnabled())
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())


def _safe(shortcut: str) -> QKeySequence:
    """The key sequence, unless a keyboard-wedge scanner would press it.

    Raises:
        UnsafeShortcut: it is a plain character, Enter, Tab or Space.
    """
    sequence = QKeySequence(str(shortcut))
    if sequence.isEmpty():
        raise UnsafeShortcut(shortcut)
    bare = sequence.toString(QKeySequence.SequenceFormat.PortableText).removeprefix("Shift+")
    if len(bare) == 1 or bare in _ENDS_OF_SCANS:
        raise UnsafeShortcut(shortcut)
    return sequence
