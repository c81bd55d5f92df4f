"""A robot for windows that waits as long as a busy machine needs; what never comes still fails the test."""

from typing import Any

from pytestqt.qtbot import QtBot

PATIENCE_MS = 90_000


class PatientBot(QtBot):
    """As pytest-qt's own, with a longer default for everything that waits for a condition."""

    def waitUntil(self, callback: Any, *, timeout: int = PATIENCE_MS) -> None:
        """Wait until the callback is true or asserts nothing wrong."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **options: Any) -> Any:
        """Wait for a signal."""
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitExposed(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:
        """Wait until it is on the screen."""
        return super().waitExposed(widget, timeout=timeout)

    def waitActive(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:
        """Wait until it has the keyboard."""
        return super().waitActive(widget, timeout=timeout)
