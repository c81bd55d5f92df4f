"""The sync page with a hub that the test plays."""

from datetime import UTC, datetime, timedelta

import pytest

from storeapp.services.ports import SyncStatus, SyncStep
from storeapp.services.stock import receive
from tests.ui.demo import MANAGER
from tests.ui.fake_sync import FakeSync
from ui.run import make_window

HUB = "https://hub.shop.test"


@pytest.fixture
def hub():
    return FakeSync()


@pytest.fixture
def window(qapp, qtbot, demo_home, language, hub):
    made = make_window(qapp, demo_home, language=language, sync=hub)
    crashes = []
    made.backend.tasks.crashed.connect(crashes.append)
    made.session.sign_in(MANAGER, "manager")
    made.start()
    qtbot.waitUntil(lambda: hub.tell is not None)
    made.go("sync")
    qtbot.waitUntil(lambda: made.backend.tasks.pending() == 0)
    yield made
    qtbot.waitUntil(lambda: made.backend.tasks.pending() == 0)
    made.close()
    assert hub.stopped
    assert not crashes


@pytest.fixture
def page(window):
    return window.page("sync")


@pytest.fixture
def joined(page, settled):
    join(page, settled)
    return page


def join(page, settled):
    page.enrol.form.set_value("url", HUB + "/")
    page.enrol.form.set_value("code", "K7-2F")
    page.enrol.button.click()
    settled()


def tell(hub, settled, qtbot, **status):
    hub.tell(SyncStatus(**({"step": SyncStep.RESTING} | status)))
    qtbot.wait(1)
    settled()


def chip(window):
    return window.shell._top._sync.text()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_counter_on_its_own_is_told_what_that_means(page, window):
    assert page._side.currentWidget() is page.enrol
    assert page._why.text()


def test_a_code_joins_the_hub(joined, hub):
    assert hub.enrolled_at == [(HUB, "K7-2F")]
    assert hub.nudges
    assert joined._side.currentWidget() is joined.attempts
    assert joined._values["hub"].text() == HUB


def test_a_refused_code_is_named_in_the_form(page, hub, settled):
    hub.refuse = "enrol_code_wrong"
    join(page, settled)
    assert "没有这个接入码" in page.enrol.form.error("code")


def test_an_address_must_be_one(page, hub, settled):
    page.enrol.form.set_value("url", "hub")
    page.enrol.button.click()
    settled()
    assert page.enrol.form.error("url")
    assert page.enrol.form.error("code")
    assert not hub.enrolled_at


def test_offline_is_amber_with_a_count_and_the_next_try(joined, hub, window, settled, qtbot):
    window.backend.act(lambda counter, actor: receive(counter, actor, "BL-001", 2))
    settled()
    soon = datetime.now(UTC) + timedelta(minutes=5)
    tell(hub, settled, qtbot, step=SyncStep.WAITING, problem="offline", pending=1, next_try_at=soon)
    assert "离线可用" in chip(window)
    assert "分钟" in joined._values["retry"].text()
    assert joined.desk.sync.attempts[0].problem == "offline"


def test_only_a_receipt_is_success(joined, hub, window, settled, qtbot):
    assert "待传" in chip(window)
    tell(hub, settled, qtbot, received_at=datetime.now(UTC))
    assert chip(window) == "已同步"
    assert not joined.desk.sync.attempts[0].problem


def test_a_problem_that_needs_a_person_is_not_called_offline(joined, hub, window, settled, qtbot):
    tell(hub, settled, qtbot, step=SyncStep.WAITING, problem="revoked", next_try_at=datetime.now(UTC))
    assert chip(window) == "同步需要处理"
    assert "停用" in joined._why.text()


def test_an_act_is_offered_to_the_hub_at_once(joined, hub, window, settled):
    before = hub.nudges
    window.backend.act(lambda counter, actor: receive(counter, actor, "BL-001", 2))
    settled()
    assert hub.nudges == before + 1
