"""What the demo's window is told: the time of the story, the page to show, a line to say, a picture to take."""

import json
import os
import time
from datetime import datetime
from pathlib import Path

from storeapp.i18n import Translator

PICTURE_S = 30


class NoPicture(RuntimeError):
    """The window did not take a picture in time; its log says why."""


class Stage:
    """A file beside the story that the window's process reads a few times a second."""

    def __init__(self, folder: Path, *, language: str, pace_s: float = 0.0) -> None:
        self._file = folder / "stage.json"
        self._pictures = folder / "screens"
        self._pictures.mkdir(exist_ok=True)
        self._pace_s = pace_s
        self._words, self._console = Translator(language), Translator("en")
        self._cue: dict[str, str] = {"page": "board"}
        self.problem = ""
        """Why the last exchange with the hub failed, empty where it did not."""

    @property
    def file(self) -> Path:
        """Where the cue stands."""
        return self._file

    def cue(self, moment: datetime, *, page: str = "", code: str = "", **data: object) -> str:
        """Let the window follow; with a display, give a person time to look. Returns the line in English."""
        text = self._words.text(code, **data) if code else ""
        self._cue = {"at": moment.isoformat(), "page": page or self._cue["page"], "text": text}
        self._write()
        time.sleep(self._pace_s)
        return self._console.text(code, **data) if code else ""

    def picture(self, moment: datetime, page: str, name: str) -> None:
        """Let the window show a page and take its picture.

        Raises:
            NoPicture: it did not.
        """
        target = self._pictures / f"{name}.png"
        self._cue = {"at": moment.isoformat(), "page": page, "text": self._cue.get("text", ""), "picture": str(target)}
        self._write()
        end = time.monotonic() + PICTURE_S
        while not target.exists():
            if time.monotonic() > end:
                raise NoPicture(name)
            time.sleep(0.05)
        self._cue.pop("picture")

    def end(self) -> None:
        """Let the window close."""
        self._cue["end"] = "yes"
        self._write()

    def _write(self) -> None:
        self._cue["problem"] = self.problem
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self._cue, ensure_ascii=False), "utf-8")
        os.replace(part, self._file)
