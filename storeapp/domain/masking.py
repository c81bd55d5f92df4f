"""What a slip or a list may show of a person: GB/T 41833-2022 hides part of the name, the phone and the room."""

import unicodedata

from storeapp.domain.address import parse_address

_MOST_STARS = 3
_HIDDEN_DIGITS = 6


def mask_name(name: str) -> str:
    """The first character, the others as stars (three at most); a single character is hidden altogether."""
    name = name.strip()
    if len(name) < 2:
        return "*" * len(name)
    return name[0] + "*" * min(len(name) - 1, _MOST_STARS)


def mask_phone(phone: str) -> str:
    """At most the first three and last two digits; six or more are always hidden, a shorter number entirely."""
    digits = [sign for sign in unicodedata.normalize("NFKC", phone) if sign.isdigit() or sign == "*"]
    shown = max(0, len(digits) - _HIDDEN_DIGITS)
    tail = min(2, shown)
    head = min(3, shown - tail)
    stars = "*" * (len(digits) - head - tail)
    return "".join(digits[:head]) + stars + "".join(digits[len(digits) - tail :] if tail else [])


def mask_address(address: str) -> str:
    """The address down to the house, without unit, floor and room."""
    return parse_address(address).masked()
