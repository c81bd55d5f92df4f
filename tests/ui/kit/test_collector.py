"""Widgets in cycles must never die on another thread than theirs."""

import gc
import threading
import weakref

from PySide6.QtCore import QObject

from ui.kit.collector import Collector


class _Knot(QObject):
    """Holds itself, so that only the collector frees it."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


def test_cycles_are_left_alone_by_other_threads_and_collected_by_the_ui_thread(qapp):
    collector = Collector()
    died_on = []
    knot = _Knot()
    weakref.finalize(knot, lambda: died_on.append(threading.current_thread()))
    del knot
    worker = threading.Thread(target=lambda: [[] for _ in range(100_000)])
    worker.start()
    worker.join()
    assert died_on == []
    gc.collect()
    assert died_on == [threading.current_thread()]
    collector.stop()


def test_what_is_due_is_collected(qapp, qtbot):
    collector = Collector()
    kept = [[] for _ in range(gc.get_threshold()[0] + 100)]
    collector.collect()
    assert gc.get_count()[0] < len(kept)
    collector.stop()
    assert gc.isenabled()
