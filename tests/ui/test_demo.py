"""The demo home that the pages are tested with has something of each kind."""

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
