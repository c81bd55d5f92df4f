"""Every code has words in both languages, and no word is without a code."""

import pytest

from storeapp.adapters.intake.codes import DRAFT_NEEDS, FILE_ERRORS, NEEDS, ROW_ERRORS, SERVICE_NEEDS, SKIPS
from storeapp.i18n import LANGUAGES, Translator, catalogue

ERRORS = {f"intake.error.{code}" for code in FILE_ERRORS | ROW_ERRORS | SKIPS}
NEED_CODES = {f"need.{code}" for code in NEEDS | DRAFT_NEEDS | SERVICE_NEEDS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    translator = Translator(language)
    assert [code for code in ERRORS | NEED_CODES if not translator.has(code)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_error_word_is_left_over(language: str) -> None:
    assert {code for code in catalogue(language) if code.startswith("intake.error.")} == ERRORS
