"""What a measurement says: figures, each with the goal it must meet, and notes that have none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; ``goal`` is its highest good value, or its lowest, None where it is only told."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal holds."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one measurement and what they were taken on.

    ``flat``: alone in JSON, it is one object of names and values, for whoever only wants those.
    """

    name: str
    figures: tuple[Figure, ...]
    notes: Mapping[str, str | float] = field(default_factory=dict)
    flat: bool = False

    @property
    def met(self) -> bool:
        """Whether all goals hold."""
        return all(figure.met for figure in self.figures)

    def lines(self) -> Sequence[str]:
        """The table, a line a figure."""
        return [f"{self.name:<14} {_line(figure)}" for figure in self.figures]

    def plain(self) -> dict[str, object]:
        """For JSON."""
        if self.flat:
            flat: dict[str, object] = {figure.name: round(figure.value, 3) for figure in self.figures}
            return flat | {"met": self.met}
        figures = {f.name: {"value": f.value, "unit": f.unit, "goal": f.goal, "met": f.met} for f in self.figures}
        return {"figures": figures, "notes": dict(self.notes), "met": self.met}


def _line(figure: Figure) -> str:
    bound = "≥" if figure.at_least else "≤"
    goal = "" if figure.goal is None else f"goal {bound} {figure.goal:g}  {'ok' if figure.met else 'MISSED'}"
    return f"{figure.name:<34} {figure.value:>10.2f} {figure.unit:<6} {goal}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
