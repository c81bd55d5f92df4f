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


def fetching(**told):
    return {"step": SyncStep.FETCHING, "feed": "store:XH", "total": 2000, "received_bytes": 3_400_000} | told


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_first_snapshot_is_told_in_rows_bytes_and_time(joined, hub, window, settled, qtbot):
    tell(hub, settled, qtbot, **fetching(done=0))
    assert joined.transfer.isVisible()
    assert joined.transfer._left.text() == window.desk.words.text("sync.transfer.untold")
    tell(hub, settled, qtbot, **fetching(done=500, left_s=130.0))
    said = joined.transfer._count.text() + joined.transfer._left.text()
    assert all(figure in said for figure in ("500", "2,000", "3.4 MB", "2"))
    assert "25%" in joined.transfer._share.text()
    assert "25%" in chip(window)


def test_a_cut_keeps_the_bar_where_it_was(joined, hub, window, settled, qtbot):
    tell(hub, settled, qtbot, **fetching(done=500, left_s=30.0))
    tell(hub, settled, qtbot, step=SyncStep.WAITING, problem="offline")
    assert joined.transfer._bar.value() == 250
    assert joined.transfer._left.text() == "连上后从这里接着来"
    assert "25%" in chip(window)
    # The next try begins with something small, which has no bar of its own.
    tell(hub, settled, qtbot, step=SyncStep.SENDING, total=3)
    assert joined.transfer._bar.value() == 250
    tell(hub, settled, qtbot, **fetching(done=500))
    tell(hub, settled, qtbot, received_at=datetime.now(UTC))
    assert not joined.transfer.isVisible()
    assert chip(window) == "已同步"


def test_a_small_exchange_has_no_bar_and_pages_are_no_exchanges(joined, hub, settled, qtbot):
    before = len(joined.desk.sync.attempts)
    for done in (1, 2):
        tell(hub, settled, qtbot, **fetching(done=done, total=20, received_at=datetime.now(UTC)))
        assert not joined.transfer.isVisible()
    assert len(joined.desk.sync.attempts) == before


@pytest.mark.parametrize(
    ("left_s", "said"),
    [(3, "马上就好"), (34, "40 秒"), (88, "90 秒"), (100, "2 分钟"), (4000, "67 分钟"), (9000, "2 小时")],
)
def test_the_time_left_is_no_finer_than_the_estimate(page, left_s, said):
    assert said in page.transfer.left(left_s)


def test_an_act_is_offered_to_the_hub_at_once(joined, hub, window, settled):
    before = hub.nudges
    window.backend.act(lambda counter, actor: receive(counter, actor, "BL-001", 2))
    settled()
    assert hub.nudges == before + 1
