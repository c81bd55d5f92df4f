"""Crockford's base 32, for codes that people read aloud and type: no letter looks like a digit.

https://www.crockford.com/base32.html
"""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_FORGIVEN = str.maketrans("OIL", "011", "- \t\r\n")


def write(number: int, length: int) -> str:
    """The lowest ``5 * length`` bits of a number, highest first."""
    odd, shift = length % 2, 5 * length - 5 * (length % 2)
    first = ALPHABET[number >> shift & 31] if odd else ""
    return first + "".join([_PAIRS[number >> at & 1023] for at in range(shift - 10, -1, -10)])


def tidy(typed: str) -> str | None:
    """Upper case without dashes and blanks, O read as 0, I and L as 1; None where a letter is not of the alphabet."""
    text = typed.upper().translate(_FORGIVEN)
    return text if all(letter in _VALUES for letter in text) else None


def number(text: str) -> int:
    """The number a tidied text stands for."""
    total = 0
    for letter in text:
        total = total << 5 | _VALUES[letter]
    return total


def check_letter(text: str) -> str:
    """The letter that closes a text so that `is_checked` holds.

    The text is a polynomial over GF(32) (modulo x^5 + x^2 + 1) with its root at the field's generator, so
    every single wrong letter and every swap of two letters shows in texts of up to 31 letters.
    """
    return ALPHABET[_doubled(_remainder(text))]


def write_checked(number: int, length: int) -> str:
    """What `write` writes with its `check_letter` behind it, for whoever has thousands to write."""
    shift = 5 * length
    value, text = 0, ""
    if length % 2:
        shift -= 5
        value = number >> shift & 31
        text = ALPHABET[value]
    for at in range(shift - 10, -1, -10):
        pair = number >> at & 1023
        text += _PAIRS[pair]
        value = _TWICE[_TWICE[value]] ^ _REMAINDERS[pair]
    return text + ALPHABET[_TWICE[value]]


def is_checked(text: str) -> bool:
    """Whether a tidied text ends with its check letter."""
    return bool(text) and _remainder(text) == 0


def _doubled(value: int) -> int:
    return value << 1 ^ (0b100101 if value & 16 else 0)


def _remainder(text: str) -> int:
    value = 0
    for letter in text:
        value = _TWICE[value] ^ _VALUES[letter]
    return value


_TWICE = tuple(_doubled(value) for value in range(32))
_REMAINDERS = tuple(_remainder(pair) for pair in _PAIRS)
