"""Who may sign in here: enter people, change roles and PINs, and let somebody sign in no longer."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QFrame, QWidget

from storeapp.domain.kernel import Refusal
from storeapp.domain.people import Staff
from storeapp.domain.words import Role
from storeapp.services import staff
from storeapp.services.counter import Counter
from storeapp.store.pins import pin_weakness
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.parts import Button, ElidedLabel, hbox, label, panel, vbox
from ui.pages.act_dialog import ActDialog, Answer

Row = tuple[Staff, bool]
"""A person, and whether they have a PIN."""


class StaffSection(QWidget):
    """The people of this store, the active ones first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.rows: list[Row] = []
        column = vbox(self, gap=tokens.GAP_M)
        column.addWidget(label(desk.words.text("settings.staff.why"), "muted", wrap=True))
        self._list = vbox(gap=tokens.GAP_S)
        column.addLayout(self._list)
        row = hbox()
        self.add = Button(desk.words.text("settings.staff.add"), kind="primary", icon="plus")
        self.add.clicked.connect(lambda: self.edit(None))
        row.addWidget(self.add)
        row.addStretch(1)
        column.addLayout(row)
        desk.session.signed_in.connect(self._show)
        desk.session.signed_out.connect(self._show)

    def refresh(self) -> None:
        """Read the people again."""
        self._desk.backend.read(_people, done=self._take, owner=self)

    def _take(self, rows: list[Row]) -> None:
        self.rows = rows
        self._show()

    def _show(self) -> None:
        while item := self._list.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        for person, has_pin in self.rows:
            self._list.addWidget(self._row(person, has_pin=has_pin))
        self.add.setEnabled(self._desk.session.is_manager)

    def _row(self, person: Staff, *, has_pin: bool) -> QFrame:
        text, box = self._desk.words.text, panel("sunken")
        box.setObjectName("sunken")
        row = hbox(box, margins=(16, 8, 8, 8), gap=tokens.GAP_M)
        row.addWidget(ElidedLabel(person.name, "strong"), 1)
        row.addWidget(label(text(f"role.{person.role}"), chip="accent" if person.role is Role.MANAGER else "idle"))
        if not person.active:
            row.addWidget(label(text("settings.staff.ended"), chip="idle"))
            return box
        if not has_pin:
            row.addWidget(label(text("settings.staff.no_pin"), chip="warn"))
        mine = self._desk.session.actor is not None and self._desk.session.actor.id == person.id
        for code, icon, act, allowed in (
            ("edit", "edit", self.edit, self._desk.session.is_manager),
            ("pin", "key", self.give_pin, self._desk.session.is_manager or mine),
            ("end", "x", self.end, self._desk.session.is_manager and not mine),
        ):
            button = Button(text(f"settings.staff.{code}"), kind="flat", icon=icon)
            button.setEnabled(allowed)
            button.clicked.connect(lambda _checked=False, act=act: act(person))
            row.addWidget(button)
        return box

    def edit(self, person: Staff | None) -> None:
        """Enter a person, or change the name and the role of one."""
        text, form = self._desk.words.text, Form()
        form.add_text("name", text("settings.staff.name"), value=person.name if person else "", longest=40)
        roles = [(role.value, text(f"role.{role}")) for role in Role]
        form.add_choice("role", text("settings.staff.role"), choices=roles, value=person.role if person else Role.STAFF)
        if person is None:
            _add_pins(form, self._desk)

        def submit(given: dict[str, Any], answer: Answer) -> None:
            self._save(person, given, answer)

        self._open(form, "add" if person is None else "edit", submit)

    def _save(self, person: Staff | None, given: dict[str, Any], answer: Answer) -> None:
        name, role = given["name"], Role(given["role"])
        if person is None:
            self._desk.act(
                lambda counter, actor: staff.hire(counter, actor, name=name, role=role, pin=given["pin"]),
                done=lambda result: self._saved(result, answer),
                owner=self,
            )
        else:
            self._desk.act(
                lambda counter, actor: staff.register(counter, actor, person.id, name=name, role=role),
                done=lambda result: self._saved(result, answer),
                owner=self,
            )

    def give_pin(self, person: Staff) -> None:
        """Give somebody, or oneself, a new PIN."""
        form = Form()
        _add_pins(form, self._desk)

        def submit(given: dict[str, Any], answer: Answer) -> None:
            self._desk.act(
                lambda counter, actor: staff.set_pin(counter, actor, person.id, given["pin"]),
                done=lambda result: self._saved(result, answer),
                owner=self,
            )

        self._open(form, "pin", submit, name=person.name)

    def end(self, person: Staff) -> None:
        """Let somebody sign in no longer; undo lets them again, with a new PIN."""
        self._desk.act(
            lambda counter, actor: staff.end(counter, actor, person.id),
            done=lambda result: self._ended(person, result),
            owner=self,
        )

    def _ended(self, person: Staff, result: object) -> None:
        self._desk.tell(result, "settings.staff.ended_now", undo=lambda: self._again(person), name=person.name)

    def _again(self, person: Staff) -> None:
        self._desk.act(
            lambda counter, actor: staff.register(counter, actor, person.id, name=person.name, role=person.role),
            done=lambda result: self._said(result, "settings.staff.again", name=person.name),
            owner=self,
        )

    def _said(self, result: object, code: str, *, name: str) -> None:
        self._desk.tell(result, code, name=name)

    def _saved(self, result: object, answer: Answer) -> None:
        if isinstance(result, Refusal):
            field = "pin" if result.code.startswith("pin_") else "name"
            answer({field: self._desk.refusal(result)})
            return
        answer({})
        self._desk.tell(result, "settings.staff.saved")

    def _open(self, form: Form, code: str, submit: Any, **data: object) -> None:
        text = self._desk.words.text
        ActDialog(
            self._desk.words,
            form,
            title=text(f"settings.staff.{code}.title", **data),
            accept=text("settings.save"),
            submit=submit,
            check=self._check,
            parent=self.window(),
        ).open()

    def _check(self, given: dict[str, Any]) -> Mapping[str, str]:
        errors, text = {}, self._desk.words.text
        if "name" in given and not given["name"].strip():
            errors["name"] = text("entry.manager.no_name")
        if "pin" in given:
            weakness = pin_weakness(given["pin"])
            if weakness is not None:
                errors["pin"] = text(f"error.{weakness}")
            elif given["pin"] != given["again"]:
                errors["again"] = text("entry.pin_differs")
        return errors


def _add_pins(form: Form, desk: Desk) -> None:
    form.add_code("pin", desk.words.text("entry.manager.pin"), secret=True, longest=12)
    form.add_code("again", desk.words.text("entry.manager.again"), secret=True, longest=12)


def _people(counter: Counter) -> list[Row]:
    return [(person, staff.has_pin(counter, person.id)) for person in staff.staff_rows(counter)]
