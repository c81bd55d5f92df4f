"""Sets the numbers that the store works with: promises, pay, how long papers hold, and how far guides go."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from storeapp.domain.catalogue import BRAND_POLICY, Policy
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.rules.people import SetPolicy
from storeapp.domain.words import Mode, Role
from storeapp.services.counter import Actor, Counter

BOUNDS: dict[str, tuple[int, int]] = {
    "window_minutes": (15, 24 * 60),
    "rate_fen": (0, 100_00),
    "slip_hours": (1, 7 * 24),
    "badge_days": (1, 366),
    "forget_after_hours": (1, 30 * 24),
    "radius_m": (200, 30_000),
    "detour_percent": (100, 300),
    "service_minutes": (0, 60),
    "courier_fen": (0, 200_00),
    "courier_km_fen": (0, 50_00),
    "prep_minutes": (0, 24 * 60),
    "late_minutes": (0, 4 * 60),
    "late_fen": (0, 200_00),
    "overtime_minutes": (0, 4 * 60),
    "overtime_fen": (0, 500_00),
    "priority_fen": (0, 200_00),
    "value_permille": (0, 1000),
    "expert_fen": (0, 1_000_000_00),
    "master_fen": (0, 1_000_000_00),
    "most_stops": (0, 200),
    "cross_percent": (0, 300),
    "fairness_percent": (0, 100),
    "change_fen": (0, 200_00),
    "shift_minutes": (0, 4 * 60),
    "shift_fen": (0, 200_00),
    "plan_ms": (100, 60_000),
    "alert_percent": (0, 95),
}
"""What a number may be, both ends included; those by mode share one pair."""


BY_MODE = frozenset({"window_minutes", "rate_fen", "prep_minutes"})
"""Numbers of which each way of delivering has its own; one is named like ``rate_fen.instant``."""


def names() -> tuple[str, ...]:
    """The names of all numbers, those by mode one by one."""
    return tuple(
        name for each in BOUNDS for name in ([f"{each}.{mode.value}" for mode in Mode] if each in BY_MODE else [each])
    )


def bounds_of(name: str) -> tuple[int, int]:
    """What a number may be, both ends included."""
    return BOUNDS[name.partition(".")[0]]


def number(policy: Policy, name: str) -> int:
    """A number by its name; one by mode that was never set is 0."""
    name, _, mode = name.partition(".")
    value = getattr(policy, name)
    found: int = value.get(Mode(mode), 0) if mode else value
    return found


def with_numbers(policy: Policy, changes: Mapping[str, int]) -> Policy:
    """The policy with other numbers, by their names.

    Raises:
        ValueError: a name is none of `names`.
    """
    given: dict[str, Any] = {}
    for each, value in changes.items():
        if each not in names():
            raise ValueError(f"no rule is called {each}")
        name, _, mode = each.partition(".")
        given[name] = {**given.get(name, getattr(policy, name)), Mode(mode): value} if mode else value
    return replace(policy, **given)


def change_policy(counter: Counter, actor: Actor, changes: Mapping[str, int]) -> tuple[Event, ...] | Refusal:
    """Work with some other numbers from now on; whatever was set elsewhere meanwhile stays.

    Refusals: as `set_policy`.

    Raises:
        ValueError: a name is none of `names`.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    with counter.transaction(actor) as tx:
        after = with_numbers(tx.get(Policy, BRAND_POLICY) or Policy(), changes)
        return _out_of_bounds(after) or tx.run(SetPolicy(after))


def set_policy(counter: Counter, actor: Actor, policy: Policy) -> tuple[Event, ...] | Refusal:
    """Work with other numbers from now on; what was promised and paid before stays.

    Refusals: ``manager_only``, ``policy_bound`` with the ``name`` of the number and its bounds.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    with counter.transaction(actor) as tx:
        return _out_of_bounds(policy) or tx.run(SetPolicy(policy))


def _out_of_bounds(policy: Policy) -> Refusal | None:
    for name, (least, most) in BOUNDS.items():
        value = getattr(policy, name)
        numbers = value.values() if isinstance(value, dict) else (value,)
        if not all(least <= number <= most for number in numbers):
            return Refusal("policy_bound", {"name": name, "least": least, "most": most})
    return None
