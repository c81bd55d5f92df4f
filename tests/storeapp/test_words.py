"""Every code that the rules can give has words; a screen never shows a bare code."""

import pytest

from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.domain.order import Order
from storeapp.domain.rules.registry import EVENTS
from storeapp.i18n import LANGUAGES, Translator


@pytest.mark.parametrize("language", LANGUAGES)
def test_history_has_words_for_every_event_it_can_show(language: str) -> None:
    words = Translator(language)
    shown = [kind for kind, event in EVENTS.items() if event.OF in {Order, Delivery, ExceptionCase}]
    assert [kind for kind in shown if not words.has(f"event.{kind}")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_states_and_kinds_of_exceptions_have_words(language: str) -> None:
    words = Translator(language)
    codes = [f"state.{state}" for state in DeliveryState] + [f"case.{kind}" for kind in ExceptionKind]
    assert [code for code in codes if not words.has(code)] == []
