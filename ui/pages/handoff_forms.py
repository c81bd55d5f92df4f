"""The handoff desk's questions: a code by hand, the customer's code, why goods came back, and what really happened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storeapp.domain.delivery import Holder
from storeapp.domain.kernel import Refusal
from storeapp.domain.people import Staff
from storeapp.domain.words import Role
from storeapp.services import custody_desk, handoff, outcomes, rescue, staff
from storeapp.services.counter import Actor, Counter
from storeapp.services.guides import guide_rows
from storeapp.services.rows import GuideRow, OrderRow
from ui.desk import Desk
from ui.kit.forms import Form
from ui.pages.act_dialog import ActDialog, Answer
from ui.pages.handoff_words import Speaker

RETURN_REASONS = ("damaged", "refused", "unreachable", "wrong_address", "other")
RECORD_REASONS = ("slip_problem", "badge_forgotten", "guide_swapped", "clock_wrong", "checked_by_phone", "other")
RESCUE_REASONS = ("met", "checked_by_phone", "badge_forgotten", "other")
CODE_DIGITS = 6
BACK, KEPT, RETURNING = "back", "kept", "returning"
TAKEN, DELIVERED = "taken", "delivered"

Act = Callable[[Counter, Actor], object]
Rescues = Callable[[rescue.Rescued, datetime, dict[str, str]], None]
"""Takes what moved, when, and what people call the guides."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the questions choose from."""

    out: tuple[OrderRow, ...]
    inside: tuple[OrderRow, ...]
    guides: tuple[GuideRow, ...]
    managers: tuple[Staff, ...]


def read_choices(counter: Counter) -> Choices:
    """Read what the questions choose from."""
    managers = tuple(p for p in staff.staff_rows(counter) if p.active and p.role is Role.MANAGER)
    guides = tuple(row for row in guide_rows(counter) if row.active)
    return Choices(custody_desk.deliveries_out(counter), custody_desk.deliveries_in(counter), guides, managers)


@dataclass(frozen=True, slots=True)
class About:
    """What the last scan was about, so that nobody chooses it again."""

    guide: str = ""
    delivery_id: str = ""
    parcel: int = 1
    verdict: str = ""


