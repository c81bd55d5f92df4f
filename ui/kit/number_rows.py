"""Numbers that somebody sets: each with what it means, its unit and default, and the bounds it must keep to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.parts import Button, hbox, label, restyle, vbox

_LONGEST = 99_999_999
_FIELD_PX, _RESET_PX = 132, 32


@dataclass(frozen=True, slots=True)
class NumberSpec:
    """One number: ``caption`` tells it from others in its row; in ``cents`` it is shown with two decimals."""

    key: str
    name: str
    unit: str
    default: int
    least: int
    most: int
    caption: str = ""
    cents: bool = False


class _Spin(QDoubleSpinBox):
    """A number that scrolling the page does not change, and that may be typed out of its bounds to be told so."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class NumberField(QWidget):
    """A number with its default under it, or what is wrong with it, and a way back to the default."""

    changed = Signal()
    """Another number stands there."""

    def __init__(self, words: Translator, spec: NumberSpec) -> None:
        super().__init__()
        self.spec, self._words = spec, words
        self._scale = 100 if spec.cents else 1
        self.spin = _Spin()
        self.spin.setDecimals(2 if spec.cents else 0)
        self.spin.setRange(0, _LONGEST / self._scale)
        self.spin.setSuffix(f" {spec.unit}" if spec.unit else "")
        self.spin.setAccessibleName(" ".join(dict.fromkeys(filter(None, (spec.name, spec.caption)))))
        self.spin.setFixedWidth(_FIELD_PX)
        for line in self.spin.findChildren(QLineEdit):
            line.setTextMargins(8, 0, 8, 0)
        default = words.text("kit.number.default", value=self._told(spec.default))
        self._note = label(default, "muted", wrap=True)
        self._default = default
        self.reset = Button("", kind="flat", icon="undo", name=words.text("kit.number.reset", name=spec.name))
        self.reset.setFixedWidth(_RESET_PX)
        self.reset.clicked.connect(self.go_to_default)
        self._lay_out()
        self.set_value(spec.default)
        self.spin.valueChanged.connect(self._follow)
        self._show_state()

    def _lay_out(self) -> None:
        column = vbox(self, gap=tokens.GAP_XS)
        if self.spec.caption:
            caption = label(self.spec.caption, "soft")
            caption.setBuddy(self.spin)
            column.addWidget(caption)
        row = hbox(gap=tokens.GAP_XS)
        row.addWidget(self.spin)
        row.addWidget(self.reset)
        kept = self.reset.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(kept)
        column.addLayout(row)
        column.addWidget(self._note)
        column.addStretch(1)
        self.setFixedWidth(_FIELD_PX + _RESET_PX + tokens.GAP_XS)

    def value(self) -> int:
        """The number in its smallest unit."""
        return round(self.spin.value() * self._scale)

    def set_value(self, value: int) -> None:
        """Show a number."""
        self.spin.setValue(value / self._scale)

    @Slot()
    def go_to_default(self) -> None:
        """Show what it is where nobody has set it."""
        self.set_value(self.spec.default)

    def error(self) -> str:
        """What is wrong with the number; empty where it keeps to its bounds."""
        least, most = self.spec.least, self.spec.most
        if least <= self.value() <= most:
            return ""
        return self._words.text("kit.number.bounds", least=self._bare(least), most=self._told(most))

    @Slot()
    def _follow(self) -> None:
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        wrong = self.error()
        self.reset.setVisible(self.value() != self.spec.default and not self.spin.isReadOnly())
        self._note.setText(wrong or self._default)
        self._note.setProperty("role", "error" if wrong else "muted")
        self.spin.setProperty("bad", "true" if wrong else "false")
        self.spin.setAccessibleDescription(wrong or self._default)
        restyle(self._note)
        restyle(self.spin)

    def allow(self, *, writing: bool) -> None:
        """Whether it may be changed."""
        self.spin.setReadOnly(not writing)
        self._show_state()

    def _bare(self, value: int) -> str:
        return f"{value / self._scale:g}"

    def _told(self, value: int) -> str:
        return f"{self._bare(value)} {self.spec.unit}".strip()


class NumberRows(QWidget):
    """Rows of numbers: what each is and means on the left, its fields on the right or, if several, below."""

    changed = Signal()
    """One of the numbers is another now."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self._words = words
        self._fields: dict[str, NumberField] = {}
        self._column = vbox(self, gap=tokens.GAP_L)

    def add(self, name: str, why: str, specs: Sequence[NumberSpec]) -> None:
        """A row; ``why`` says what its numbers do."""
        fields = [self._made(spec) for spec in specs]
        told, row = self._told(name, why, fields), hbox(gap=tokens.GAP_L)
        if len(fields) == 1:
            row.addLayout(told, 1)
            row.addWidget(fields[0], 0, Qt.AlignmentFlag.AlignTop)
            self._column.addLayout(row)
            return
        for field in fields:
            row.addWidget(field, 0, Qt.AlignmentFlag.AlignTop)
        row.addStretch(1)
        told.addSpacing(tokens.GAP_XS)
        told.addLayout(row)
        self._column.addLayout(told)

    def _told(self, name: str, why: str, fields: Sequence[NumberField]) -> QVBoxLayout:
        told, title = vbox(gap=2), label(name)
        title.setBuddy(fields[0].spin)
        told.addWidget(title)
        told.addWidget(label(why, "muted", wrap=True))
        if len(fields) == 1:
            told.addStretch(1)
        return told

    def _made(self, spec: NumberSpec) -> NumberField:
        made = self._fields[spec.key] = NumberField(self._words, spec)
        made.changed.connect(self.changed)
        return made

    def __iter__(self) -> Iterator[NumberField]:
        """The fields in their order."""
        return iter(self._fields.values())

    def field(self, key: str) -> NumberField:
        """One of them."""
        return self._fields[key]

    def values(self) -> dict[str, int]:
        """All numbers by key, in their smallest units."""
        return {key: field.value() for key, field in self._fields.items()}

    def set_values(self, values: Mapping[str, int]) -> None:
        """Show numbers."""
        for key, value in values.items():
            self._fields[key].set_value(value)

    def first_error(self) -> NumberField | None:
        """The first field that does not keep to its bounds."""
        return next((field for field in self if field.error()), None)
