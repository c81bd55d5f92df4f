"""Every problem with the hub, and every answer of the hub to a command, has words in both languages."""

import ast
from pathlib import Path
from string import Formatter

import pytest

from hub.problems import STATUS
from storeapp.i18n import LANGUAGES, catalogue

ROOT = Path(__file__).parents[2]
OURS = {"offline", "hub_trouble", "not_enrolled", "busy_elsewhere", "sync_failed", "rows_unread"}
ENROLMENT = {"enrolled_already", "other_store", "answer_not_for_us"}


def answers() -> set[str]:
    """The codes with which the hub refuses or parks a command before a rule has seen it."""
    trees = [ast.parse((ROOT / "hub" / name).read_text("utf-8")) for name in ("decisions.py", "preparing.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    named = [call.args[0] for call in calls if call.func.attr in {"refuse", "park"} and call.args]
    return {name.value for name in named if isinstance(name, ast.Constant)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_words(language: str) -> None:
    needed = {f"sync.problem.{code}" for code in {*STATUS, *OURS, *ENROLMENT}}
    assert needed - set(catalogue(language)) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_has_words(language: str) -> None:
    assert len(answers()) == 8
    assert {f"refusal.{code}" for code in answers()} - set(catalogue(language)) == set()


def test_words_need_only_what_the_hub_sends() -> None:
    texts = catalogue("en")
    needed = {name for code in answers() for _, name, _, _ in Formatter().parse(texts[f"refusal.{code}"]) if name}
    assert needed <= {"kind", "store", "command"}
