"""Has Python look for cycles of garbage as rarely as programs want it that handle thousands of records at once."""

import gc

OBJECTS_BEFORE_LOOKING = 50_000
"""A batch of commands makes about as many that live until it is done; looking after every 700 took a quarter of it."""


def look_rarely() -> None:
    """Set it for this process; what was imported so far is never looked at again."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_LOOKING, 20, 20)
