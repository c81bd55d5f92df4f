from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.kit import samples
from ui.kit.board import BoardColumn, Columns
from ui.kit.card_list import CardList, CardModel
from ui.kit.cards import initials
from ui.kit.paint import delivery_mime
from ui.kit.parts import hbox

KEYS = ("waiting", "assigned", "custody", "attention")


@pytest.fixture
def board(qtbot):
    page = QWidget()
    made = Columns([BoardColumn(key, key, "nothing", takes_back=key == "waiting") for key in KEYS], page)
    row = hbox(page)
    for column in made.panels:
        row.addWidget(column.frame, 1)
    made.guide_ids = ("g1", "g2", "g3", "g4", "g5")
    qtbot.addWidget(page)
    page.resize(1300, 700)
    made.set_cards(samples.board("en"))
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    made.select("d2291")
    yield made
    page.close()


def press(qtbot, board, key):
    focused = next(board.panel(key).list for key in KEYS if board.panel(key).list.currentIndex().isValid())
    qtbot.keyClick(focused, key)


def drop(target, delivery, point):
    data = delivery_mime(delivery)
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(point, Qt.DropAction.CopyAction, data, buttons, modifiers)
    QApplication.sendEvent(target, enter)
    event = QDropEvent(QPointF(point), Qt.DropAction.CopyAction, data, buttons, modifiers, QEvent.Type.Drop)
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def test_enter_accepts_the_proposal(qtbot, board):
    with qtbot.waitSignal(board.accept_requested) as asked:
        press(qtbot, board, Qt.Key.Key_Return)
    assert asked.args == ["d2291"]


def test_enter_opens_a_card_without_a_proposal(qtbot, board):
    board.select("d2299")
    with qtbot.waitSignal(board.opened) as asked:
        press(qtbot, board, Qt.Key.Key_Return)
    assert asked.args == ["d2299"]


def test_a_digit_assigns_to_that_guide(qtbot, board):
    with qtbot.waitSignal(board.assign_requested) as asked:
        press(qtbot, board, Qt.Key.Key_3)
    assert asked.args == ["d2291", "g3"]


def test_a_digit_without_a_guide_does_nothing(qtbot, board):
    with qtbot.assertNotEmitted(board.assign_requested):
        press(qtbot, board, Qt.Key.Key_9)


def test_delete_takes_an_assigned_card_back(qtbot, board):
    with qtbot.assertNotEmitted(board.unassign_requested):
        press(qtbot, board, Qt.Key.Key_Delete)
    board.select("d2298")
    with qtbot.waitSignal(board.unassign_requested) as asked:
        press(qtbot, board, Qt.Key.Key_Delete)
    assert asked.args == ["d2298"]


def test_arrows_move_within_and_across_columns(qtbot, board):
    seen = []
    board.selected.connect(seen.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        press(qtbot, board, key)
    assert seen == ["d2294", "d2289", "d2290", "d2283", "d2288"]


def test_arrows_skip_empty_columns(qtbot, board):
    cards = samples.board("en")
    board.set_cards({"waiting": cards["waiting"], "attention": cards["attention"]})
    press(qtbot, board, Qt.Key.Key_Right)
    assert board.selected_id() == "d2283"


def test_one_card_is_selected_at_a_time(board):
    board.select("d2288")
    marked = [key for key in KEYS if board.panel(key).list.currentIndex().isValid()]
    assert marked == ["custody"]


def test_a_card_dropped_on_waiting_is_taken_back(qtbot, board):
    with qtbot.waitSignal(board.unassign_requested) as asked:
        drop(board.panel("waiting").list.viewport(), "d2298", QPoint(40, 500))
    assert asked.args == ["d2298"]


def test_the_selection_survives_new_cards(board):
    cards = samples.board("en")
    moved = cards["waiting"].pop(0)
    cards["assigned"].insert(0, moved)
    board.set_cards(cards)
    assert board.selected_id() == "d2291"
    assert board.panel("assigned").list.currentIndex().row() == 0
    board.set_cards({})
    assert board.selected_id() is None


def test_cards_can_be_heard(board):
    words = board.panel("waiting").list.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Ms Zhou" in words
    assert "28 min" in words
    assert "Chen Jing" in words


def test_the_card_model_keeps_qt_s_contract(qapp):
    model = CardModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    cards = samples.board("zh_CN")["waiting"]
    for shown in (cards, cards[1:], [], cards):
        model.set_cards(shown)
    assert model.rowCount() == len(cards)
    assert tester is not None


@pytest.mark.parametrize(("name", "short"), [("陈静", "陈"), ("Chen Jing", "CJ"), ("Ada", "A"), ("", "?")])
def test_people_get_initials(name, short):
    assert initials(name) == short


def test_new_and_gone_cards_leave_the_others_in_their_place(qtbot):
    many = [replace(samples.board("en")["waiting"][0], id=f"d{n}") for n in range(30)]
    made = CardList(name="n", empty="")
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.show()
    made.set_cards(many, None)
    qtbot.waitUntil(lambda: made.verticalScrollBar().maximum() > 500)
    made.verticalScrollBar().setValue(500)
    shown = made.indexAt(made.viewport().rect().center()).row()
    top = made.visualRect(made.model().index(shown)).y()
    resets = []
    made.model().modelReset.connect(lambda: resets.append(1))
    made.set_cards([replace(many[0], id="new"), *many[2:10], *many[11:]], None)
    row = [card.id for card in made.cards].index(f"d{shown}")
    assert made.visualRect(made.model().index(row)).y() == top
    assert not resets
    made.set_cards(list(reversed(many)), None)
    assert [card.id for card in made.cards] == [card.id for card in reversed(many)]
