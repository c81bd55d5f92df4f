"""Puts codes with data into words for the pages; a code that this program has no words for stays a code."""

from collections.abc import Mapping

from storeapp.i18n import Translator, UnknownText

_WHERE = ("hub.regions.reason.", "refusal.")


def why(words: Translator, code: str, data: Mapping[str, object]) -> str:
    """Why something was left or refused."""
    told = {name: _plain(words, name, value) for name, value in data.items()}
    for prefix in _WHERE:
        try:
            return words.text(prefix + code, **told)
        except UnknownText:
            continue
    return code


def _plain(words: Translator, name: str, value: object) -> object:
    """A moment to the minute, and a state by its name."""
    if name == "state" and words.has(f"state.{value}"):
        return words.text(f"state.{value}")
    return str(value)[:16].replace("T", " ") if name == "since" else value
