"""Answers the search field: looks while the person types, drops what is out of date, and goes to what was chosen."""

from PySide6.QtCore import QObject, Slot

from storeapp.services.search import Hit, HitKind, find
from ui.desk import Desk, clock_time
from ui.kit.finder import Finder, Found
from ui.kit.worker import Ticket

_PAGES = {HitKind.ORDER: "orders", HitKind.SKU: "stock", HitKind.GUIDE: "guides"}
_ICONS = {HitKind.ORDER: "package", HitKind.SKU: "boxes", HitKind.GUIDE: "user"}


class SearchBar(QObject):
    """Between the field and the counter."""

    def __init__(self, desk: Desk, finder: Finder) -> None:
        super().__init__(finder)
        self._desk, self._finder = desk, finder
        self._ticket: Ticket | None = None
        finder.searched.connect(self._look)
        finder.chosen.connect(self._go)

    @Slot(str)
    def _look(self, text: str) -> None:
        if self._ticket is not None:
            self._ticket.cancel()
        self._ticket = self._desk.backend.read(
            lambda counter: find(counter, text),
            done=lambda hits: self._finder.show_records(text, [self._found(hit) for hit in hits]),
            owner=self,
        )

    def _found(self, hit: Hit) -> Found:
        return Found(f"{hit.kind}:{hit.id}", hit.name, self._beside(hit), _ICONS[hit.kind], self._note(hit))

    def _beside(self, hit: Hit) -> str:
        if hit.row is None:
            return hit.id
        person, row = hit.row.person, hit.row
        return " · ".join(filter(None, (person.name, person.area, row.goods if not person.known else "")))

    def _note(self, hit: Hit) -> str:
        if hit.row is None:
            return self._desk.words.text(f"app.found.{hit.kind}")
        state = self._desk.words.text(f"state.{hit.row.state}")
        return f"{clock_time(hit.row.window.end)}  {state}"

    @Slot(str)
    def _go(self, found: str) -> None:
        kind, subject = found.split(":", 1)
        self._desk.go(_PAGES[HitKind(kind)], subject)
