"""One way to ask: every field gets a label with its key, an accessible name, a unit and room for what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from PySide6.QtCore import QDate, QDateTime, Qt, QTime
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.parts import Button, ChoiceBox, CodeLineEdit, hbox, label, restyle, vbox

_MOST_ROWS = 99
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _Entry:
    """A field with its label and the line under it that says what is wrong."""

    def __init__(self, widget: QWidget, error: QLabel, read: Callable[[], Any], write: Callable[[Any], None]) -> None:
        self.widget = widget
        self.error = error
        self.read = read
        self.write = write


class Form(QWidget):
    """Fields one under the other, or in several columns, read and filled by key; notes take a whole row."""

    def __init__(self, *, columns: int = 1) -> None:
        super().__init__()
        self._entries: dict[str, _Entry] = {}
        self._columns = columns
        self._next = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.GAP_L)
        self._grid.setVerticalSpacing(tokens.GAP_M)
        self._grid.setRowStretch(_MOST_ROWS, 1)

    def add_text(
        self, key: str, text: str, *, value: str = "", hint: str = "", longest: int = 200, wide: bool = False
    ) -> QLineEdit:
        """One line of any words; a wide one takes a whole row."""
        field = QLineEdit(value)
        field.setPlaceholderText(hint)
        field.setMaxLength(longest)
        self._add(key, text, field, read=field.text, write=field.setText, wide=wide)
        return field

    def add_code(
        self, key: str, text: str, *, value: str = "", secret: bool = False, longest: int = 64
    ) -> CodeLineEdit:
        """A code, PIN or phone number: no input method, and dots instead of letters if it is secret."""
        field = CodeLineEdit(value)
        field.setMaxLength(longest)
        if secret:
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self._add(key, text, field, read=field.text, write=field.setText)
        return field

    def add_note(self, key: str, text: str, *, value: str = "", lines: int = 3) -> QPlainTextEdit:
        """Several lines of words; Tab leaves the field."""
        field = QPlainTextEdit(value)
        field.setTabChangesFocus(True)
        field.setFixedHeight(field.fontMetrics().lineSpacing() * lines + 20)
        self._add(key, text, field, read=field.toPlainText, write=field.setPlainText, wide=True)
        return field

    def add_number(
        self, key: str, text: str, *, value: int = 0, span: tuple[int, int] = (0, 9999), unit: str = "", least: str = ""
    ) -> QSpinBox:
        """A whole number between two bounds, with its unit behind it; ``least`` says what the lowest one means."""
        field = QSpinBox()
        field.setRange(*span)
        field.setValue(value)
        field.setSuffix(f" {unit}" if unit else "")
        field.setSpecialValueText(least)
        _indent(field)
        self._add(key, text, field, read=field.value, write=field.setValue)
        return field

    def add_choice(self, key: str, text: str, *, choices: Sequence[tuple[str, str]], value: str = "") -> QComboBox:
        """One of several (key, words)."""
        field = ChoiceBox()
        for choice, words in choices:
            field.addItem(words, choice)
        field.setCurrentIndex(max(0, field.findData(value)))
        self._add(
            key, text, field, read=field.currentData, write=lambda new: field.setCurrentIndex(field.findData(new))
        )
        return field

    def add_moment(self, key: str, text: str, *, value: datetime) -> QDateTimeEdit:
        """Day and time of the store's clock; naive, the caller knows the zone."""
        field = QDateTimeEdit(_to_qt(value))
        field.setDisplayFormat("yyyy-MM-dd HH:mm")
        _indent(field)
        self._add(
            key, text, field, read=lambda: _from_qt(field.dateTime()), write=lambda new: field.setDateTime(_to_qt(new))
        )
        return field

    def add_time(self, key: str, text: str, *, value: time) -> QTimeEdit:
        """A time of day on the store's clock."""
        field = QTimeEdit(QTime(value.hour, value.minute))
        field.setDisplayFormat("HH:mm")
        _indent(field)
        self._add(key, text, field, read=lambda: _time(field.time()), write=lambda new: field.setTime(_to_time(new)))
        return field

    def values(self) -> dict[str, Any]:
        """What the fields hold, by key."""
        return {key: entry.read() for key, entry in self._entries.items()}

    def set_value(self, key: str, value: object) -> None:
        """Fill a field."""
        self._entries[key].write(value)

    def field(self, key: str) -> QWidget:
        """The field itself."""
        return self._entries[key].widget

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Write what is wrong under its field, clear the rest, and go to the first one."""
        for key, entry in self._entries.items():
            words = errors.get(key, "")
            entry.error.setText(words)
            entry.error.setVisible(bool(words))
            entry.widget.setProperty("bad", "true" if words else "false")
            entry.widget.setAccessibleDescription(words)
            restyle(entry.widget)
        first = next((entry for key, entry in self._entries.items() if key in errors), None)
        if first is not None:
            first.widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def error(self, key: str) -> str:
        """What is written under a field."""
        return self._entries[key].error.text()

    def _add(
        self,
        key: str,
        text: str,
        widget: QWidget,
        *,
        read: Callable[[], Any],
        write: Callable[[Any], None],
        wide: bool = False,
    ) -> None:
        caption = label(text, "soft")
        caption.setBuddy(widget)
        widget.setAccessibleName(text)
        error = label("", "error", wrap=True)
        error.hide()
        block = vbox(gap=tokens.GAP_XS)
        block.addWidget(caption)
        block.addWidget(widget)
        block.addWidget(error)
        self._place(block, wide=wide)
        self._entries[key] = _Entry(widget, error, read, write)

    def _place(self, block: QVBoxLayout, *, wide: bool) -> None:
        row, column = divmod(self._next, self._columns)
        if wide and column:
            row, column = row + 1, 0
        span = self._columns if wide else 1
        self._grid.addLayout(block, row, column, 1, span, Qt.AlignmentFlag.AlignTop)
        self._grid.setColumnStretch(column, 1)
        self._next = row * self._columns + column + span


class FormDialog(QDialog):
    """A form with two buttons: Enter accepts, Esc cancels; it stays open while something is wrong."""

    def __init__(
        self,
        words: Translator,
        form: Form,
        *,
        title: str,
        accept: str,
        check: Callable[[dict[str, Any]], Mapping[str, str]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Build the dialog.

        Args:
            words: for the cancel button.
            form: what is asked.
            title: what this is about.
            accept: words of the main button: the verb, not "OK".
            check: from values to what is wrong by key; empty when all is well.
            parent: the window.
        """
        super().__init__(parent)
        self.form = form
        self._check = check
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        self._column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_L)
        self._column.addWidget(label(title, "title"))
        self._column.addWidget(form)
        row = hbox()
        row.addStretch(1)
        cancel = Button(words.text("kit.cancel"))
        self._accept = Button(accept, kind="primary")
        self._accept.setDefault(True)
        cancel.clicked.connect(self.reject)
        self._accept.clicked.connect(self.accept)
        row.addWidget(cancel)
        row.addWidget(self._accept)
        self._column.addLayout(row)

    def add_remark(self, text: str) -> None:
        """A line under the title that says what will happen."""
        self._column.insertWidget(1, label(text, "soft", wrap=True))

    def add_part(self, part: QWidget) -> None:
        """Something between the form and the buttons."""
        self._column.insertWidget(self._column.indexOf(self.form) + 1, part)

    def values(self) -> dict[str, Any]:
        """What the fields hold, by key."""
        return self.form.values()

    @override
    def accept(self) -> None:
        """Close with success, unless something is wrong."""
        errors = self._check(self.values()) if self._check else {}
        self.show_errors(errors)
        if not errors:
            super().accept()

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Write what is wrong under the fields, and make room for it."""
        self.form.show_errors(errors)
        self._make_room()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Be as high as the words need at this width; the hint of wrapped lines is for another one."""
        self._column.activate()
        wanted = self._column.totalHeightForWidth(self.width()) if self._column.hasHeightForWidth() else 0
        self.resize(self.width(), max(self.height(), wanted, self._column.totalSizeHint().height()))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        inside_note = isinstance(self.focusWidget(), QPlainTextEdit)
        if event.key() in _ENTER and not inside_note and not isinstance(self.focusWidget(), Button):
            self.accept()
            return
        super().keyPressEvent(event)


def _indent(field: QAbstractSpinBox) -> None:
    """Start where the other fields start; a sheet's padding does not reach the line inside a spin box."""
    for line in field.findChildren(QLineEdit):
        line.setTextMargins(8, 0, 8, 0)


def _time(value: QTime) -> time:
    return time(value.hour(), value.minute())


def _to_time(value: time) -> QTime:
    return QTime(value.hour, value.minute)


def _to_qt(value: datetime) -> QDateTime:
    return QDateTime(QDate(value.year, value.month, value.day), QTime(value.hour, value.minute))


def _from_qt(value: QDateTime) -> datetime:
    day, time = value.date(), value.time()
    return datetime(day.year(), day.month(), day.day(), time.hour(), time.minute())  # noqa: DTZ001 - the store's clock
