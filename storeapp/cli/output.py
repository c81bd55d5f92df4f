"""Turns what a command found into one JSON object or into words, and into an exit status."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import TextIO

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, Window
from storeapp.i18n import Translator


class Exit(IntEnum):
    """Exit statuses, as documented for scripts."""

    DONE = 0
    REFUSED = 1
    """Refused, or only partly done."""
    USAGE = 2
    ENVIRONMENT = 3
    """The machine, the disk or the keys; trying again may help once that is mended."""
    OFFLINE = 4
    CRASHED = 70
    """A bug of ours (EX_SOFTWARE of sysexits.h)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command gives: data for JSON, lines for people, and a list's rows for people without JSON."""

    data: dict[str, object]
    lines: tuple[str, ...] = ()
    status: Exit = Exit.DONE
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that stopped a command from outside, with the code of its words."""

    code: str
    text: str
    status: Exit
    data: Mapping[str, object] = field(default_factory=dict)


class Output:
    """Writes to one terminal: with JSON on, standard output holds one object and the words go beside it."""

    def __init__(self, words: Translator, *, as_json: bool, out: TextIO, err: TextIO) -> None:
        self._words = words
        self._as_json = as_json
        self._out = out
        self._err = err

    def reply(self, reply: Reply) -> int:
        """Write what was found."""
        where = self._err if self._as_json else self._out
        for line in (*reply.lines, *(() if self._as_json else reply.rows)):
            where.write(line + "\n")
        if self._as_json:
            self._out.write(json.dumps(plain(reply.data), ensure_ascii=False) + "\n")
        return reply.status

    def refuse(self, refusal: Refusal) -> int:
        """Write why it was not done."""
        text = refusal_text(self._words, refusal)
        return self.fail(Failure(refusal.code, text, Exit.REFUSED, dict(refusal.data)))

    def fail(self, failure: Failure) -> int:
        """Write what went wrong; words always go to standard error."""
        error = {"code": failure.code, "message": failure.text} | plain(dict(failure.data))
        if self._as_json:
            self._out.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
        self.note(failure.text)
        return failure.status

    def note(self, text: str) -> None:
        """Tell a person something beside the result."""
        self._err.write(text + "\n")


def plain(data: dict[str, object]) -> dict[str, object]:
    """The same with moments and windows as text."""
    return {name: _plain(value) for name, value in data.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, Window):
        return {"start": _plain(value.start), "end": _plain(value.end)}
    if isinstance(value, datetime):
        return value.astimezone(STORE_ZONE).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def refusal_text(words: Translator, refusal: Refusal) -> str:
    """The words for a refusal; codes in its data become words, too."""
    return words.text(f"refusal.{refusal.code}", **{name: _shown(words, name, v) for name, v in refusal.data.items()})


def _shown(words: Translator, name: str, value: str | int) -> str:
    if name == "state":
        return words.text(f"state.{value}")
    return clock_text(datetime.fromisoformat(str(value))) if name == "until" else str(value)


def clock_text(moment: datetime | None) -> str:
    """A moment on the store's clock, to the minute."""
    return f"{moment.astimezone(STORE_ZONE):%m-%d %H:%M}" if moment else ""


def table(rows: Sequence[Sequence[object]]) -> tuple[str, ...]:
    """Rows as lines, their cells a tab apart, which aligns well enough and is easy to cut."""
    return tuple("\t".join(str(cell) for cell in row) for row in rows)
