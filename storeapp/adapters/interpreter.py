"""Tunes Python for what these programs do: thousands of records at once, and threads that wait for each other."""

import gc
import sys

OBJECTS_BEFORE_LOOKING = 100_000
"""What is read ahead of the hub's feed makes about as many that live until it is kept, and a batch of commands half of
them; looking after every 700 took a quarter of a batch. With 50,000 the window takes as much memory."""
SWITCH_S = 0.0002
"""How long a thread may keep Python's lock from another. At the default of 5 ms the window waits for each read, and
what has come from the hub is kept later than it could be; much shorter, and switching costs more than it gives."""


def look_rarely() -> None:
    """Have it look for cycles of garbage seldom; what was imported so far is never looked at again."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_LOOKING, 20, 20)


def switch_soon() -> None:
    """Have threads take turns often."""
    sys.setswitchinterval(SWITCH_S)
