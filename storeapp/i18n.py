"""Turns stable codes into words: Chinese first, English second; only screens, slips and the CLI use it."""

import json
from functools import lru_cache
from importlib.resources import files
from string import Formatter

LANGUAGES = ("zh_CN", "en")
ONE = "#one"
"""What the code of a text ends with that stands for another where its first number is 1; Chinese needs none."""


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


@lru_cache(maxsize=len(LANGUAGES))
def _singulars(language: str) -> dict[str, tuple[str, str]]:
    """By code, what is counted in a text, and the text for one of it."""
    texts = catalogue(language)
    ones = ((code.removesuffix(ONE), text) for code, text in texts.items() if code.endswith(ONE))
    return {code: (_first_field(texts[code]), text) for code, text in ones}


def _first_field(text: str) -> str:
    return next(name for _, name, _, _ in Formatter().parse(text) if name)


class Translator:
    """Words of one language for codes with named data, such as ``text("verdict.expired", minutes=5)``."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = catalogue(language)
        self._singulars = _singulars(language)

    def text(self, code: str, /, **data: object) -> str:
        """The words for a code, in the singular where the language has one and the first number in them is 1.

        Raises:
            UnknownText: there is no such code, or its words need data that was not given.
        """
        counted, one = self._singulars.get(code, ("", ""))
        try:
            return (one if one and str(data.get(counted)) == "1" else self._texts[code]).format(**data)
        except KeyError as missing:
            raise UnknownText(code) from missing

    def has(self, code: str) -> bool:
        """Whether the code has words."""
        return code in self._texts
