"""Every refusal that the code can give has words in both languages, and the words need only what it carries."""

import ast
from pathlib import Path
from string import Formatter

import pytest

from storeapp.i18n import LANGUAGES, catalogue

PACKAGE = Path(__file__).parents[2] / "storeapp"


def refusals() -> dict[str, set[str]]:
    """The codes of all refusals in the source, each with the data that every one of its places gives."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
                for code in _codes(node.args[0]):
                    found[code] = found.get(code, _data(node, code)) & _data(node, code)
    return found


def _codes(argument: ast.expr) -> set[str]:
    return {n.value for n in ast.walk(argument) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _data(call: ast.Call, code: str) -> set[str]:
    """The names of the data; what the source does not spell out is taken to be all that the words need."""
    if len(call.args) < 2:
        return set()
    if not isinstance(call.args[1], ast.Dict):
        return _needed(catalogue("en").get(f"refusal.{code}", ""))
    return {key.value for key in call.args[1].keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _needed(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_words(language: str):
    assert {f"refusal.{code}" for code in refusals()} - set(catalogue(language)) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_need_only_what_the_refusal_carries(language: str):
    texts = catalogue(language)
    lacking = {
        code: needed - data for code, data in refusals().items() if (needed := _needed(texts[f"refusal.{code}"])) - data
    }
    assert lacking == {}
