"""The forms of the orders page: what they ask, what is wrong with an answer, and the values that services take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtWidgets import QWidget

from storeapp.adapters.intake import limits
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.incoming import Person
from storeapp.domain.moment import STORE_ZONE, Window, utc
from storeapp.domain.words import Mode
from storeapp.i18n import Translator
from ui.kit.forms import Form, FormDialog

REPORTED = (
    ExceptionKind.LATE,
    ExceptionKind.LOST,
    ExceptionKind.DAMAGED,
    ExceptionKind.WRONG_ADDRESS,
    ExceptionKind.OTHER,
)
"""What staff report by hand; the other kinds follow from what was done."""
CANCEL_REASONS = ("customer_changed_mind", "out_of_stock", "cannot_deliver", "ordered_twice", "other")
_GOODS_LINE = re.compile(
    r"(?P<name>\S.*?)\s*[xX×*]\s*(?P<times>[0-9]{1,4})|(?P<code>\S+)\s+(?P<count>[0-9]{1,4})|(?P<bare>\S+)"
)
Check = dict[str, str]


@dataclass(frozen=True, slots=True)
class Goods:
    """One article as typed."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """What the order form starts from."""

    person: Person = Person()  # noqa: RUF009 -- frozen, so one for all is safe
    goods: str = ""
    mode: Mode = Mode.INSTANT
    window: Window | None = None


def goods_text(goods: Sequence[Goods]) -> str:
    """Articles as the form shows them: one a line, ``BL-003 x 2``."""
    return "\n".join(f"{one.sku} x {one.quantity}" for one in goods)


def read_goods(text: str) -> list[Goods] | str:
    """Articles from what was typed, or the line that is none."""
    goods = []
    for line in filter(str.strip, text.splitlines()):
        match = _GOODS_LINE.fullmatch(line.strip())
        quantity = int(match["times"] or match["count"] or 1) if match else 0
        if match is None or not 0 < quantity <= limits.QUANTITY:
            return line.strip()
        goods.append(Goods(match["name"] or match["code"] or match["bare"], quantity))
    return goods


def _goods_error(words: Translator, text: str) -> Check:
    goods = read_goods(text)
    if isinstance(goods, str):
        return {"goods": words.text("orders.form.bad_goods", line=goods[:40])}
    return {} if goods else {"goods": words.text("orders.form.no_goods")}


def _window_error(words: Translator, values: Mapping[str, Any]) -> Check:
    return {} if values["start"] < values["end"] else {"end": words.text("orders.form.bad_window")}


def window_of(values: Mapping[str, Any]) -> Window:
    """The promise that a form's fields ``start`` and ``end`` mean, on the store's clock."""
    return Window(_instant(values["start"]), _instant(values["end"]))


def _instant(local: datetime) -> datetime:
    return utc(local.replace(tzinfo=STORE_ZONE))


def _local(moment: datetime) -> datetime:
    return moment.astimezone(STORE_ZONE).replace(tzinfo=None)


def fill_window(form: Form, window: Window) -> None:
    """Take a window over into a form; one that was chosen is an appointment."""
    form.set_value("mode", Mode.SCHEDULED.value)
    form.set_value("start", _local(window.start))
    form.set_value("end", _local(window.end))


def person_of(values: Mapping[str, Any], *, before: Person | None = None) -> Person:
    """The customer that a form means; what the form does not ask stays, the position only with its address."""
    known = before or Person()
    address = values["address"].strip()
    phone = re.sub(r"[\s-]", "", values["phone"])
    return Person(
        name=values["name"].strip(),
        phone=phone,
        address=address,
        note=values["note"].strip(),
        position=known.position if address == known.address else None,
        phone_extension=known.phone_extension if phone == known.phone else "",
        phone_until=known.phone_until if phone == known.phone else None,
    )


def _add_person(form: Form, words: Translator, person: Person) -> None:
    def caption(key: str) -> str:
        return words.text(f"orders.form.{key}")

    form.add_text("name", caption("name"), value=person.name, longest=limits.NAME_CHARS)
    form.add_code("phone", caption("phone"), value=person.phone, longest=20)
    form.add_note("address", caption("address"), value=person.address, lines=2)
    form.add_text("note", caption("note"), value=person.note, longest=limits.NOTE_CHARS, wide=True)


def _add_mode(form: Form, words: Translator, mode: Mode) -> None:
    modes = [(each.value, words.text(f"mode.{each}")) for each in Mode]
    form.add_choice("mode", words.text("orders.form.mode"), choices=modes, value=mode.value)


def _add_window(form: Form, words: Translator, window: Window) -> None:
    form.add_moment("start", words.text("orders.form.start"), value=_local(window.start))
    form.add_moment("end", words.text("orders.form.end"), value=_local(window.end))


def new_order_dialog(words: Translator, draft: OrderDraft, *, now: datetime, parent: QWidget) -> FormDialog:
    """Asks for a whole order."""
    window = draft.window or Window(now, now + timedelta(minutes=60))
    form = Form(columns=2)
    _add_person(form, words, draft.person)
    form.add_note("goods", words.text("orders.form.goods"), value=draft.goods, lines=3)
    _add_mode(form, words, draft.mode)
    form.add_code("order_no", words.text("orders.form.order_no"), longest=limits.CODE_CHARS)
    _add_window(form, words, window)

    def check(values: Mapping[str, Any]) -> Check:
        return {**_goods_error(words, values["goods"]), **_window_error(words, values)}

    dialog = FormDialog(
        words,
        form,
        title=words.text("orders.new.title"),
        accept=words.text("orders.new.accept"),
        check=check,
        parent=parent,
    )
    dialog.setMinimumWidth(560)
    return dialog


def correct_dialog(words: Translator, person: Person, goods: str, *, parent: QWidget) -> FormDialog:
    """Asks what is right of a customer's data and goods."""
    form = Form(columns=2)
    _add_person(form, words, person)
    form.add_note("goods", words.text("orders.form.goods"), value=goods, lines=3)
    dialog = FormDialog(
        words,
        form,
        title=words.text("orders.correct.title"),
        accept=words.text("orders.correct.accept"),
        check=lambda values: _goods_error(words, values["goods"]),
        parent=parent,
    )
    dialog.add_remark(words.text("orders.correct.remark"))
    dialog.setMinimumWidth(560)
    return dialog


