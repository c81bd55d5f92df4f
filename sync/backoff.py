"""How long to wait before the next try: longer each time, and never the same for two counters."""

import random

FIRST_S = 1.0
LONGEST_S = 300.0
SPREAD = 0.5


class Backoff:
    """Doubles from one second to five minutes; up to half of it is left to chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._tries = 0

    def next_s(self) -> float:
        """Seconds until the next try."""
        full_s = min(LONGEST_S, FIRST_S * (1 << self._tries))
        if full_s < LONGEST_S:
            self._tries += 1
        return full_s * (1 - SPREAD * self._chance.random())

    def reset(self) -> None:
        """It worked: begin with the shortest wait."""
        self._tries = 0
