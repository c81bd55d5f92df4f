"""Turns stable codes into words: Chinese first, English second; only screens, slips and the CLI use it."""

import json
from functools import lru_cache
from importlib.resources import files

LANGUAGES = ("zh_CN", "en")


class UnknownText(KeyError):
    """A code without words: a bug of ours, never shown as an empty label."""


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> dict[str, str]:
    """All texts of one language, from every area file; a code stands in one file only.

    Raises:
        ValueError: two area files define the same code.
        FileNotFoundError: the language has no translations.
    """
    texts: dict[str, str] = {}
    folder = files("resources").joinpath("translations", language)
    for area in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not area.name.endswith(".json"):
            continue
        for code, text in json.loads(area.read_text("utf-8")).items():
            if code in texts:
                raise ValueError(f"text {code} is defined twice")
            texts[code] = text
    return texts


class Translator:
    """Words of one language for codes with named data, such as ``text("verdict.expired", minutes=5)``."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = catalogue(language)

    def text(self, code: str, /, **data: object) -> str:
        """The words for a code.

        Raises:
            UnknownText: there is no such code, or its words need data that was not given.
        """
        try:
            return self._texts[code].format(**data)
        except KeyError as missing:
            raise UnknownText(code) from missing

    def has(self, code: str) -> bool:
        """Whether the code has words."""
        return code in self._texts
