"""Times as people write them in a chat become a window only where they can mean nothing else."""

import re
from datetime import datetime, time, timedelta

from storeapp.domain.moment import STORE_ZONE, Window, utc

_DAYS = {"今天": 0, "今日": 0, "今晚": 0, "明天": 1, "明日": 1, "明晚": 1, "后天": 2}
_EVENING = {"今晚", "明晚"}
_HALVES = {"早上": 0, "上午": 0, "中午": 12, "下午": 12, "傍晚": 12, "晚上": 12}
_HALF_WORDS = "|".join(_HALVES)


def _clock_pattern(number: int) -> str:
    return (
        rf"(?P<half{number}>{_HALF_WORDS})?\s*(?<![0-9:])(?P<hour{number}>[0-9]{{1,2}})"
        rf"(?:点(?P<part{number}>半|[0-9]{{1,2}}分?)?|:(?P<minute{number}>[0-9]{{2}})(?![0-9:]))"
    )


_DAY = rf"(?P<day>{'|'.join(_DAYS)})?\s*"
_SPAN = re.compile(_DAY + _clock_pattern(1) + r"\s*(?:-|~|到|至|—)\s*" + _clock_pattern(2))
_UNTIL = re.compile(_DAY + _clock_pattern(1) + r"\s*(?:之前|以前|前)")
_ANY = re.compile(
    rf"(?:{'|'.join(_DAYS)})|(?:{_HALF_WORDS})|[0-9]{{1,2}}点|(?<![0-9:])[0-9]{{1,2}}:[0-9]{{2}}(?![0-9:])"
)
_FIRST_PLAIN_HOUR = 8


class UnclearTime(ValueError):
    """A time is mentioned that could mean more than one window."""


def without_time(text: str) -> str:
    """The text with everything that speaks of time taken out."""
    for pattern in (_SPAN, _UNTIL, _ANY):
        text = pattern.sub(" ", text)
    return text.strip()


def read_window(text: str, now: datetime) -> Window:
    """The window that ``14:00-16:00`` or ``今天18点前`` means; without a day it is today's.

    Raises:
        UnclearTime: no such words, more than one time, an hour that could be morning or evening, or a time past.
    """
    spans, untils = list(_SPAN.finditer(text)), list(_UNTIL.finditer(text))
    if len(spans) + len(untils) != 1 or _ANY.search(without_time(text)):
        raise UnclearTime
    match = (spans or untils)[0]
    rest = text[: match.start()] + text[match.end() :]
    if _ANY.search(rest):
        raise UnclearTime
    day = (now.astimezone(STORE_ZONE) + timedelta(days=_DAYS[match["day"] or "今天"])).date()
    evening = match["day"] in _EVENING
    first = datetime.combine(day, _clock(match, 1, evening=evening), STORE_ZONE)
    if not spans:
        midnight = datetime.combine(day, time(), STORE_ZONE)
        return _future(max(now, midnight), first, now)
    inherited = match["half1"] if match["half2"] is None else None
    return _future(
        first, datetime.combine(day, _clock(match, 2, evening=evening, inherited=inherited), STORE_ZONE), now
    )


def _future(start: datetime, end: datetime, now: datetime) -> Window:
    if end <= start or end <= now:
        raise UnclearTime
    return Window(utc(start), utc(end))


def _clock(match: re.Match[str], number: int, *, evening: bool, inherited: str | None = None) -> time:
    half = match[f"half{number}"] or inherited or ("晚上" if evening else None)
    hour = int(match[f"hour{number}"])
    part = match[f"part{number}"] or match[f"minute{number}"] or "0"
    minute = 30 if part == "半" else int(part.removesuffix("分"))
    if half is not None and _HALVES[half] and hour < 12:
        hour += 12 if not (half == "中午" and hour > 2) else 0
    elif half is None and hour < _FIRST_PLAIN_HOUR:
        raise UnclearTime
    if hour > 23 or minute > 59:
        raise UnclearTime
    return time(hour, minute)
