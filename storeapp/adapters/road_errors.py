"""What can be wrong with road maps, apart from the code that needs heavy libraries.

::

    RoadsError               code, data
    ├── ExtractUnreadable    roads_unreadable, roads_empty
    └── RoadsBroken          roads_broken
"""

from storeapp.domain.kernel import Data


class RoadsError(Exception):
    """Something is wrong with a road map; ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.data: Data = {}


class ExtractUnreadable(RoadsError):
    """The file is no extract that can be read, or has no ways around the store."""


class RoadsBroken(RoadsError):
    """The file of a store's road map is damaged."""

    def __init__(self) -> None:
        super().__init__("roads_broken")
