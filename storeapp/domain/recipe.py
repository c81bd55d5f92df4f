"""How a plan was made, told by counts and not by a clock, so that any plan can be made again on any machine."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Method(StrEnum):
    """What was done to a plan last; each begins where the one before it ended."""

    INSERTION = "insertion"
    """Each delivery was put where it cost least then."""
    MOVES = "moves"
    """Single deliveries were moved to where they cost less."""
    SEARCH = "search"
    """The route solver went on from insertion's plan."""
    PROOF = "proof"
    """After the search, all plans of a small day were compared; none is cheaper."""
    REGION = "region"
    """Several searches, one for each neighbourhood of stores and one for all together."""


class Recipe(Struct, frozen=True, gc=False):
    """With it, and the same problem, a planner makes the same plan again; of a region, with those of its parts.

    Attributes:
        by: what was done last.
        seed, steps: of the search and how far it went; of moves, how many were tried.
        inserted: how many free stops insertion had come to when there was no more time; None where it came to all.
    """

    by: Method = Method.INSERTION
    seed: int = 0
    steps: int = 0
    inserted: int | None = None


class PlanRecord(Struct, frozen=True, gc=False):
    """The plan that an assignment follows, as the journal keeps it beside the assignment.

    Attributes:
        at: the moment that was planned for; the state is what had been saved by then.
        recipe: how the plan was made of that state.
        waiting: how many of what waited were looked at, the most urgent; all where it is negative.
        again: what had been told before might change.
        out: the guide who had dropped out.
        job: the hub's job whose outcome tells the searches of a region's plan; empty where a counter planned.
    """

    at: datetime
    recipe: Recipe
    waiting: int = -1
    again: bool = False
    out: str = ""
    job: str = ""
