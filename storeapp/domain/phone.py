"""Phone numbers arrive written in many ways; one reading decides what can be dialled and what only looks like it."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_MASK = re.compile(r"[0-9][*•●×xX#]{2,}|[*•●]")
_EXTENSION = re.compile(r"(?P<main>.*[0-9])\s*(?:转|分机|ext\.?|[,;#xX])\s*(?P<extension>[0-9]{1,6})", re.IGNORECASE)
_VIRTUAL = re.compile(r"(?P<main>(?:\+?86[ -]?)?1[3-9][0-9]{9})-(?P<extension>[0-9]{1,6})")
_PUNCTUATION = re.compile(r"[\s\-()./'·]")
_COUNTRY = re.compile(r"^(?:\+86|0086|86(?=1[3-9][0-9]{9}$))")
_DIALLABLE = re.compile(r"1[3-9][0-9]{9}|0[1-9][0-9]{8,10}|[2-9][0-9]{6,7}|400[0-9]{7}")
_LONGEST = 64


class PhoneState(StrEnum):
    """Whether a phone can be dialled."""

    USABLE = "usable"
    MISSING = "missing"
    MASKED = "masked"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as digits without country code; empty unless ``state`` is usable."""

    state: PhoneState
    number: str = ""
    extension: str = ""


def parse_phone(text: str) -> Phone:
    """Read a phone number of mainland China as people and platforms write it.

    Full-width digits, spaces, dashes and +86 are taken away. A number with hidden digits is masked, anything
    else that cannot be dialled is invalid; neither is ever completed.
    """
    text = unicodedata.normalize("NFKC", text).strip() if len(text) <= _LONGEST else "?"
    if not text.strip(" '-"):
        return Phone(PhoneState.MISSING)
    if _MASK.search(text):
        return Phone(PhoneState.MASKED)
    split = _VIRTUAL.fullmatch(text) or _EXTENSION.fullmatch(text)
    main, extension = (split["main"], split["extension"]) if split else (text, "")
    number = _COUNTRY.sub("", _PUNCTUATION.sub("", main))
    if not _DIALLABLE.fullmatch(number):
        return Phone(PhoneState.INVALID)
    return Phone(PhoneState.USABLE, number, extension)
