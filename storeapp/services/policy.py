"""Sets the numbers that the store works with: promises, pay, how long papers hold, and how far guides go."""

from storeapp.domain.catalogue import Policy
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.rules.people import SetPolicy
from storeapp.domain.words import Role
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
    "plan_ms": (100, 60_000),
    "alert_percent": (0, 95),
}
"""What a number may be, both ends included; those by mode share one pair."""


def set_policy(counter: Counter, actor: Actor, policy: Policy) -> tuple[Event, ...] | Refusal:
    """Work with other numbers from now on; what was promised and paid before stays.

    Refusals: ``manager_only``, ``policy_bound`` with the ``name`` of the number and its bounds.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    for name, (least, most) in BOUNDS.items():
        value = getattr(policy, name)
        numbers = value.values() if isinstance(value, dict) else (value,)
        if not all(least <= number <= most for number in numbers):
            return Refusal("policy_bound", {"name": name, "least": least, "most": most})
    with counter.transaction(actor) as tx:
        return tx.run(SetPolicy(policy))
