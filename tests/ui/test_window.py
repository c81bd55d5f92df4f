import pytest

from storeapp.services.queries import counts
from storeapp.store.cache import reset
from tests.ui.demo import MANAGER
from ui.kit.keymap import Key


@pytest.mark.parametrize(
    ("language", "words"), [("zh_CN", "徐家汇店 · 11 月 21 日 周六"), ("en", "徐家汇店 · Sat 21 Nov")]
)
def test_the_bar_says_where_and_when(window, words):
    assert window.shell._top.subtitle.text() == words


def test_an_act_goes_on_at_once_when_somebody_is_signed_in(desk):
    done = []
    desk.signed_in(lambda: done.append(True))
    assert done == [True]


def test_a_lost_cache_is_made_again_beside_the_window(qapp, qtbot, demo_home):
    from ui.run import make_window

    reset(demo_home.path / "cache.db")
    window = make_window(qapp, demo_home, language="zh_CN")
    window.session.sign_in(MANAGER, "manager")
    window.start()
    found = []
    qtbot.waitUntil(lambda: window.backend.tasks.pending() == 0)
    window.backend.read(counts, done=found.append)
    qtbot.waitUntil(lambda: bool(found))
    window.close()
    assert found[0].open > 10


def test_long_catching_up_shows_how_far_it_is(qapp, qtbot, demo_home, monkeypatch):
    from ui import backend
    from ui.run import make_window

    monkeypatch.setattr(backend, "FEW_COMMANDS", 0)
    reset(demo_home.path / "cache.db")
    window = make_window(qapp, demo_home, language="zh_CN")
    told = []
    monkeypatch.setattr(window, "_show_catching_up", lambda done, total: told.append((done, total)))
    with qtbot.waitSignal(window.backend.changed):
        window.start()
    window.close()
    assert told[-1][0] == told[-1][1] > 10


def test_an_enrolment_by_another_program_is_seen(window, qtbot, settled):
    from ui.kit.frame import SyncState

    settled()
    window.backend.read(lambda counter: counter.enrolled, done=lambda enrolled: seen.append(enrolled))
    seen = []
    qtbot.waitUntil(lambda: seen == [False])
    other = window.backend.open_counter()
    with other.journal.writing():
        other.journal.identify(hub="https://hub.shop.test", hub_transport_key="00" * 32)
    other.close()
    shown = []
    window.shell.show_sync = lambda state, _count=0, _share=0: shown.append(state)
    qtbot.waitUntil(lambda: bool(shown) and shown[-1] is not SyncState.ALONE)


def test_customers_whose_time_is_over_are_forgotten_without_anybody_closing_the_day(window, settled, demo_home):
    from datetime import timedelta

    from storeapp.domain.order import Order, OrderStatus

    kept = []

    def sealed(counter):
        over = [o for o in counter.cache.every(Order) if o.status is not OrderStatus.OPEN]
        return len(over), sum(bool(o.sealed) for o in over)

    settled()
    demo_home.clock.moment += timedelta(days=30)
    window._forget()
    window.backend.read(sealed, done=kept.append)
    settled()
    over, still = kept[0]
    assert over > 0
    assert still == 0, window.shell._top.message.said()


def test_no_key_means_one_thing_here_and_another_there(window):
    for page in window._pages:
        window.page(page)
    bound = [action for action in window.actions.all() if action.shortcut]
    assert [action.id for action in bound if not isinstance(action.shortcut, Key)] == []
    places = [(action.id.partition(".")[0], action.shortcut) for action in bound]
    assert len(places) == len(set(places))


def test_a_closed_window_signs_nobody_out_any_more(qtbot, open_window):
    window = open_window(())
    window.start()
    qtbot.waitUntil(lambda: window.backend.tasks.pending() == 0)
    window.close()
    told = []
    window.session.signed_out.connect(lambda: told.append(True))
    window.session._idle.timeout.emit()
    assert not window.session._idle.isActive()
    assert told == []
