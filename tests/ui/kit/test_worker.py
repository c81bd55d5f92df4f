import threading

import pytest
from PySide6.QtCore import QObject, QThread
from shiboken6 import isValid

from ui.kit.worker import Tasks


@pytest.fixture
def tasks(qtbot):
    made = Tasks()
    yield made
    assert made.shutdown()


def finish(qtbot, tasks):
    qtbot.waitUntil(lambda: tasks.pending() == 0)


def test_work_runs_elsewhere_and_the_result_comes_back(qtbot, tasks):
    here, seen = QThread.currentThread(), []
    tasks.run(QThread.currentThread, done=lambda there: seen.append((there, QThread.currentThread())))
    finish(qtbot, tasks)
    assert seen[0][0] is not here
    assert seen[0][1] is here


def test_the_database_thread_keeps_the_order(qtbot, tasks):
    ran, delivered = [], []
    for number in range(200):
        tasks.run(lambda n=number: ran.append(n) or n, done=delivered.append)
    finish(qtbot, tasks)
    assert ran == delivered == list(range(200))


def test_a_failure_reaches_its_callback(qtbot, tasks):
    failures = []
    tasks.run(lambda: 1 // 0, failed=failures.append)
    finish(qtbot, tasks)
    assert isinstance(failures[0], ZeroDivisionError)


def test_a_failure_without_a_callback_is_reported(qtbot, tasks):
    with qtbot.waitSignal(tasks.crashed) as crash:
        tasks.run_pooled(lambda: 1 // 0)
    assert isinstance(crash.args[0], ZeroDivisionError)


def test_results_of_a_closed_page_are_dropped(qtbot, tasks):
    gate, seen, page = threading.Event(), [], QObject()
    tasks.run(gate.wait, done=seen.append, owner=page)
    page.deleteLater()
    qtbot.waitUntil(lambda: not isValid(page))
    gate.set()
    finish(qtbot, tasks)
    assert seen == []


def test_a_cancelled_task_never_begins(qtbot, tasks):
    gate, ran = threading.Event(), []
    tasks.run(gate.wait)
    ticket = tasks.run(lambda: ran.append(1), done=ran.append)
    ticket.cancel()
    gate.set()
    finish(qtbot, tasks)
    assert ran == []


def test_a_slow_network_holds_up_no_database_work(qtbot, tasks):
    gate, seen = threading.Event(), []
    tasks.run_pooled(gate.wait, done=lambda _: seen.append("network"))
    tasks.run(lambda: None, done=lambda _: seen.append("database"))
    qtbot.waitUntil(lambda: seen == ["database"])
    gate.set()
    finish(qtbot, tasks)
    assert seen == ["database", "network"]


def test_progress_is_relayed_to_the_ui_thread(qtbot, tasks):
    here, seen = QThread.currentThread(), []
    report = tasks.relay(lambda done, total: seen.append((done, total, QThread.currentThread())))
    tasks.run(lambda: report(3, 10))
    finish(qtbot, tasks)
    assert seen == [(3, 10, here)]


def test_shutdown_lets_begun_work_end_and_drops_the_rest(qtbot):
    tasks, begun, ready, ran, later = Tasks(), threading.Event(), threading.Event(), [], []

    def first():
        begun.set()
        ready.wait()
        while not later[0].cancelled:
            ready.wait(0.001)
        ran.append("first")

    tasks.run(first)
    later.append(tasks.run(lambda: ran.append("second")))
    ready.set()
    begun.wait()
    assert tasks.shutdown()
    assert ran == ["first"]
    assert tasks.run(lambda: ran.append("third")).cancelled
