"""Something wrong with an order is reported from the window, and waits under what needs attention."""

import pytest
from PySide6.QtWidgets import QDialog

from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.i18n import LANGUAGES
from ui.pages.order_forms import REPORTED

WAIT_MS = 30_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page_id", ["orders", "board"])
def test_a_lost_parcel_is_reported(window, qtbot, settled, page_id, language):
    window.go(page_id)
    settled()
    page = window.page(page_id)
    qtbot.waitUntil(lambda: page.picked() is not None, timeout=WAIT_MS)
    delivery = page.picked().id
    window.actions.trigger(f"{page_id}.report")
    dialog = next(child for child in page.findChildren(QDialog) if child.isVisible())
    dialog.form.set_value("kind", ExceptionKind.LOST)
    dialog.accept()
    qtbot.waitUntil(lambda: ExceptionKind.LOST in kinds(window, qtbot, delivery), timeout=WAIT_MS)


def kinds(window, qtbot, delivery):
    found = []
    window.backend.read(
        lambda counter: [case.kind for case in counter.cache.every(ExceptionCase) if case.subject == delivery],
        done=found.append,
    )
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    return found[0]


def test_every_kind_that_can_be_reported_has_words(window):
    assert all(window.desk.words.text(f"case.{kind}") for kind in REPORTED)
