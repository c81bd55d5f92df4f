"""The store's rules: promises, pay, how long papers hold and how far guides go; a manager may change them."""

from typing import Any

from msgspec.structs import replace
from PySide6.QtWidgets import QSpinBox, QWidget

from storeapp.domain.catalogue import Policy
from storeapp.domain.kernel import Refusal
from storeapp.domain.words import Mode
from storeapp.services.policy import BOUNDS, set_policy
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.parts import Button, hbox, label, vbox

_BY_MODE = ("window_minutes", "rate_fen")
_GROUPS = (
    ("promises", ("window_minutes",)),
    ("pay", ("rate_fen", "courier_fen")),
    ("guides", ("radius_m", "detour_percent", "service_minutes", "alert_percent")),
    ("papers", ("slip_hours", "badge_days", "forget_after_hours")),
)
_FEN = 100


class PolicySection(QWidget):
    """Numbers in groups, each with its unit; saved together."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._policy = Policy()
        self._fresh = True
        column = vbox(self, gap=tokens.GAP_M)
        self._who = label(desk.words.text("settings.policy.why"), "muted", wrap=True)
        column.addWidget(self._who)
        self.forms: dict[str, Form] = {}
        for group, names in _GROUPS:
            column.addWidget(label(desk.words.text(f"settings.policy.{group}"), "strong"))
            form = self.forms[group] = Form(columns=3)
            for name in names:
                self._add(form, name)
            column.addWidget(form)
        row = hbox()
        self.save_button = Button(desk.words.text("settings.save"), kind="primary")
        self.save_button.clicked.connect(self.save)
        row.addWidget(self.save_button)
        row.addStretch(1)
        column.addLayout(row)
        desk.session.signed_in.connect(self._allow)
        desk.session.signed_out.connect(self._allow)

    def _add(self, form: Form, name: str) -> None:
        text, (least, most) = self._desk.words.text, BOUNDS[name]
        span = (least // _FEN, most // _FEN) if name.endswith("_fen") else (least, most)
        unit = text(f"settings.unit.{name}")
        if name in _BY_MODE:
            for mode in Mode:
                form.add_number(f"{name}.{mode}", text(f"mode.{mode}"), span=span, unit=unit)
        else:
            form.add_number(name, text(f"settings.policy.{name}"), span=span, unit=unit)

    def refresh(self) -> None:
        """Read the numbers in force."""
        self._desk.backend.read(lambda counter: counter.policy, done=self._take, owner=self)

    def _take(self, policy: Policy) -> None:
        if self._fresh or policy != self._policy:
            self._policy, self._fresh = policy, False
            for form in self.forms.values():
                for key in form.values():
                    form.set_value(key, self._shown(key))
        self._allow()

    def _shown(self, key: str) -> int:
        name, _, mode = key.partition(".")
        value = getattr(self._policy, name)
        number: int = value[Mode(mode)] if mode else value
        return number // _FEN if name.endswith("_fen") else number

    def _allow(self) -> None:
        """Everybody may read, a manager may write."""
        manager = self._desk.session.is_manager
        self.save_button.setEnabled(manager)
        for form in self.forms.values():
            for field in form.findChildren(QSpinBox):
                field.setReadOnly(not manager)

    def save(self) -> None:
        """Work with these numbers from now on."""
        before, after = self._policy, self._typed()
        self._desk.act(
            lambda counter, actor: set_policy(counter, actor, after),
            done=lambda result: self._saved(result, before),
            owner=self,
        )

    def _typed(self) -> Policy:
        given: dict[str, Any] = {}
        for form in self.forms.values():
            for key, number in form.values().items():
                name, _, mode = key.partition(".")
                value = number * _FEN if name.endswith("_fen") else number
                if mode:
                    given.setdefault(name, {})[Mode(mode)] = value
                else:
                    given[name] = value
        return replace(self._policy, **given)

    def _saved(self, result: object, before: Policy) -> None:
        if isinstance(result, Refusal) and result.code == "policy_bound":
            name = self._desk.words.text(f"settings.policy.{result.data['name']}")
            result = Refusal(result.code, {**result.data, "name": name})
        self._desk.tell(result, "settings.policy.saved", undo=lambda: self._back(before))

    def _back(self, before: Policy) -> None:
        self._desk.act(
            lambda counter, actor: set_policy(counter, actor, before),
            done=self._went_back,
            owner=self,
        )

    def _went_back(self, result: object) -> None:
        self._desk.tell(result, "settings.policy.back")