class Questions:
    """Opens the dialogs of the handoff desk; each ends in one act at the counter."""

    def __init__(self, desk: Desk, speaker: Speaker, parent: Any) -> None:
        self._desk, self._speaker, self._parent = desk, speaker, parent

    def ask_code(self, then: Callable[[str], None]) -> None:
        """A short code or a slip's digits by hand."""
        form = Form()
        form.add_code("code", self._t("code.field"), longest=260)

        def submit(values: dict[str, Any], answer: Answer) -> None:
            answer({})
            then(values["code"].strip())

        self._open(form, "code", submit, check=lambda v: {} if v["code"].strip() else {"code": self._t("code.empty")})

    def ask_delivery(self, choices: Choices, about: About) -> None:
        """The customer's code: the delivery is done."""
        form = Form()
        self._add_deliveries(form, choices.out, about)
        form.add_code("code", self._t("deliver.code"), longest=CODE_DIGITS)
        self._open(form, "deliver", self._submit(_deliver, "code"))
        form.field("code").setFocus()

    def ask_return(self, choices: Choices, about: About) -> None:
        """It did not reach the customer: where it is and why."""
        form = Form()
        self._add_deliveries(form, choices.out, about)
        form.add_choice("where", self._t("return.where"), choices=self._words("where", (BACK, KEPT, RETURNING)))
        form.add_choice("reason", self._t("reason"), choices=self._words("reason", RETURN_REASONS))
        self._open(form, "return", self._submit(_return, "delivery"))

    def ask_pass_on(self, choices: Choices, about: About) -> None:
        """A pickup point or a courier holds it from now on."""
        form = Form()
        self._add_deliveries(form, (*choices.inside, *choices.out), about)
        holders = [
            (each.value, self._desk.words.text(f"holder.{each}")) for each in (Holder.COURIER, Holder.PICKUP_POINT)
        ]
        form.add_choice("holder", self._t("pass_on.holder"), choices=holders)
        form.add_text("name", self._t("pass_on.name"), hint=self._t("pass_on.hint"), longest=40)
        self._open(form, "pass_on", self._submit(_pass_on, "name"))

    def ask_what_happened(self, choices: Choices, about: About) -> None:
        """A manager states a fact in spite of a verdict."""
        form = Form()
        form.add_choice("what", self._t("record.what"), choices=self._words("what", (TAKEN, DELIVERED)))
        self._add_deliveries(form, (*choices.inside, *choices.out), about)
        guides = [(row.id, f"{row.name} · {row.id}") for row in choices.guides]
        form.add_choice("guide", self._t("record.guide"), choices=guides, value=about.guide)
        form.add_choice("reason", self._t("reason"), choices=self._words("reason", RECORD_REASONS))
        self._add_manager(form, choices.managers)
        self._open(form, "record", self._submit(_recorder(about), "delivery", manager=True))

    def ask_rescue(self, choices: Choices, giver: str, only: Sequence[str], then: Rescues) -> None:
        """A manager states that a guide took over what another holds."""
        holding = {row.guide for row in choices.out if row.guide}
        givers = [(row.id, row.name) for row in choices.guides if row.id in holding or row.id == giver]
        form = Form()
        form.add_choice("giver", self._t("rescue.from"), choices=givers, value=giver)
        takers = sorted(choices.guides, key=lambda row: (row.id == giver, not row.on_shift))
        form.add_choice("taker", self._t("rescue.to"), choices=[(row.id, row.name) for row in takers])
        form.add_choice("reason", self._t("reason"), choices=self._words("reason", RESCUE_REASONS))
        self._add_manager(form, choices.managers)
        names = {row.id: row.name for row in choices.guides}
        found: list[tuple[rescue.Rescued, datetime]] = []

        def record(counter: Counter, actor: Actor, values: dict[str, Any]) -> object:
            meant = only if values["giver"] == giver else ()
            done = rescue.record_rescue(
                counter, actor, values["giver"] or "", values["taker"] or "", reason=values["reason"], only=meant
            )
            if isinstance(done, rescue.Rescued):
                found.append((done, counter.clock.now()))
                return None
            return Refusal(done.code, {**done.data, "guide": names.get(str(done.data.get("guide")), "")})

        dialog = self._open(form, "rescue", self._submit(record, "taker", manager=True, quiet=True))
        dialog.accepted.connect(lambda: then(*found[0], names))

    def ask_supervisor(self, choices: Choices, then: Callable[[Actor], None]) -> None:
        """A manager vouches for a short code."""
        if self._desk.session.is_manager and self._desk.session.actor is not None:
            then(self._desk.session.actor)
            return
        form = Form()
        self._add_manager(form, choices.managers)
        found: list[Actor] = []

        def keep(_counter: Counter, actor: Actor, _values: dict[str, Any]) -> object:
            found.append(actor)
            return None

        dialog = self._open(form, "supervisor", self._submit(keep, "pin", manager=True, quiet=True))
        dialog.accepted.connect(lambda: then(found[0]))

    # -- parts

    def _t(self, code: str, **data: object) -> str:
        return self._speaker.text(code, **data)

    def _words(self, group: str, codes: Sequence[str]) -> list[tuple[str, str]]:
        return [(code, self._t(f"{group}.{code}")) for code in codes]

    def _add_deliveries(self, form: Form, rows: Sequence[OrderRow], about: About) -> None:
        choices = [(row.id, self._speaker.choice(row)) for row in rows]
        form.add_choice("delivery", self._t("delivery"), choices=choices, value=about.delivery_id)

    def _add_manager(self, form: Form, managers: Sequence[Staff]) -> None:
        """Nothing to ask where a manager is signed in already."""
        if self._desk.session.is_manager:
            return
        form.add_choice("manager", self._t("manager"), choices=[(each.id, each.name) for each in managers])
        form.add_code("pin", self._t("manager.pin"), secret=True, longest=12)

    def _open(
        self,
        form: Form,
        code: str,
        submit: Callable[[dict[str, Any], Answer], None],
        check: Callable[[dict[str, Any]], Mapping[str, str]] | None = None,
    ) -> ActDialog:
        title, accept = self._t(f"{code}.title"), self._t(f"{code}.accept")
        dialog = ActDialog(
            self._desk.words, form, title=title, accept=accept, submit=submit, check=check, parent=self._parent
        )
        dialog.add_remark(self._t(f"{code}.remark"))
        dialog.setProperty("gives_way", True)
        dialog.open()
        return dialog

    def _submit(
        self,
        act: Callable[[Counter, Actor, dict[str, Any]], object],
        field: str,
        *,
        manager: bool = False,
        quiet: bool = False,
    ) -> Callable[[dict[str, Any], Answer], None]:
        """Run an act with the values; its refusal is written under ``field``."""

        def call(counter: Counter, actor: Actor, values: dict[str, Any]) -> object:
            who = _manager(counter, actor, values) if manager else actor
            return who if isinstance(who, Refusal) else act(counter, who, values)

        def submit(values: dict[str, Any], answer: Answer) -> None:
            def done(result: object) -> None:
                if isinstance(result, Refusal):
                    at = "pin" if result.code.startswith("pin_") else field
                    answer({at: self._desk.refusal(result)})
                    return
                answer({})
                if not quiet:
                    self._desk.tell(result, "page.handoff.done")

            def failed(error: Exception) -> None:
                answer({field: ""})
                self._desk.failed(error)

            self._desk.backend.act(lambda counter, actor: call(counter, actor, values), done=done, failed=failed)

        return submit


def _manager(counter: Counter, actor: Actor, values: dict[str, Any]) -> Actor | Refusal:
    """The manager who vouches: whoever is signed in, or whose PIN was typed."""
    if "pin" not in values:
        return actor
    return staff.sign_in(counter, values["manager"] or "", values["pin"])


def _deliver(counter: Counter, actor: Actor, values: dict[str, Any]) -> object:
    return outcomes.deliver(counter, actor, values["delivery"] or "", values["code"])


def _return(counter: Counter, actor: Actor, values: dict[str, Any]) -> object:
    delivery, where, reason = values["delivery"] or "", values["where"], values["reason"]
    if where == BACK:
        return outcomes.return_parcel(counter, actor, delivery, reason)
    return outcomes.fail(counter, actor, delivery, reason, returning=where == RETURNING)


def _pass_on(counter: Counter, actor: Actor, values: dict[str, Any]) -> object:
    holder = Holder(values["holder"])
    return outcomes.pass_on(counter, actor, values["delivery"] or "", holder, values["name"])


def _recorder(about: About) -> Callable[[Counter, Actor, dict[str, Any]], object]:
    def record(counter: Counter, actor: Actor, values: dict[str, Any]) -> object:
        delivery = values["delivery"] or ""
        if values["what"] == DELIVERED:
            return outcomes.deliver_without_code(counter, actor, delivery, values["reason"])
        return handoff.record_what_happened(
            counter,
            actor,
            guide=values["guide"] or "",
            delivery_id=delivery,
            reason=values["reason"],
            verdict=about.verdict,
            parcel=about.parcel if delivery == about.delivery_id else 1,
        )

    return record
