"""Turns a plan's reasons into short sentences: names for codes, the store's clock, kilometres and minutes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from storeapp.domain.dispatch import Reason
from storeapp.domain.moment import STORE_ZONE
from storeapp.domain.money import fen_to_yuan
from storeapp.i18n import Translator

KILOMETRE_M = 1000
HOUR_MIN = 60


class ReasonWords:
    """Words for reasons in one language. ``guides`` and ``orders`` name guides and deliveries by their ids."""

    def __init__(
        self, words: Translator, *, guides: Mapping[str, str] | None = None, orders: Mapping[str, str] | None = None
    ) -> None:
        self._words = words
        self._guides = guides or {}
        self._orders = orders or {}

    def text(self, reason: Reason) -> str:
        """One sentence.

        Raises:
            UnknownText: the reason has no words, or they need data it does not have.
        """
        data = dict(self._datum(key, value) for key, value in reason.data.items())
        return self._words.text(f"reason.{reason.code}", **data)

    def duration(self, length: timedelta) -> str:
        """A length of time in hours and minutes."""
        return self._duration(int(length.total_seconds()))

    def _datum(self, key: str, value: str | int) -> tuple[str, object]:
        """A datum under the name that texts know: the unit leaves the key and goes into the words."""
        if key == "guide":
            return key, self._guides.get(str(value), value)
        if key == "after":
            return key, self._orders.get(str(value), value)
        if key == "mode":
            return "going", self._words.text(f"going.{value}")
        name, _, unit = key.rpartition("_")
        write = self._units.get(unit) if name else None
        return (name, write(self, value)) if write else (key, value)

    def _clock(self, value: str | int) -> str:
        return f"{datetime.fromisoformat(str(value)).astimezone(STORE_ZONE):%H:%M}"

    def _length(self, value: str | int) -> str:
        metres = int(value)
        if metres < KILOMETRE_M / 10:
            return self._words.text("length.m", n=metres)
        return self._words.text("length.km", n=f"{metres / KILOMETRE_M:.1f}")

    def _duration(self, value: str | int) -> str:
        minutes = int(value) // 60
        if minutes < HOUR_MIN:
            return self._words.text("duration.min", n=minutes)
        hours, rest = divmod(minutes, HOUR_MIN)
        return self._words.text("duration.h_min" if rest else "duration.h", hours=hours, n=rest)

    def _weight(self, value: str | int) -> str:
        return self._words.text("weight.kg", n=f"{int(value) / 1000:.1f}")

    def _volume(self, value: str | int) -> str:
        return self._words.text("volume.l", n=f"{int(value) / 1000:.1f}")

    def _money(self, value: str | int) -> str:
        return fen_to_yuan(int(value))

    _units: Mapping[str, Callable[["ReasonWords", str | int], str]] = {
        "at": _clock,
        "m": _length,
        "s": _duration,
        "g": _weight,
        "ml": _volume,
        "fen": _money,
    }
