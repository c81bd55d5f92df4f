"""Asks the map service now and then while nothing else is to be done; planning never waits for it."""

import logging
import time
from collections.abc import Callable

from storeapp.services import maps
from storeapp.services.counter import Counter
from storeapp.services.ports import MapServices
from storeapp.services.situation import situation

EVERY_S = 300.0
AFTER_FAILURE_S = 1800.0
_log = logging.getLogger(__name__)


class MapErrand:
    """Goes at most every five minutes, and half an hour after the service failed."""

    def __init__(self, services: MapServices | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._monotonic = monotonic
        self._due_s = 0.0

    def run(self, counter: Counter) -> bool:
        """Go where it is time and a key is there; returns whether the service was asked.

        Raises:
            StoreError: the disk failed.
        """
        if self._services is None or self._monotonic() < self._due_s:
            return False
        self._due_s = self._monotonic() + EVERY_S
        if maps.access_of(counter) is None:
            return False
        done = maps.fetch(counter, self._services, situation(counter, counter.clock.now()).problem)
        if done.problem:
            _log.info("the map service was not of use: %s", done.problem)
            self._due_s = self._monotonic() + AFTER_FAILURE_S
        return True
