"""Reads a feed page by page, for lines that have no network to wait for."""

from collections.abc import Callable, Generator

from sync.protocol.messages import ChangesPage


def pages_of(page_behind: Callable[[int], ChangesPage], after: int) -> Generator[ChangesPage, None, None]:
    """All pages behind a number, each asked for once the one before was taken."""
    while (page := page_behind(after)).upto > after:
        yield page
        after = page.upto
        if after >= page.last:
            return
