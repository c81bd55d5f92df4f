"""A form whose answer comes from the counter: it stays open, with the reason under the field, until it is done."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget
from shiboken6 import isValid
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit.forms import Form, FormDialog

Answer = Callable[[Mapping[str, str]], None]
"""Takes what was wrong by field; empty when it was done, and the dialog closes."""


class ActDialog(FormDialog):
    """Hands its values to ``submit`` and waits for the answer; a second Enter meanwhile does nothing."""

    def __init__(
        self,
        words: Translator,
        form: Form,
        *,
        title: str,
        accept: str,
        submit: Callable[[dict[str, Any], Answer], None],
        check: Callable[[dict[str, Any]], Mapping[str, str]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog; see ``FormDialog`` for what is not named here.

        Args:
            words: for the cancel button.
            form: what is asked.
            title: what this is about.
            accept: words of the main button.
            submit: begins the work; it calls the given ``Answer`` on the UI thread when it is over.
            check: what can be told without the counter.
            parent: the window.
        """
        super().__init__(words, form, title=title, accept=accept, check=check, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._submit = submit
        self._busy = False

    @override
    def accept(self) -> None:
        """Ask the counter, unless something is wrong or it is being asked already."""
        if self._busy:
            return
        errors = self._check(self.values()) if self._check else {}
        self.show_errors(errors)
        if not errors:
            self._wait(busy=True)
            self._submit(self.values(), self._answered)

    def _answered(self, errors: Mapping[str, str]) -> None:
        if not isValid(self):
            return
        self._wait(busy=False)
        self.show_errors(errors)
        if not errors:
            QDialog.accept(self)

    def _wait(self, *, busy: bool) -> None:
        self._busy = busy
        self._accept.setEnabled(not busy)
