"""Where travel times come from: what the store has learned, a map service with IT's key, and a road map of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from storeapp.adapters.road_errors import RoadsBroken
from storeapp.domain.kernel import Refusal
from storeapp.services import maps
from storeapp.services import roads as road_maps
from storeapp.services.counter import Actor, Counter
from storeapp.services.maps import Fetched, MapStatus
from storeapp.services.ports import MapAccess
from storeapp.services.travel import profile_of
from ui.desk import Desk
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.messages import Level
from ui.kit.number_rows import NumberField, NumberSpec
from ui.kit.parts import Button, IconLabel, hbox, label, vbox
from ui.pages.act_dialog import ActDialog, Answer

EXTRACTS = "OpenStreetMap (*.osm *.osm.gz *.osm.bz2 *.pbf)"
_KM = 1000


@dataclass(frozen=True, slots=True)
class Roads:
    """What the road map says of itself, as far as there is one that can be read."""

    there: bool = False
    broken: bool = False
    junctions: int = 0
    edges: int = 0
    radius_m: int = 0
    since: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the three sources stand; ``learned`` is (version, day, legs)."""

    status: MapStatus
    roads: Roads
    learned: tuple[int, str, int] | None
    percent: int


def read(counter: Counter) -> Seen:
    """Read how the sources stand."""
    profile = profile_of(counter)
    learned = (profile.version, profile.learned_on.isoformat(), profile.legs) if profile else None
    return Seen(maps.status(counter), _roads(counter), learned, counter.policy.detour_percent)


def _roads(counter: Counter) -> Roads:
    try:
        about = road_maps.about_roads(counter)
    except RoadsBroken:
        return Roads(there=True, broken=True)
    if about is None:
        return Roads()
    return Roads(True, False, about.junctions, about.edges, about.radius_m, about.imported_at[:10])


class _Standing(QWidget):
    """One line with an icon: how something stands."""

    def __init__(self) -> None:
        super().__init__()
        self._row, self._icon = hbox(self), IconLabel("info", "text3", 18)
        self.words = label("", wrap=True)
        self._row.addWidget(self._icon)
        self._row.addWidget(self.words, 1)

    def show_words(self, text: str, icon: str, ink: str) -> None:
        """Say it."""
        self._icon.show_icon(icon, ink)
        self.words.setText(text)


