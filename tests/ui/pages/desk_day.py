"""Papers for tests of the handoff desk, issued at the window's own counter, and a scanner that reads them."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication

from storeapp.domain.delivery import Delivery
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.services import custody_desk, slips
from tests.ui.demo import MANAGER
from ui.kit.scanner import wedge_events

GUIDE, OTHER = "G01", "G04"
_times_ms = count(10_000, 10_000)


@dataclass
class HandoffDay:
    """The window's handoff page with everything to hand."""

    window: object
    qtbot: object
    home: object

    @property
    def page(self):
        return self.window.page("handoff")

    def run(self, call):
        """Something at the window's counter; returns what came of it."""
        found = []
        self.window.backend.read(call, done=found.append)
        self.qtbot.waitUntil(lambda: bool(found))
        return found[0]

    def badge(self, guide=GUIDE):
        return self.run(lambda counter: slips.issue_badge(counter, MANAGER, guide))

    def ready(self, guide=GUIDE):
        """A delivery that lies ready for a guide."""

        def find(counter):
            row = next(row for row in custody_desk.deliveries_in(counter) if row.state.value == "waiting")
            with counter.transaction(MANAGER) as tx:
                tx.must(AssignDelivery(row.id, guide, counter.cache.get(Delivery, row.id).assignments))
            return row.id

        return self.run(find)

    def slip(self, delivery):
        return self.run(lambda counter: slips.issue_slip(counter, MANAGER, delivery))

    def delivery(self, key):
        return self.run(lambda counter: counter.cache.get(Delivery, key))

    def later(self, **span):
        self.home.clock.moment += timedelta(**span)

    def settle(self):
        self.qtbot.waitUntil(lambda: self.window.backend.tasks.pending() == 0)

    def to_the_front(self):
        """Have the keyboard, and with it the scanner, write into the window; closing another one may take it away."""
        shell = self.window.shell
        shell.activateWindow()
        self.qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is shell.windowHandle())

    def scan(self, text):
        """The keys of a scanner, then what the desk shows."""
        self.to_the_front()
        read_by_scanner(self.window.shell.windowHandle(), text)
        self.settle()
        return self.page.verdict.card()


def read_by_scanner(handle, text):
    """Press a scanner's keys; the times are in the events, so that a busy machine changes nothing."""
    for event in wedge_events(text, at_ms=next(_times_ms)):
        QCoreApplication.sendEvent(handle, event)