def reschedule_dialog(words: Translator, mode: Mode, window: Window, *, parent: QWidget) -> FormDialog:
    """Asks for another promise."""
    form = Form()
    _add_mode(form, words, mode)
    _add_window(form, words, window)
    return FormDialog(
        words,
        form,
        title=words.text("orders.reschedule.title"),
        accept=words.text("orders.reschedule.accept"),
        check=lambda values: _window_error(words, values),
        parent=parent,
    )


def cancel_dialog(words: Translator, *, is_out: bool, parent: QWidget) -> FormDialog:
    """Asks why an order is called off, and says what that means where the parcel has left."""
    form = Form()
    reasons = [(code, words.text(f"cancel.{code}")) for code in CANCEL_REASONS]
    form.add_choice("reason", words.text("orders.cancel.reason"), choices=reasons, value=CANCEL_REASONS[0])
    dialog = FormDialog(
        words, form, title=words.text("orders.cancel.title"), accept=words.text("orders.cancel.accept"), parent=parent
    )
    dialog.add_remark(words.text("orders.cancel.recalls" if is_out else "orders.cancel.frees"))
    return dialog


def exception_dialog(words: Translator, *, parent: QWidget) -> FormDialog:
    """Asks what is wrong with a delivery."""
    form = Form()
    kinds = [(kind, words.text(f"case.{kind}")) for kind in REPORTED]
    form.add_choice("kind", words.text("orders.exception.kind"), choices=kinds, value=REPORTED[0])
    title, accept = words.text("orders.exception.title"), words.text("orders.exception.accept")
    dialog = FormDialog(words, form, title=title, accept=accept, parent=parent)
    dialog.add_remark(words.text("orders.exception.why"))
    return dialog


def split_dialog(words: Translator, *, most: int, parent: QWidget) -> FormDialog:
    """Asks in how many parcels the goods are packed."""
    form = Form()
    form.add_number("parcels", words.text("orders.split.parcels"), value=2, span=(1, most))
    return FormDialog(
        words, form, title=words.text("orders.split.title"), accept=words.text("orders.split.accept"), parent=parent
    )
