"""Sends papers where they go: to the system's printer, or to a file in the papers' folder where there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from ui.backend import Backend
from ui.paper.outputs import to_pdf, to_printer
from ui.paper.papers import Paper
from ui.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper with the name of its file, which must not be personal."""

    paper: Paper
    name: str


@dataclass(frozen=True, slots=True)
class Printed:
    """Where papers went: the printer's name, or the files."""

    printer: str = ""
    files: tuple[Path, ...] = ()


class Printing:
    """Prints off the UI thread; what was asked for twice is printed twice."""

    def __init__(self, backend: Backend, folder: Path, preferences: Preferences, *, owner: QObject) -> None:
        self._backend = backend
        self._folder = folder
        self._preferences = preferences
        self._owner = owner

    def send(
        self, sheets: Sequence[Sheet], *, done: Callable[[Printed], None], failed: Callable[[Exception], None]
    ) -> None:
        """Print these papers in their order; ``done`` hears on the UI thread where they went."""
        wanted = self._preferences.settings.printer
        self._backend.tasks.run_pooled(
            lambda: _print(sheets, self._folder, wanted), done=done, failed=failed, owner=self._owner
        )


def printer_of(wanted: str) -> QPrinterInfo:
    """The chosen printer, or the system's where none is chosen; null where it is not there.

    A printer that was chosen and has gone is not replaced by another one: papers must not come out elsewhere.
    """
    return QPrinterInfo.printerInfo(wanted) if wanted else QPrinterInfo.defaultPrinter()


def _print(sheets: Sequence[Sheet], folder: Path, wanted: str) -> Printed:
    info = printer_of(wanted)
    if not info.isNull():
        for sheet in sheets:
            to_printer(sheet.paper, QPrinter(info))
        return Printed(printer=info.printerName())
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(folder / f"{sheet.name}.pdf" for sheet in sheets)
    for sheet, path in zip(sheets, files, strict=True):
        to_pdf(sheet.paper, path)
    return Printed(files=files)
