"""What is still to happen in the story, in the order of its clock, so that time never runs backwards."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

Happening = Callable[[datetime], None]


class Agenda:
    """Things to do at moments; doing one may put more on the agenda."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Happening]] = []
        self._order = count()

    def put(self, moment: datetime, happening: Happening) -> None:
        """Let something happen at a moment; of two at the same one, the first put comes first."""
        heapq.heappush(self._heap, (moment, next(self._order), happening))

    def every(self, minutes: int, *, start: datetime, end: datetime, happening: Happening) -> None:
        """Let something happen again and again."""
        moment = start
        while moment <= end:
            self.put(moment, happening)
            moment += timedelta(minutes=minutes)

    def play(self) -> None:
        """Do everything in its order."""
        while self._heap:
            moment, _, happening = heapq.heappop(self._heap)
            happening(moment)
