"""Puts codes with data into words for the pages; a code that this program has no words for stays a code."""

from collections.abc import Mapping

from storeapp.i18n import Translator, UnknownText

_WHERE = ("hub.regions.reason.", "refusal.")


def why(words: Translator, code: str, data: Mapping[str, object]) -> str:
    """Why something was left or refused."""
    told = {name: _plain(name, value) for name, value in data.items()}
    for prefix in _WHERE:
        try:
            return words.text(prefix + code, **told)
        except UnknownText:
            continue
    return code


def _plain(name: str, value: object) -> object:
    """A moment to the minute."""
    return str(value)[:16].replace("T", " ") if name == "since" else value
