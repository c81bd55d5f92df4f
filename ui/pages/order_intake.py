"""Takes files of orders on from the window: read in the pool, decided in batches, so that other work comes between."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from storeapp.adapters.intake import Intake
from storeapp.services.counter import Actor, Counter
from storeapp.services.intake import BATCH, ImportReport, import_orders, read_files
from ui.backend import Backend

ENDINGS = (".csv", ".json", ".xlsx", ".txt")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the files hold, or what was done with them."""

    report: ImportReport
    dry_run: bool


def batches(intakes: Iterable[Intake]) -> list[Intake]:
    """The same orders in pieces of one transaction each; errors stand with the first piece of their file."""
    pieces = []
    for intake in intakes:
        starts = range(0, max(1, len(intake.orders)), BATCH)
        pieces += [
            replace(
                intake,
                orders=intake.orders[start : start + BATCH],
                errors=intake.errors if start == 0 else (),
                skipped=intake.skipped if start == 0 else (),
            )
            for start in starts
        ]
    return pieces


def merge(into: ImportReport, more: ImportReport) -> None:
    """Add a piece's numbers and remarks."""
    into.orders += more.orders
    into.imported += more.imported
    into.updated += more.updated
    into.cancelled += more.cancelled
    into.unchanged += more.unchanged
    into.other_store += more.other_store
    into.attention += more.attention
    into.errors += more.errors
    into.skipped += more.skipped


class OrderIntake(QObject):
    """One import from files to report: first what would happen, then, when the person agrees, what did."""

    progressed = Signal(int, int)
    """How many pieces are done, of how many."""
    ended = Signal(object)
    """The ``Outcome`` of a dry run or of the import."""
    failed = Signal(object)
    """The exception that ended it; what was taken on before it stays."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._pieces: list[Intake] = []
        self._report = ImportReport()

    def read(self, paths: Sequence[Path]) -> None:
        """Read files and find out what importing them would do."""
        self._backend.tasks.run_pooled(
            lambda: batches(read_files(paths)), done=self._looked, failed=self.failed.emit, owner=self
        )

    def take_on(self) -> None:
        """Import what was read."""
        self._begin(dry_run=False)

    def _looked(self, pieces: list[Intake]) -> None:
        self._pieces = pieces
        self._begin(dry_run=True)

    def _begin(self, *, dry_run: bool) -> None:
        self._report = ImportReport()
        self._next(0, dry_run=dry_run)

    def _next(self, number: int, *, dry_run: bool) -> None:
        self.progressed.emit(number, len(self._pieces))
        if number == len(self._pieces):
            self.ended.emit(Outcome(self._report, dry_run))
            return
        piece = self._pieces[number]

        def done(report: ImportReport) -> None:
            merge(self._report, report)
            self._next(number + 1, dry_run=dry_run)

        call = _deciding(piece, dry_run=dry_run)
        # Trying it out changes nothing, so nobody has to read again.
        if dry_run:
            actor = self._backend.actor
            self._backend.read(lambda counter: call(counter, actor), done=done, failed=self.failed.emit, owner=self)
        else:
            self._backend.act(call, done=done, failed=self.failed.emit, owner=self)


def _deciding(piece: Intake, *, dry_run: bool) -> Callable[[Counter, Actor], ImportReport]:
    return lambda counter, actor: import_orders(counter, actor, [piece], dry_run=dry_run)


class FileDrops(QObject):
    """Lets a widget, such as the window, take order files that are dragged onto it."""

    dropped = Signal(object)
    """The paths of the files, as a list."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QDropEvent):
            return False
        paths = order_files(event)
        if not paths:
            return False
        event.acceptProposedAction()
        if not isinstance(event, QDragMoveEvent):
            self.dropped.emit(paths)
        return True


def order_files(event: QDropEvent) -> list[Path]:
    """The files of a drag whose ending may be orders; what they are is found out by reading them."""
    paths = (Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
    return [path for path in paths if path.suffix.lower() in ENDINGS]
