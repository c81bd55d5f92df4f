"""The customer in the order's panel: masked, or in clear for as long as the panel allows."""

from PySide6.QtWidgets import QFrame

from storeapp.domain.incoming import Person
from storeapp.i18n import Translator
from storeapp.services.rows import OrderDetail
from ui.kit.parts import Button, hbox, label, vbox


class PersonBox(QFrame):
    """The customer: masked, or in clear with the seconds that are left."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self.setObjectName("sunken")
        self._words = words
        self._name, self._phone = label("", "strong"), label("", "soft")
        self._address, self._note = label("", "soft", wrap=True), label("", "caption", wrap=True)
        self._code = label("", "display")
        self.countdown = label("", "caption")
        self.reveal = Button(words.text("orders.detail.reveal"), kind="flat", icon="eye")
        self.code = Button(words.text("orders.detail.code"), kind="flat", icon="key")
        column = vbox(self, margins=(12, 10, 8, 8), gap=4)
        row = hbox(gap=8)
        for widget in (self._name, self._phone):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.countdown)
        column.addLayout(row)
        for widget in (self._address, self._note, self._code):
            column.addWidget(widget)
        below = hbox(gap=4)
        below.addWidget(self.reveal)
        below.addWidget(self.code)
        below.addStretch(1)
        column.addLayout(below)

    def show_masked(self, name: str, detail: OrderDetail) -> None:
        """The customer as lists may show one."""
        person = detail.row.person
        self._write(name, person.phone, person.address)
        self._note.setText(self._words.text("orders.detail.has_note") if person.has_note else "")
        self._note.setVisible(person.has_note)
        self.reveal.setVisible(person.known)
        self.code.setVisible(person.known)

    def show_clear(self, person: Person) -> None:
        """The customer in clear."""
        extension = f" - {person.phone_extension}" if person.phone_extension else ""
        self._write(person.name, person.phone + extension, person.address)
        self._note.setText(person.note)
        self._note.setVisible(bool(person.note))
        self.reveal.hide()

    def show_code(self, code: str) -> None:
        """The pickup code in large digits."""
        self._code.setText(code)
        self._code.show()
        self.code.hide()

    def hide_secrets(self) -> None:
        """Nothing personal stays in a hidden label."""
        self._write("", "", "")
        self._note.setText("")
        self._code.setText("")
        self._code.hide()
        self.countdown.setText("")

    def _write(self, name: str, phone: str, address: str) -> None:
        self._name.setText(name)
        self._phone.setText(phone)
        self._address.setText(address)
        self._address.setVisible(bool(address))
