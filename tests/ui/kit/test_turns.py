from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from ui.kit.turns import Turns


class Board(QWidget):
    """Notes when it is painted, and what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def change(self) -> None:
        self.said.append("change")
        self.update()

    def number(self) -> None:
        self.said.append("number")

    @override
    def paintEvent(self, _event: object) -> None:
        self.said.append("paint")


def shown(qtbot: QtBot) -> Board:
    board = Board()
    qtbot.addWidget(board)
    board.show()
    qtbot.waitUntil(lambda: "paint" in board.said)
    board.said.clear()
    return board


def test_what_a_piece_changed_is_painted_and_a_key_answered_before_the_next(qtbot: QtBot):
    board = shown(qtbot)
    turns = Turns(board)
    beats = QTimer(board)
    beats.timeout.connect(lambda: "beat" in board.said[-1:] or board.said.append("beat"))
    beats.start(0)
    turns.ask(board.change, board.number)
    qtbot.waitUntil(lambda: "number" in board.said)
    between = board.said[board.said.index("change") + 1 : board.said.index("number")]
    assert "paint" in between
    assert "beat" in between


def test_a_piece_that_waits_is_not_run_twice_but_behind_what_it_was_asked_with(qtbot: QtBot):
    board = shown(qtbot)
    turns = Turns(board)
    turns.ask(board.number, board.change)
    turns.ask(board.number)
    qtbot.waitUntil(lambda: "number" in board.said)
    assert board.said == ["change", "paint", "number"]
    assert not turns.waiting


def test_a_piece_may_ask_for_itself_again(qtbot: QtBot):
    board = shown(qtbot)
    turns = Turns(board)

    def again() -> None:
        board.number()
        if len(board.said) < 3:
            turns.ask(again)

    turns.ask(again)
    qtbot.waitUntil(lambda: len(board.said) == 3)
