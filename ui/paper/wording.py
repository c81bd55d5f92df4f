"""How papers write days, times, weights and numbers; the words themselves are translations."""

from datetime import date, datetime

from storeapp.domain.moment import STORE_ZONE, Window
from storeapp.domain.words import Mode
from storeapp.i18n import Translator

TAIL = 4
"""Last characters of an order number that staff call out."""


def day(words: Translator, moment: datetime) -> str:
    """The store's calendar day with its weekday."""
    return calendar_day(words, moment.astimezone(STORE_ZONE).date())


def calendar_day(words: Translator, when: date) -> str:
    """A day with its weekday, without the year."""
    weekday = words.text(f"paper.weekday.{when.isoweekday()}")
    return words.text("paper.day", month=words.text(f"paper.month.{when.month}"), day=when.day, weekday=weekday)


def clock(moment: datetime) -> str:
    """Hours and minutes on the store's wall clock."""
    return f"{moment.astimezone(STORE_ZONE):%H:%M}"


def stamp(moment: datetime) -> str:
    """A whole date and time on the store's wall clock."""
    return f"{moment.astimezone(STORE_ZONE):%Y-%m-%d %H:%M}"


def promise(words: Translator, window: Window, mode: Mode | None = None) -> str:
    """The promised time in the fewest characters: only the latest time for instant orders, else from and to."""
    if mode is Mode.INSTANT:
        return words.text("paper.before", time=clock(window.end))
    return f"{clock(window.start)}–{clock(window.end)}"


def promise_day(words: Translator, window: Window) -> str:
    """The day of the promise, or both days where it passes midnight."""
    first, last = day(words, window.start), day(words, window.end)
    return first if first == last else f"{first} – {last}"


def weight(weight_g: int) -> str:
    """Kilograms with two places, or grams below one kilogram."""
    return f"{weight_g} g" if weight_g < 1000 else f"{weight_g / 1000:.2f} kg"


def tail(order_no: str) -> str:
    """The last characters of an order number."""
    return order_no[-TAIL:]


def grouped(code: str) -> str:
    """A short code in groups of four for reading aloud; one with hyphens is grouped already."""
    if "-" in code:
        return code
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))
