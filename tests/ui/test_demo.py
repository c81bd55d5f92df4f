"""The demo home that the pages are tested with has something of each kind."""

from storeapp.services.addresses import known_buildings
from storeapp.services.queries import board


def test_every_column_of_the_board_holds_a_delivery(demo_home):
    counter = demo_home.open()
    try:
        shown = board(counter)
    finally:
        counter.close()
    assert all((shown.waiting, shown.assigned, shown.out, shown.back, shown.done))


def test_a_window_opens_without_pages_and_closes(open_window, qtbot):
    window = open_window(())
    window.start()
    qtbot.waitUntil(lambda: window.backend.tasks.pending() == 0)


def test_the_address_book_stands_in_the_order_of_its_addresses(demo_home):
    counter = demo_home.open()
    try:
        rows = known_buildings(counter)
    finally:
        counter.close()
    assert rows
    assert rows == sorted(rows, key=lambda row: (row.city, row.district, row.street, row.lane))
