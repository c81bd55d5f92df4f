"""A hub that the test plays: it says how the sync stands, and takes or refuses an enrolment."""

from storeapp.services.ports import SyncFailed, SyncReport


class FakeSync:
    """A `SyncPort` that does what it is told."""

    def __init__(self, *, refuse=""):
        self.refuse = refuse
        self.nudges = 0
        self.stopped = False
        self.enrolled_at = []
        self.tell = None

    def enrol(self, counter, *, url, code):
        if self.refuse:
            raise SyncFailed(self.refuse)
        self.enrolled_at.append((url, code))
        with counter.journal.writing():
            mine = counter.identity["root_certificate"]
            counter.journal.identify(hub=url, hub_transport_key="00" * 32, device_certificate=mine)
        counter.reload()

    def once(self, counter):
        return SyncReport()

    def start(self, open_counter, on_change):
        self.tell = on_change
        return self

    def nudge(self):
        self.nudges += 1

    def stop(self):
        self.stopped = True
