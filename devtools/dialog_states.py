"""Opens every dialog of the window, one after the other, to be looked at."""

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPlainTextEdit

from devtools.demo_home import DEMO, FILES
from devtools.desk_states import Settle
from storeapp.store.salvage_rows import Salvaged
from ui.entry.trouble import SalvageDialog
from ui.kit.errors import ErrorDialog, details_of
from ui.pages.order_chat import ChatDialog
from ui.window import Window

CHAT = "张三 13800138000\n上海市徐汇区天平路46弄9号203室\n保湿精华液30ml 2支，舒缓面霜一瓶\n下午五点到六点送，放门卫"
BOARD = ("board.assign",)
ORDERS = ("new", "correct", "locate", "reschedule", "cancel", "split", "report")
GUIDES = ("new", "edit", "hours", "badge", "run_sheet")
HANDOFF = ("code", "deliver", "return", "pass_on", "record", "run_sheet")
SECTIONS = ("machine", "printing", "staff", "policy", "dispatch", "area", "travel", "data", "about")


def open_dialogs() -> list[QDialog | QMenu]:
    """What stands over the window now, the oldest first."""
    found = [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog | QMenu) and each.isVisible()]
    return sorted(found, key=lambda each: isinstance(each, QMenu))


def close_dialogs(window: Window, settle: Settle) -> None:
    """Leave everything that stands over the window."""
    for each in reversed(open_dialogs()):
        each.close()
    settle(window)


def dialog_states(window: Window, settle: Settle) -> Iterator[str]:
    """All of them; each name begins with its page."""
    for states in (_orders, _board, _handoff, _guides, _settings, _frame):
        yield from states(window, settle)
        close_dialogs(window, settle)


def _triggered(window: Window, settle: Settle, page: str, acts: tuple[str, ...]) -> Iterator[str]:
    for act in acts:
        window.actions.trigger(f"{page}.{act}")
        settle(window)
        yield f"{page}-{act}"
        yield from _empty_answer(window, settle, f"{page}-{act}-wrong")
        close_dialogs(window, settle)


def _empty_answer(window: Window, settle: Settle, name: str) -> Iterator[str]:
    """What a form says to Enter in empty fields."""
    dialog = next(iter(open_dialogs()), None)
    if dialog is None or not name.startswith(("orders-new", "guides-new", "handoff-code", "handoff-deliver")):
        return
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    settle(window)
    if dialog.isVisible():
        yield name


def _orders(window: Window, settle: Settle) -> Iterator[str]:
    window.go("orders")
    settle(window)
    yield from _triggered(window, settle, "orders", ORDERS)
    yield from _imports(window, settle)
    window.actions.trigger("orders.paste")
    settle(window)
    chat = next(each for each in open_dialogs() if isinstance(each, ChatDialog))
    chat.findChildren(QPlainTextEdit)[0].setPlainText(CHAT)
    settle(window)
    yield "orders-paste"
    close_dialogs(window, settle)


def _imports(window: Window, settle: Settle) -> Iterator[str]:
    papers = window.desk.papers
    papers.mkdir(parents=True, exist_ok=True)
    bad = papers / "orders-bad.csv"
    lines = (DEMO / FILES[-1]).read_text("utf-8-sig").splitlines()
    bad.write_text("\n".join([lines[0], lines[1].replace(",XH,", ",XH,"), "a,b,c", *lines[2:]]), "utf-8")
    window._import([bad, *(DEMO / name for name in FILES)])  # noqa: SLF001 - as if dropped onto the window
    settle(window)
    yield "orders-import"
    for each in open_dialogs():
        QTest.keyClick(each, Qt.Key.Key_Return)
    settle(window)
    yield "orders-imported"
    close_dialogs(window, settle)


def _board(window: Window, settle: Settle) -> Iterator[str]:
    window.go("board")
    settle(window)
    window.actions.trigger("board.assign")
    settle(window)
    yield "board-assign"
    close_dialogs(window, settle)


def _handoff(window: Window, settle: Settle) -> Iterator[str]:
    window.go("handoff")
    settle(window)
    yield from _triggered(window, settle, "handoff", HANDOFF)


def _guides(window: Window, settle: Settle) -> Iterator[str]:
    window.go("guides")
    settle(window)
    yield from _triggered(window, settle, "guides", GUIDES)


def _settings(window: Window, settle: Settle) -> Iterator[str]:
    for section in SECTIONS:
        window.go("settings", section)
        settle(window)
        yield f"settings-{section}"


def _frame(window: Window, settle: Settle) -> Iterator[str]:
    """What belongs to no page: the keys, the search, progress, an error, a salvage, signing in."""
    window.go("board")
    window.shell.show_shortcuts()
    settle(window)
    yield "frame-keys"
    close_dialogs(window, settle)
    window.shell.activateWindow()
    pause()
    window.shell.finder.setFocus()
    QTest.keyClicks(window.shell.finder, "1")
    pause()
    settle(window)
    yield "frame-search"
    window.shell.finder.clear()
    QTest.keyClicks(window.shell.finder, "zzz")
    pause()
    settle(window)
    yield "frame-search-nothing"
    window.shell.finder.leave()
    window.shell.show_progress(window.desk.words.text("app.catching_up"), 31, 100)
    yield "frame-progress"
    window.shell.end_progress()
    for made in (
        _crash(window),
        SalvageDialog(window.desk.words, Salvaged(180, ((12, 14),), 9, "journal.db.damaged-1"), window.shell),
    ):
        made.open()
        settle(window)
        yield f"frame-{type(made).__name__}"
        close_dialogs(window, settle)
    window.lock()
    settle(window)
    yield "frame-sign-in"
    asked = window.door.dialog
    if asked is None:
        raise LookupError("nobody is asked to sign in")
    for _ in range(5):
        field = asked.pad.field
        QTest.keyClicks(field, "9753")
        QTest.keyClick(field, Qt.Key.Key_Return)
        settle(window)
    yield "frame-sign-in-locked"


def _crash(window: Window) -> QDialog:
    try:
        raise LookupError("an example of a failure")
    except LookupError as error:
        return ErrorDialog(window.desk.words, details_of(error), window.shell)


def pause(wait_ms: int = 400) -> None:
    """Let timers of the screen run out."""
    deadline = QDeadlineTimer(wait_ms)
    while not deadline.hasExpired():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
