"""A reason as a program reads it: its code, its words, and its data."""

from storeapp.domain.dispatch import Reason
from storeapp.services.reasons import ReasonWords


def coded(words: ReasonWords, reason: Reason) -> dict[str, object]:
    """One reason."""
    return {"code": reason.code, "text": words.text(reason)} | dict(reason.data)
