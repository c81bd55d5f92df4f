"""The service area: its numbers, a picture of the squares around the store, and what a rule would have meant."""

from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from storeapp.domain.area import AreaRule, AreaVerdict, Cell, ServiceArea, spot_of
from storeapp.domain.catalogue import Store
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE
from storeapp.domain.place import Position
from storeapp.services.area import (
    BOUNDS,
    REPLAY_DAYS,
    SHOWN_CELLS,
    AreaPicture,
    Compared,
    area_of,
    picture,
    set_area,
    try_rule,
)
from storeapp.services.counter import Counter
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.parts import Button, hbox, label, vbox
from ui.kit.squares import SquareField, SquareLook

TONES = {
    AreaVerdict.INSIDE: "ok_bg",
    AreaVerdict.OUT_OF_REACH: "warn_bg",
    AreaVerdict.OUTSIDE_RADIUS: "sunken",
    AreaVerdict.OUTSIDE_ZONES: "sunken",
    AreaVerdict.DAY_FULL: "warn_bg",
}
HATCHED = frozenset({AreaVerdict.OUT_OF_REACH, AreaVerdict.DAY_FULL})
"""What is served at another hour or day; told by lines as well as by colour."""
_HISTORY = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read: the rules, the picture at an hour, and where the store is."""

    area: ServiceArea
    picture: AreaPicture | None
    store: Position | None
    now: datetime


class AreaSection(QWidget):
    """A manager changes the numbers and squares; everybody may look and try."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._seen: Seen | None = None
        self._cells: set[Cell] = set()
        self._fresh = True
        text = desk.words.text
        column = vbox(self, gap=tokens.GAP_M)
        column.addWidget(label(text("settings.area.why"), "muted", wrap=True))
        row = hbox(gap=tokens.GAP_L)
        self.field = SquareField(reach=SHOWN_CELLS, name=text("settings.area.picture"))
        self.field.toggled.connect(self._toggle)
        self.field.moved.connect(self._point)
        row.addWidget(self.field)
        row.addWidget(self._side(), 1)
        column.addLayout(row)
        self.result = label("", "soft", wrap=True)
        column.addWidget(self.result)
        column.addLayout(self._buttons())
        self.history = label("", "muted", wrap=True)
        column.addWidget(self.history)
        desk.session.signed_in.connect(self._allow)
        desk.session.signed_out.connect(self._allow)

    def _side(self) -> QWidget:
        text, side = self._desk.words.text, QWidget()
        column = vbox(side, gap=tokens.GAP_M)
        self.form = Form()
        for name, span in BOUNDS.items():
            unit = text(f"settings.unit.area.{name}")
            any_ = text("settings.area.any")
            self.form.add_number(name, text(f"settings.area.{name}"), span=span, unit=unit, least=any_)
        unit = text("settings.unit.hour")
        self.form.add_number("hour", text("settings.area.hour"), value=12, span=(0, 23), unit=unit)
        for field in self.form.findChildren(QSpinBox):
            field.valueChanged.connect(self._redraw)
        column.addWidget(self.form)
        self.pointed = label("", "soft", wrap=True)
        column.addWidget(self.pointed)
        for code in ("inside", "out", "reach"):
            column.addWidget(label(text(f"settings.area.legend.{code}"), "muted", wrap=True))
        column.addStretch(1)
        return side

    def _buttons(self) -> QHBoxLayout:
        text, row = self._desk.words.text, hbox()
        self.save_button = Button(text("settings.save"), kind="primary")
        self.save_button.clicked.connect(lambda: self._desk.signed_in(self.save))
        self.try_button = Button(text("settings.area.try", days=REPLAY_DAYS), icon="chart")
        self.try_button.clicked.connect(self.try_it)
        self.clear_button = Button(text("settings.area.clear"), kind="flat")
        self.clear_button.clicked.connect(self._clear)
        for button in (self.save_button, self.try_button, self.clear_button):
            row.addWidget(button)
        row.addStretch(1)
        return row

    # -- reading

    def refresh(self) -> None:
        """Read the rule in force and draw it; what somebody is changing stays."""
        self._desk.backend.read(_read, done=self._take, owner=self)

    def _take(self, seen: Seen) -> None:
        before, self._seen = self._seen, seen
        present = seen.area.at(seen.now)
        if self._fresh or before is None or before.area != seen.area:
            self._fresh = False
            self._fill(present or AreaRule(0, seen.now))
        self.history.setText(self._history_text(seen.area))
        self._allow()
        self._redraw()

    def _fill(self, rule: AreaRule) -> None:
        for name in BOUNDS:
            self.form.set_value(name, getattr(rule, name))
        self._cells = set(rule.cells)

    def _history_text(self, area: ServiceArea) -> str:
        words = self._desk.words
        if not area.rules:
            return words.text("settings.area.no_rule")
        lines = [
            words.text("settings.area.version", n=rule.version, since=_day_text(rule.since))
            for rule in reversed(area.rules[-_HISTORY:])
        ]
        return " · ".join(lines)

    def _allow(self) -> None:
        manager = self._desk.session.is_manager
        self.field.editable = manager
        self.save_button.setEnabled(manager)
        self.clear_button.setEnabled(manager)
        for name in BOUNDS:
            field = self.form.field(name)
            if isinstance(field, QSpinBox):
                field.setReadOnly(not manager)

    # -- drawing

    def rule(self) -> AreaRule | None:
        """The rule as it is on the screen, None before anything was read."""
        if self._seen is None:
            return None
        known = self._seen.area.at(self._seen.now) or AreaRule(0, self._seen.now)
        numbers = {name: self.form.values()[name] for name in BOUNDS}
        return structs.replace(known, version=0, since=self._seen.now, cells=tuple(sorted(self._cells)), **numbers)

    @Slot()
    def _redraw(self) -> None:
        rule, hour = self.rule(), int(self.form.values()["hour"])
        if rule is not None:
            self._desk.backend.read(lambda counter: _picture(counter, rule, hour), done=self._draw, owner=self)

    def _draw(self, seen: AreaPicture | None) -> None:
        rule = self.rule()
        if seen is None or rule is None or self._seen is None:
            self.field.show_squares({}, (), self._desk.words.text("reason.store_unknown"))
            return
        self._seen = replace(self._seen, picture=seen)
        busiest = max(seen.orders.values(), default=1)
        squares = {
            (cell.north, cell.east): SquareLook(
                TONES[verdict],
                seen.orders.get(cell, 0) / busiest,
                chosen=cell in self._cells,
                hatched=verdict in HATCHED,
            )
            for cell, verdict in seen.verdicts.items()
        }
        store = self._seen.store
        outlines = [[spot_of(Position(*corner), store) for corner in zone] for zone in rule.zones] if store else []
        self.field.show_squares(squares, outlines, self._summary(seen))
        self._point(*self.field.cursor_at)

    def _summary(self, seen: AreaPicture) -> str:
        served = sum(verdict is AreaVerdict.INSIDE for verdict in seen.verdicts.values())
        return self._desk.words.text("settings.area.summary", served=served, all=len(seen.verdicts), guides=seen.guides)

    @Slot(int, int)
    def _point(self, north: int, east: int) -> None:
        seen = self._seen.picture if self._seen else None
        cell = Cell(north, east)
        if seen is None or cell not in seen.verdicts:
            return
        words = self._desk.words
        what = words.text(f"settings.area.verdict.{seen.verdicts[cell].value}")
        orders = seen.orders.get(cell, 0)
        told = words.text("settings.area.pointed", km=f"{cell.away_m / 1000:.1f}", what=what, orders=orders)
        self.pointed.setText(f"{told}\n{self._summary(seen)}")

    @Slot(int, int)
    def _toggle(self, north: int, east: int) -> None:
        self._cells ^= {Cell(north, east)}
        self._redraw()

    @Slot()
    def _clear(self) -> None:
        self._cells = set()
        self._redraw()

    # -- trying and saving

    @Slot()
    def try_it(self) -> None:
        """Tell what this rule would have made of the last days."""
        rule = self.rule()
        if rule is not None:
            self.result.setText(self._desk.words.text("offers.working"))
            self._desk.backend.aside(
                lambda counter: try_rule(counter, rule), done=self._tried, failed=self._desk.failed, owner=self
            )

    def _tried(self, found: Compared | None) -> None:
        words = self._desk.words
        if found is None:
            self.result.setText(words.text("reason.store_unknown"))
            return
        after = found.after
        if not after.orders:
            self.result.setText(words.text("area.empty", days=len(after.days)))
            return
        counts = {verdict.value: after.count(verdict) for verdict in AreaVerdict}
        counts |= {"days": len(after.days), "orders": after.orders, "full_days": after.full_days}
        lines = [words.text("area.replay", **counts)]
        if found.before is not None:
            lines.append(words.text("area.before", inside=found.before.count(AreaVerdict.INSIDE)))
        self.result.setText("\n".join(lines))

    def save(self) -> None:
        """Serve this area from now on; undo goes back to the rule before, as a further version."""
        rule = self.rule()
        if rule is None or self._seen is None:
            return
        before = self._seen.area.at(self._seen.now) or AreaRule(0, self._seen.now)
        self._set(rule, "settings.area.saved", before)

    def _set(self, rule: AreaRule, code: str, before: AreaRule | None) -> None:
        self._desk.act(
            lambda counter, actor: set_area(counter, actor, rule),
            done=lambda result: self._told(result, code, before),
            owner=self,
        )

    def _told(self, result: object, code: str, before: AreaRule | None) -> None:
        if isinstance(result, Refusal) and "name" in result.data:
            name = self._desk.words.text(f"settings.area.{result.data['name']}")
            result = Refusal(result.code, {**result.data, "name": name})
        if before is None:
            self._desk.tell(result, code)
            return
        again = structs.replace(before, version=0)
        self._desk.tell(result, code, undo=lambda: self._set(again, "settings.area.back", None))


def _read(counter: Counter) -> Seen:
    store = counter.cache.get(Store, counter.store)
    return Seen(area_of(counter), None, store.position if store else None, counter.clock.now())


def _picture(counter: Counter, rule: AreaRule, hour: int) -> AreaPicture | None:
    moment = counter.clock.now().astimezone(STORE_ZONE).replace(hour=hour, minute=0, second=0)
    return picture(counter, rule, moment)


def _day_text(moment: datetime) -> str:
    return f"{moment.astimezone(STORE_ZONE):%Y-%m-%d %H:%M}"