class TravelSection(QWidget):
    """Three sources, the surest first where there are several; a manager sets them up."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._busy = ""
        self._seen: Seen | None = None
        self.standing = {name: _Standing() for name in ("learned", "roads", "maps")}
        column = vbox(self, gap=tokens.GAP_XL)
        column.addWidget(label(self._t("why"), "muted", wrap=True))
        column.addLayout(self._block("roads", self._road_parts()))
        column.addLayout(self._block("maps", self._map_parts()))
        column.addLayout(self._block("learned", []))
        desk.session.signed_in.connect(self._allow)
        desk.session.signed_out.connect(self._allow)
        self._allow()

    def _t(self, code: str, **data: object) -> str:
        return self._desk.words.text(f"settings.travel.{code}", **data)

    def _block(self, name: str, parts: list[QWidget]) -> QVBoxLayout:
        block = vbox(gap=tokens.GAP_S)
        block.addWidget(label(self._t(name), "strong"))
        block.addWidget(label(self._t(f"{name}.why"), "muted", wrap=True))
        block.addWidget(self.standing[name])
        for part in parts:
            block.addWidget(part)
        return block

    def _road_parts(self) -> list[QWidget]:
        spec = NumberSpec(
            "radius_m",
            self._t("radius"),
            self._desk.words.text("settings.unit.radius_m"),
            road_maps.RADIUS_M,
            road_maps.LEAST_M,
            road_maps.MOST_M,
            caption=self._t("radius"),
        )
        self.radius = NumberField(self._desk.words, spec)
        self.import_button = self._button("roads.do", "import", self._choose_file)
        self.remove_button = self._button("roads.remove", "trash", self.remove_roads)
        return [self.radius, _row(self.import_button, self.remove_button)]

    def _map_parts(self) -> list[QWidget]:
        self.key_button = self._button("maps.do", "key", self.ask_key)
        self.try_button = self._button("maps.try", "check", self.try_key)
        self.off_button = self._button("maps.off", "trash", self.let_go)
        return [_row(self.key_button, self.try_button, self.off_button)]

    def _button(self, code: str, icon: str, act: Callable[[], None]) -> Button:
        made = Button(self._t(code), icon=icon)
        made.clicked.connect(lambda _checked=False: self._desk.signed_in(act))
        return made

    # -- reading

    def refresh(self) -> None:
        """Read how the sources stand; the road map's file is read beside the work."""
        self._desk.backend.aside(read, done=self._show, failed=self._desk.failed, owner=self)

    def _show(self, seen: Seen) -> None:
        self._seen = seen
        self._show_learned(seen)
        self._show_roads(seen.roads)
        self._show_maps(seen.status)
        self._allow()

    def _show_learned(self, seen: Seen) -> None:
        text = self._desk.words.text
        if seen.learned is None:
            line = text("travel.nothing_learned", percent=seen.percent)
            self.standing["learned"].show_words(line, "circle-dashed", "text3")
            return
        version, day, legs = seen.learned
        line = text("travel.learned", version=version, day=day, legs=legs)
        self.standing["learned"].show_words(line, "circle-check", "ok")

    def _show_roads(self, found: Roads) -> None:
        if self._busy == "roads":
            self.standing["roads"].show_words(self._t("roads.reading"), "sync", "accent")
        elif found.broken:
            self.standing["roads"].show_words(self._desk.words.text("error.roads_broken"), "warning", "danger")
        elif not found.there:
            self.standing["roads"].show_words(self._desk.words.text("roads.none"), "circle-dashed", "text3")
        else:
            numbers = {"junctions": f"{found.junctions:,}", "edges": f"{found.edges:,}", "day": found.since}
            line = self._t("roads.there", km=f"{found.radius_m / _KM:g}", **numbers)
            self.standing["roads"].show_words(line, "circle-check", "ok")

    def _show_maps(self, status: MapStatus) -> None:
        text = self._desk.words.text
        if self._busy == "maps":
            self.standing["maps"].show_words(self._t("maps.trying"), "sync", "accent")
        elif not status.enabled:
            self.standing["maps"].show_words(self._t("maps.unset"), "circle-dashed", "text3")
        elif status.problem:
            self.standing["maps"].show_words(
                self._t("maps.problem", why=text(f"maps.problem.{status.problem}")), "warning", "warn"
            )
        else:
            self.standing["maps"].show_words(self._t("maps.set", asked=status.asked_today), "circle-check", "ok")

    @Slot()
    def _allow(self) -> None:
        manager, seen, free = self._desk.session.is_manager, self._seen, not self._busy
        enabled = seen is not None and seen.status.enabled
        self.key_button.setEnabled(manager and free)
        self.key_button.setText(self._t("maps.change" if enabled else "maps.do"))
        self.off_button.setEnabled(manager and free and enabled)
        self.try_button.setEnabled(free and enabled and self._desk.maps is not None)
        self.import_button.setEnabled(manager and free)
        self.remove_button.setEnabled(manager and free and seen is not None and seen.roads.there)
        self.radius.allow(writing=manager)

    def _work(self, what: str) -> None:
        """Something is at work that takes a while, or nothing any more."""
        self._busy = what
        if self._seen is not None:
            self._show(self._seen)

    # -- the map service

    @Slot()
    def ask_key(self) -> None:
        """Ask for the service's key; nothing ever shows it again."""
        form = Form()
        form.add_code("key", self._t("maps.key"), secret=True, longest=200)
        form.add_code("signing", self._t("maps.signing"), secret=True, longest=200)

        def submit(given: dict[str, Any], answer: Answer) -> None:
            access = MapAccess(given["key"], given["signing"])
            self._desk.act(
                lambda counter, actor: maps.enable(counter, actor, access),
                done=lambda refusal: self._enabled(refusal, answer),
                owner=self,
            )

        words = self._desk.words
        dialog = ActDialog(
            words,
            form,
            title=self._t("maps.title"),
            accept=words.text("settings.save"),
            submit=submit,
            check=lambda given: {} if given["key"].strip() else {"key": words.text("refusal.map_key_bad")},
            parent=self.window(),
        )
        dialog.add_remark(self._t("maps.remark"))
        dialog.open()

    def _enabled(self, refusal: Refusal | None, answer: Answer) -> None:
        if refusal is not None:
            answer({"key": self._desk.refusal(refusal)})
            return
        answer({})
        self._desk.tell(None, "settings.travel.maps.saved")
        self.refresh()
        self.try_key()

    @Slot()
    def try_key(self) -> None:
        """Ask the service about one way, off the screen's thread and off the database's."""
        services = self._desk.maps
        if services is None or self._busy:
            return
        self._work("maps")
        self._desk.backend.aside(
            lambda counter: maps.try_key(counter, services), done=self._tried, failed=self._failed, owner=self
        )

    def _tried(self, fetched: Fetched) -> None:
        self._work("")
        if fetched.problem:
            self._desk.say(Level.WARN, self._desk.words.text(f"maps.problem.{fetched.problem}"))
        else:
            self._desk.say(Level.DONE, self._t("maps.works"))
        self.refresh()

    @Slot()
    def let_go(self) -> None:
        """Ask the service no more; undo brings the key back, which this window alone remembers."""
        self._desk.act(_let_go, done=self._gone, owner=self)

    def _gone(self, result: MapAccess | Refusal | None) -> None:
        undo = None
        if isinstance(result, MapAccess):
            undo = lambda: self._desk.act(  # noqa: E731 - a name for the one call
                lambda counter, actor: maps.enable(counter, actor, result), done=self._back, owner=self
            )
        self._desk.tell(result, "settings.travel.maps.gone", undo=undo)
        self.refresh()

    def _back(self, refusal: Refusal | None) -> None:
        self._desk.tell(refusal, "settings.travel.maps.saved")
        self.refresh()

    # -- the road map

    @Slot()
    def _choose_file(self) -> None:
        wrong = self.radius.error()
        if wrong:
            self.radius.spin.setFocus()
            self._desk.say(Level.FAILED, wrong)
            return
        path, _ = QFileDialog.getOpenFileName(self, self._t("roads.do"), "", EXTRACTS)
        if path:
            self.import_roads(Path(path))

    def import_roads(self, path: Path) -> None:
        """Make the road map from an extract; a large one takes minutes, and nobody waits for it."""
        radius_m, actor = self.radius.value(), self._desk.session.actor
        if actor is None or self._busy:
            return
        self._work("roads")
        self._desk.backend.aside(
            lambda counter: road_maps.import_roads(counter, actor, path, radius_m=radius_m),
            done=self._imported,
            failed=self._failed,
            owner=self,
        )

    def _imported(self, result: object) -> None:
        self._work("")
        self._desk.tell(result, "settings.travel.roads.done")
        self.refresh()
        self._desk.backend.changed.emit()

    def _failed(self, error: Exception) -> None:
        self._work("")
        if isinstance(error, OSError):
            self._desk.say(Level.FAILED, self._t("roads.file"))
        else:
            self._desk.failed(error)
        self.refresh()

    @Slot()
    def remove_roads(self) -> None:
        """Plan without the road map; undo takes it up again."""
        self._desk.act(road_maps.remove_roads, done=self._removed, owner=self)

    def _removed(self, result: bool | Refusal) -> None:
        def undo() -> None:
            self._desk.act(road_maps.restore_roads, done=self._restored, owner=self)

        self._desk.tell(result, "settings.travel.roads.removed", undo=undo)
        self.refresh()

    def _restored(self, result: bool | Refusal) -> None:
        self._desk.tell(result, "settings.travel.roads.back")
        self.refresh()


def _let_go(counter: Counter, actor: Actor) -> MapAccess | Refusal | None:
    """Let go of the key; returns it, for an undo."""
    before = maps.access_of(counter)
    return maps.disable(counter, actor) or before


def _row(*buttons: Button) -> QWidget:
    row = QWidget()
    line = hbox(row)
    for button in buttons:
        line.addWidget(button)
    line.addStretch(1)
    return row
