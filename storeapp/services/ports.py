"""What use-cases and the command line need from layers that they may not import."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from storeapp.domain.kernel import Data
from storeapp.domain.paper import BadgeContent, Media, RunSheetContent, SlipContent
from storeapp.domain.place import Position
from storeapp.domain.words import TravelMode
from storeapp.services.counter import Counter, Open


class PaperUnavailable(Exception):
    """This machine cannot paint papers now: its environment's failure, with a stable code and never a name in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaperPainter(Protocol):
    """Writes papers to files; a file's ending, ``.pdf`` or ``.png``, decides its format.

    Every method raises ``PaperUnavailable`` with ``paper.no_graphics``, ``paper.no_font`` or ``paper.not_written``,
    and ``ValueError`` for an ending, width or media that a paper has not.
    """

    def slip(self, content: SlipContent, *, out: Path, width_mm: int, language: str) -> None:
        """Paint a slip for roll paper, 80 or 58 mm wide."""
        ...

    def badge(self, content: BadgeContent, *, out: Path, media: Media, language: str) -> None:
        """Paint a badge for a card, an A6 sheet or a roll."""
        ...

    def run_sheet(self, content: RunSheetContent, *, out: Path, media: Media, language: str) -> None:
        """Paint a run sheet for A4 pages or a roll."""
        ...


class SyncStep(StrEnum):
    """What the sync is doing now."""

    ALONE = "alone"
    """No hub: this counter decides."""
    RESTING = "resting"
    SENDING = "sending"
    FETCHING = "fetching"
    WAITING = "waiting"
    """Something failed; the next try is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """How the sync stands, honestly: ``received_at`` is the hub's last receipt, and only that is success.

    ``problem`` is a stable code, ``offline`` where the hub was not reached, empty while all is well. What is
    shown is as old as ``received_at``. ``done`` of ``total`` counts commands or rows while it is at work, rows those
    of ``feed``; ``received_bytes`` is what came over the line for a snapshot, ``left_s`` how long it will still take,
    None while nobody can tell.
    """

    step: SyncStep
    pending: int = 0
    rejected: int = 0
    received_at: datetime | None = None
    next_try_at: datetime | None = None
    problem: str = ""
    done: int = 0
    total: int = 0
    received_bytes: int = 0
    left_s: float | None = None
    feed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one exchange did; ``problem`` as in `SyncStatus`."""

    applied: int = 0
    replayed: int = 0
    refused: int = 0
    parked: int = 0
    received: int = 0
    pending: int = 0
    received_at: datetime | None = None
    problem: str = ""


class SyncRunner(Protocol):
    """A running sync, working on a thread of its own."""

    def nudge(self) -> None:
        """Something was saved, or a person asked: try now."""

    def stop(self) -> None:
        """End it; returns when its thread has ended."""


class SyncPort(Protocol):
    """The hub as the window and the command line see it."""

    def enrol(self, counter: Counter, *, url: str, code: str) -> None:
        """Make the counter part of a hub.

        Raises:
            SyncFailed: the hub was not reached or refused; nothing was changed.
            EnrolmentFailed: the hub's answer is not for this counter; nothing was changed.
        """

    def once(self, counter: Counter) -> SyncReport:
        """Give everything, take everything, and say what came of it; only one process at a time does."""

    def start(self, open_counter: Open, on_change: Callable[[SyncStatus], None]) -> SyncRunner:
        """Keep the counter in step; ``on_change`` is called on the sync's thread."""


class SyncFailed(Exception):
    """The hub did not do what was asked; ``code`` is stable, ``data`` is what its words need."""

    def __init__(self, code: str, data: Data | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.data: Data = data or {}


@dataclass(frozen=True, slots=True)
class MapWay:
    """A way as a map service knows it; ``seconds`` is None where the service does not say."""

    metres: int
    seconds: int | None


class MapFailed(Exception):
    """A map service did not answer; nothing of what it was asked is in here.

    ``code`` is stable: ``map_offline``, ``map_quota``, ``map_busy``, ``map_key``, ``map_trouble``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class MapAccess:
    """With what a map service is asked; neither is ever shown or logged."""

    key: str = field(repr=False)
    signing_key: str = field(default="", repr=False)


class MapService(Protocol):
    """A map service's matrix of ways."""

    most_pairs: int
    """How many pairs one question may have."""

    def matrix(
        self, mode: TravelMode, origins: Sequence[Position], places: Sequence[Position], /
    ) -> list[list[MapWay | None]]:
        """One row for each origin, one entry for each place; None where there is no way.

        Raises:
            MapFailed: there is no answer.
        """


MapServices = Callable[[MapAccess], MapService]
"""Opens a map service with its key."""
