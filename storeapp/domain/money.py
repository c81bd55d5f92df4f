"""Money is integer fen, so that no sum ever loses a cent to binary fractions."""

import re
from typing import NewType

Fen = NewType("Fen", int)

_YUAN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2})0*)?", re.ASCII)


def yuan_to_fen(text: str) -> Fen:
    """Read an amount in yuan, such as ``"374.00"``, exactly.

    Raises:
        ValueError: the text is not a plain decimal with at most two places.
    """
    match = _YUAN.fullmatch(text.strip())
    if match is None:
        raise ValueError("not an amount in yuan")
    sign, whole, places = match.groups()
    fen = int(whole) * 100 + int((places or "").ljust(2, "0"))
    return Fen(-fen if sign else fen)


def fen_to_yuan(amount_fen: int) -> str:
    """Write an amount in yuan with two places, without a currency sign."""
    sign = "-" if amount_fen < 0 else ""
    whole, places = divmod(abs(amount_fen), 100)
    return f"{sign}{whole}.{places:02d}"
