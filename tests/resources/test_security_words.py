from string import Formatter

import pytest

from storeapp.adapters.sealing import SealBroken
from storeapp.adapters.transport_keys import TransportError
from storeapp.adapters.vault_errors import VaultError
from storeapp.domain.certificate import ChainProblem
from storeapp.domain.token import MalformedReason
from storeapp.domain.verdict import Verdict
from storeapp.i18n import LANGUAGES, catalogue
from storeapp.store.errors import StoreError
from storeapp.store.pins import PinWeakness


def leaves(kind: type[Exception]) -> set[str]:
    """Codes of every class below the root of an error tree."""
    codes: set[str] = set()
    for child in kind.__subclasses__():
        codes |= {vars(child)["code"]} | leaves(child)
    return codes


def fields(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def needed() -> set[str]:
    verdicts = {f"verdict.{verdict}.{part}" for verdict in Verdict for part in ("title", "reason", "next")}
    whys = {f"verdict.malformed.why.{reason}" for reason in MalformedReason}
    errors = leaves(StoreError) | leaves(VaultError) | leaves(TransportError) | {SealBroken.code} | set(PinWeakness)
    problems = {f"error.certificate_{problem}" for problem in ChainProblem}
    return verdicts | whys | problems | {f"error.{code}" for code in errors}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_and_every_failure_has_words(language: str) -> None:
    assert needed() - set(catalogue(language)) == set()


def test_both_languages_need_the_same_data() -> None:
    chinese, english = (catalogue(language) for language in LANGUAGES)
    assert [code for code in sorted(needed()) if fields(chinese[code]) != fields(english[code])] == []


def test_words_of_verdicts_need_only_what_a_scan_knows() -> None:
    texts = {code: text for code, text in catalogue("en").items() if code.startswith("verdict.")}
    assert set().union(*(fields(text) for text in texts.values())) == {"guide", "time"}
