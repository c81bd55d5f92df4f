"""Stands in for a page until it is needed, so that the window is there before its last page is."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from ui.kit.parts import vbox
from ui.pages.base import PageBase


class LazyPage(QWidget):
    """A page that is built when somebody comes to it, or when the window has nothing else to do."""

    def __init__(self, title: str, make: Callable[[], PageBase]) -> None:
        super().__init__()
        self._title = title
        self._make = make
        self._page: PageBase | None = None
        self._column = vbox(self, gap=0)

    @property
    def is_built(self) -> bool:
        """Whether the page is there already."""
        return self._page is not None

    def page(self) -> PageBase:
        """The page itself, built now if nobody has needed it before."""
        if self._page is None:
            self._page = self._make()
            self._column.addWidget(self._page)
            self.setFocusProxy(self._page)
        return self._page

    def title(self) -> str:
        """Its title in the top bar."""
        return self._title if self._page is None else self._page.title()

    def keys(self) -> Sequence[tuple[str, str]]:
        """What works now, for the foot."""
        return self.page().keys()

    def on_shown(self) -> None:
        """The person came to this page."""
        self.page().on_shown()
