"""Brings the sync page into the states that need a hub: a first snapshot under way, and one that was cut."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from devtools.demo_home import NOON
from devtools.desk_states import Settle
from storeapp.services.counter import Counter, Open
from storeapp.services.ports import SyncReport, SyncStatus, SyncStep
from ui.window import Window

_ROWS, _HERE, _BYTES = 18_460, 7_754, 3_380_000


class StillHub:
    """A hub that never answers; what the window is told of it, `tell` says."""

    def __init__(self) -> None:
        self.tell: Callable[[SyncStatus], None] = _unheard

    def enrol(self, counter: Counter, *, url: str, code: str) -> None:  # noqa: ARG002 -- any code will do
        """Belong to the hub from now on, as far as this counter can tell."""
        _identify(counter, url)

    def once(self, _counter: Counter) -> SyncReport:
        """Nothing comes of it."""
        return SyncReport()

    def start(self, _open_counter: Open, on_change: Callable[[SyncStatus], None]) -> "StillHub":
        """Remember whom to tell."""
        self.tell = on_change
        return self

    def nudge(self) -> None:
        """Nobody hears it."""

    def stop(self) -> None:
        """There is nothing to end."""


def _unheard(_status: SyncStatus) -> None:
    """Nobody listens yet."""


def sync_states(hub: StillHub) -> Callable[[Window, Settle], Iterator[str]]:
    """The states over a still hub; yields each state's name while it is shown."""

    def states(window: Window, settle: Settle) -> Iterator[str]:
        with belonging(window, "https://hub.example.com"):
            for name, status in _told().items():
                hub.tell(status)
                settle(window)
                yield name
        hub.tell(SyncStatus(step=SyncStep.ALONE))
        settle(window)

    return states


@contextmanager
def belonging(window: Window, url: str) -> Iterator[None]:
    """A counter that belongs to a hub for a while, as far as it can tell."""
    _belong(window, url)
    yield
    _belong(window, "")


def _belong(window: Window, url: str) -> None:
    window.backend.act(lambda counter, _actor: _identify(counter, url))


def _identify(counter: Counter, url: str) -> None:
    """Belong to a hub, or to none again; any certificate of this device will do."""
    with counter.journal.writing():
        mine = counter.identity["root_certificate"]
        counter.journal.identify(hub=url, hub_transport_key="00" * 32, device_certificate=mine)
    counter.reload()


def _told() -> dict[str, SyncStatus]:
    fetching = SyncStatus(
        step=SyncStep.FETCHING,
        pending=2,
        received_at=NOON,
        done=_HERE,
        total=_ROWS,
        received_bytes=_BYTES,
        left_s=104.0,
        feed="store:XH",
    )
    waits = SyncStatus(
        step=SyncStep.WAITING,
        pending=2,
        received_at=NOON,
        problem="offline",
        next_try_at=NOON + timedelta(seconds=20),
    )
    rests = SyncStatus(step=SyncStep.RESTING, received_at=NOON)
    return {"fetching": fetching, "cut": waits, "rests": rests}
