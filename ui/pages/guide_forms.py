"""The guides' page's questions: who a guide is, and when the guide works."""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from typing import Any

from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.people import Guide
from storeapp.domain.words import TravelMode
from storeapp.services import guides, shifts
from storeapp.services.counter import Actor, Counter
from storeapp.services.shifts import GuideShift
from ui.desk import Desk
from ui.kit.forms import Form
from ui.pages.act_dialog import ActDialog, Answer
from ui.pages.guide_words import GuideSpeaker

OPENS, CLOSES = time(10), time(18, 30)
TODAY, TOMORROW = "today", "tomorrow"
WORKS, OFF, USUAL = "works", "off", "usual"
YES, NO = "yes", "no"

Act = Callable[[Counter, Actor, dict[str, Any]], object]


class GuideQuestions:
    """Opens the dialogs of the guides' page; each ends in one act at the counter."""

    def __init__(self, desk: Desk, speaker: GuideSpeaker, parent: QWidget) -> None:
        self._desk, self._t, self._parent = desk, speaker.text, parent

    def ask_guide(self, known: Guide | None, then: Callable[[str], None]) -> ActDialog:
        """Enter a guide, or change what is known of one."""
        form = Form(columns=2)
        if known is None:
            form.add_code("id", self._t("field.id"), longest=16)
        form.add_text("name", self._t("field.name"), value=known.name if known else "", longest=20)
        modes = [(each.value, self._desk.words.text(f"travel.{each}")) for each in TravelMode]
        form.add_choice("mode", self._t("fact.mode"), choices=modes, value=known.mode if known else TravelMode.EBIKE)
        form.add_number("parcels", self._t("field.parcels"), value=known.max_parcels if known else 4, span=(0, 50))
        weight = known.max_weight_g // 1000 if known else 5
        form.add_number("weight", self._t("field.weight"), value=weight, span=(0, 200), unit=self._t("field.unit"))
        held = " ".join(known.certificates) if known else ""
        form.add_text("certificates", self._t("fact.certificates"), value=held, hint=self._t("field.certificates"))
        opens, closes = (known.hours if known and known.hours else None) or (OPENS, CLOSES)
        form.add_time("opens", self._t("field.opens"), value=opens)
        form.add_time("closes", self._t("field.closes"), value=closes)
        if known is not None:
            states = [(YES, self._t("field.active.yes")), (NO, self._t("field.active.no"))]
            form.add_choice("active", self._t("field.active"), choices=states, value=YES if known.active else NO)
        code = "new" if known is None else "edit"
        return self._open(form, code, lambda c, a, v: _register(c, a, known, v), "name", self._check, then)

    def ask_hours(self, guide: Guide, window: Window | None, then: Callable[[str], None]) -> ActDialog:
        """When a guide works today or tomorrow."""
        form = Form()
        days = [(each, self._t(f"fact.{each}")) for each in (TODAY, TOMORROW)]
        form.add_choice("day", self._t("field.day"), choices=days)
        kinds = [(each, self._t(f"hours.{each}")) for each in (WORKS, OFF, USUAL)]
        form.add_choice("kind", self._t("field.kind"), choices=kinds)
        opens, closes = _clock(window) or guide.hours or (OPENS, CLOSES)
        form.add_time("opens", self._t("field.opens"), value=opens)
        form.add_time("closes", self._t("field.closes"), value=closes)
        return self._open(form, "hours", lambda c, a, v: _set_hours(c, a, guide.id, v), "closes", None, then)

    def _check(self, values: dict[str, Any]) -> Mapping[str, str]:
        empty = [key for key in ("id", "name") if key in values and not values[key].strip()]
        return {key: self._t("field.needed") for key in empty}

    def _open(
        self,
        form: Form,
        code: str,
        act: Act,
        field: str,
        check: Callable[[dict[str, Any]], Mapping[str, str]] | None,
        then: Callable[[str], None],
    ) -> ActDialog:
        def submit(values: dict[str, Any], answer: Answer) -> None:
            def done(result: object) -> None:
                refused = isinstance(result, Refusal)
                answer({field: self._desk.refusal(result)} if isinstance(result, Refusal) else {})
                if not refused:
                    self._said(code, result)
                    then(values.get("id", "").strip())

            def failed(error: Exception) -> None:
                answer({field: ""})
                self._desk.failed(error)

            self._desk.backend.act(lambda counter, actor: act(counter, actor, values), done=done, failed=failed)

        dialog = ActDialog(
            self._desk.words,
            form,
            title=self._t(f"{code}.title"),
            accept=self._t(f"{code}.accept"),
            submit=submit,
            check=check,
            parent=self._parent,
        )
        dialog.add_remark(self._t(f"{code}.remark"))
        dialog.setProperty("gives_way", True)
        dialog.open()
        return dialog

    def _said(self, code: str, result: object) -> None:
        undo = None
        if isinstance(result, Undo):
            undo = result.begin(self._desk)
        self._desk.tell(None, f"page.guides.{code}.done", undo=undo)


class Undo:
    """The hours of a day as they were before."""

    def __init__(self, before: GuideShift, day: date) -> None:
        self._before, self._day = before, day

    def begin(self, desk: Desk) -> Callable[[], None]:
        """What puts them back."""

        def tell(result: object) -> None:
            desk.tell(result, "page.guides.hours.undone")

        def put_back() -> None:
            desk.backend.act(self._put_back, done=tell, failed=desk.failed)

        return put_back

    def _put_back(self, counter: Counter, actor: Actor) -> object:
        guide, clock = self._before.guide, _clock(self._before.window)
        if not self._before.changed:
            return shifts.set_usual(counter, actor, guide, self._day)
        if clock is None:
            return shifts.set_off(counter, actor, guide, self._day)
        return shifts.set_hours(counter, actor, guide, self._day, start=clock[0], end=clock[1])


def _clock(window: Window | None) -> tuple[time, time] | None:
    """A shift as times of day on the store's clock."""
    if window is None:
        return None
    start, end = (moment.astimezone(STORE_ZONE).time() for moment in (window.start, window.end))
    return start, end


def _register(counter: Counter, actor: Actor, known: Guide | None, values: dict[str, Any]) -> object:
    code = known.id if known else values["id"].strip().upper()
    if known is None and counter.cache.get(Guide, code) is not None:
        return Refusal("guide_exists", {"guide": code})
    base = known or Guide(code, "", counter.store, TravelMode.EBIKE, 0, 0)
    changed = replace(
        base,
        name=values["name"].strip(),
        mode=TravelMode(values["mode"]),
        max_parcels=values["parcels"],
        max_weight_g=values["weight"] * 1000,
        certificates=tuple(values["certificates"].replace(",", " ").replace("，", " ").split()),
        hours=(values["opens"], values["closes"]),
        active=values.get("active", YES) == YES,
    )
    return guides.register(counter, actor, changed)


def _set_hours(counter: Counter, actor: Actor, guide: str, values: dict[str, Any]) -> object:
    day = store_day(counter.clock.now()) + timedelta(days=values["day"] == TOMORROW)
    before = next((shift for shift in shifts.shifts_of(counter, day) if shift.guide == guide), None)
    done: object
    if values["kind"] == OFF:
        done = shifts.set_off(counter, actor, guide, day)
    elif values["kind"] == USUAL:
        done = shifts.set_usual(counter, actor, guide, day)
    else:
        done = shifts.set_hours(counter, actor, guide, day, start=values["opens"], end=values["closes"])
    return done if isinstance(done, Refusal) or before is None else Undo(before, day)
