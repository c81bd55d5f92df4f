"""The store's rules in numbers: what is promised and paid, and by what plans are made; a manager may change them."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QScrollArea, QWidget

from storeapp.domain.catalogue import Policy
from storeapp.domain.kernel import Refusal
from storeapp.domain.words import Mode
from storeapp.services.policy import BY_MODE, bounds_of, change_policy, number
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.number_rows import NumberField, NumberRows, NumberSpec
from ui.kit.parts import Button, hbox, label, vbox

Groups = Sequence[tuple[str, Sequence[str]]]
STORE: Groups = (
    ("promises", ("window_minutes", "prep_minutes")),
    ("pay", ("rate_fen", "cross_percent", "courier_fen", "courier_km_fen")),
    ("papers", ("slip_hours", "badge_days", "forget_after_hours")),
)
DISPATCH: Groups = (
    ("guides", ("radius_m", "detour_percent", "service_minutes", "most_stops")),
    ("late", ("late_minutes", "late_fen", "overtime_minutes", "overtime_fen", "alert_percent")),
    ("first", ("priority_fen", "value_permille", "expert_fen", "master_fen")),
    ("plan", ("fairness_percent", "change_fen", "shift_minutes", "shift_fen", "plan_ms")),
)
"""The dispatch rules stand apart from what the store promises and pays."""
_CENTS = "_fen"


class PolicySection(QWidget):
    """Numbers in groups; those that were changed are saved together, and undo takes them back together."""

    def __init__(self, desk: Desk, groups: Groups) -> None:
        super().__init__()
        self._desk = desk
        self._known: dict[str, int] = {}
        self.rows: dict[str, NumberRows] = {}
        text, column = desk.words.text, vbox(self, gap=tokens.GAP_L)
        column.addWidget(label(text("settings.policy.why"), "muted", wrap=True))
        for group, names in groups:
            column.addSpacing(tokens.GAP_S)
            column.addWidget(label(text(f"settings.policy.{group}"), "title"))
            rows = self.rows[group] = NumberRows(desk.words)
            for name in names:
                rows.add(text(f"settings.policy.{name}"), text(f"settings.policy.{name}.why"), self._specs(name))
            rows.changed.connect(self._follow)
            column.addWidget(rows)
        self.bar = self._bar()
        desk.session.signed_in.connect(self._allow)
        desk.session.signed_out.connect(self._allow)
        self._allow()

    def _specs(self, name: str) -> list[NumberSpec]:
        text, (least, most) = self._desk.words.text, bounds_of(name)
        keys = [(f"{name}.{mode.value}", text(f"mode.{mode}")) for mode in Mode] if name in BY_MODE else [(name, "")]
        return [
            NumberSpec(
                key=key,
                name=text(f"settings.policy.{name}"),
                unit=text(f"settings.unit.{name}"),
                default=number(Policy(), key),
                least=least,
                most=most,
                caption=caption,
                cents=name.endswith(_CENTS),
            )
            for key, caption in keys
        ]

    def _bar(self) -> QWidget:
        """What stays in sight under the numbers: save, and what is not saved yet."""
        text, bar = self._desk.words.text, QWidget()
        row = hbox(bar, margins=(32, 8, 32, 12))
        self.save_button = Button(text("settings.save"), kind="primary")
        self.save_button.clicked.connect(lambda _checked=False: self._desk.signed_in(self.save))
        self.drop_button = Button(text("settings.policy.drop"))
        self.drop_button.clicked.connect(self.drop)
        self.defaults_button = Button(text("settings.policy.defaults"), kind="flat", icon="undo")
        self.defaults_button.clicked.connect(self.go_to_defaults)
        self.unsaved = label("", "soft")
        for each in (self.save_button, self.drop_button, self.unsaved):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(self.defaults_button)
        return bar

    # -- reading

    def refresh(self) -> None:
        """Read the numbers in force; what somebody is changing stays."""
        self._desk.backend.read(lambda counter: counter.policy, done=self._take, owner=self)

    def _take(self, policy: Policy) -> None:
        typed = self._typed() if self._known else {}
        self._known = {key: number(policy, key) for key in self._values()}
        for rows in self.rows.values():
            rows.set_values({key: typed.get(key, self._known[key]) for key in rows.values()})
        self._follow()

    def _values(self) -> dict[str, int]:
        return {key: value for rows in self.rows.values() for key, value in rows.values().items()}

    def _typed(self) -> dict[str, int]:
        """What differs from the numbers in force."""
        return {key: value for key, value in self._values().items() if value != self._known.get(key, value)}

    @Slot()
    def _allow(self) -> None:
        """Everybody may read, a manager may write."""
        writing = self._desk.session.is_manager
        for rows in self.rows.values():
            for field in rows:
                field.allow(writing=writing)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        count, manager = len(self._typed()), self._desk.session.is_manager
        wrong = any(rows.first_error() for rows in self.rows.values())
        self.save_button.setEnabled(manager and count > 0)
        self.drop_button.setVisible(count > 0)
        self.defaults_button.setEnabled(manager and any(f.value() != f.spec.default for f in self._fields()))
        code = "settings.policy.wrong" if wrong else "settings.policy.unsaved" if count else ""
        self.unsaved.setText(self._desk.words.text(code, n=count) if code else "")

    def _fields(self) -> list[NumberField]:
        return [field for rows in self.rows.values() for field in rows]

    # -- changing

    @Slot()
    def drop(self) -> None:
        """Show the numbers in force again."""
        for rows in self.rows.values():
            rows.set_values({key: self._known[key] for key in rows.values() if key in self._known})

    @Slot()
    def go_to_defaults(self) -> None:
        """Show what the numbers are where nobody has set them; nothing is saved yet."""
        for field in self._fields():
            field.go_to_default()

    def save(self) -> None:
        """Work with these numbers from now on, unless one of them keeps to no bounds."""
        wrong = next((field for rows in self.rows.values() if (field := rows.first_error())), None)
        if wrong is not None:
            wrong.spin.setFocus()
            wrong.spin.selectAll()
            _bring_into_sight(wrong)
            return
        changes = self._typed()
        if changes:
            before = {key: self._known[key] for key in changes}
            self._change(changes, "settings.policy.saved", lambda: self._change(before, "settings.policy.back", None))

    def _change(self, changes: Mapping[str, int], code: str, undo: Callable[[], None] | None) -> None:
        def done(result: object) -> None:
            if isinstance(result, Refusal) and "name" in result.data:
                name = self._desk.words.text(f"settings.policy.{result.data['name']}")
                result = Refusal(result.code, {**result.data, "name": name})
            elif not isinstance(result, Refusal):
                self._known |= changes
                for rows in self.rows.values():
                    rows.set_values({key: value for key, value in changes.items() if key in rows.values()})
                self._follow()
            self._desk.tell(result, code, undo=undo)

        self._desk.act(lambda counter, actor: change_policy(counter, actor, changes), done=done, owner=self)


def _bring_into_sight(field: QWidget) -> None:
    """Scroll to a field; focus that is given by hand does not."""
    above = field.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if above is not None:
        above.ensureWidgetVisible(field)
