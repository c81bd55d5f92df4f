from PySide6.QtCore import Qt

from storeapp.domain.order import OrderStatus
from storeapp.services.orders import cancel
from storeapp.services.queries import board
from storeapp.services.search import HitKind, find
from tests.ui.demo import MANAGER


def test_an_exact_number_comes_first(demo_home):
    counter = demo_home.open()
    row = board(counter).waiting[0]
    assert find(counter, row.order_no)[0].id == row.id
    counter.close()


def test_open_orders_come_before_closed_ones(demo_home):
    counter = demo_home.open()
    hits = [hit for hit in find(counter, "BL-0") if hit.row]
    cancel(counter, MANAGER, hits[0].row.order_id, "customer_asked")
    states = [hit.row.status is OrderStatus.OPEN for hit in find(counter, "BL-0") if hit.row]
    assert states == sorted(states, reverse=True)
    counter.close()


def test_articles_and_guides_are_found_by_name(demo_home):
    counter = demo_home.open()
    assert find(counter, "赵艳")[0].kind is HitKind.GUIDE
    assert find(counter, "面霜")[0].kind is HitKind.SKU
    assert find(counter, "  ") == []
    counter.close()


def test_a_phone_is_found_by_its_end(demo_home):
    counter = demo_home.open()
    known = [row for row in board(counter).waiting if row.person.phone]
    end = known[0].person.phone[-2:]
    assert any(hit.kind is HitKind.ORDER for number in range(100) for hit in find(counter, f"{number:02}{end}"))
    counter.close()


def test_typing_finds_and_enter_goes_there(qtbot, window, settled, monkeypatch):
    gone = []
    monkeypatch.setattr(window.desk, "go", lambda page, subject: gone.append((page, subject)))
    finder = window.shell.finder
    window.shell.activateWindow()
    finder.setFocus()
    qtbot.keyClicks(finder, "BL-002")
    settled()
    names = [found.text for found in finder.results()]
    assert "舒缓面霜50g" in names
    while finder.results()[finder._list().currentIndex().row()].id != "sku:BL-002":
        qtbot.keyClick(finder, Qt.Key.Key_Down)
    qtbot.keyClick(finder, Qt.Key.Key_Return)
    assert gone == [("stock", "BL-002")]


def test_leaving_the_search_gives_the_keys_back_to_the_page(qtbot, window, settled):
    window.go("orders")
    settled()
    window.shell.activateWindow()
    finder = window.shell.finder
    finder.setFocus()
    qtbot.keyClicks(finder, "x")
    qtbot.keyClick(finder, Qt.Key.Key_Escape)
    assert window.shell.focusWidget() is window.page("orders").list.table


def test_a_search_that_finds_nothing_says_so_and_leads_nowhere(qtbot, window, settled):
    finder = window.shell.finder
    window.shell.activateWindow()
    finder.setFocus()
    qtbot.keyClicks(finder, "zzz")
    settled()
    assert "zzz" in finder.results()[-1].text
    qtbot.keyClick(finder, Qt.Key.Key_Return)
    assert finder.text() == "zzz"
