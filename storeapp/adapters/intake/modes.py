"""The words by which platforms and people name the three ways of delivery."""

from storeapp.adapters.intake.fields import BadField
from storeapp.domain.words import Mode

_CODES: dict[str, Mode] = {mode.value: mode for mode in Mode} | {
    "即时送": Mode.INSTANT,
    "预约送": Mode.SCHEDULED,
    "自提点": Mode.PICKUP_POINT,
}
_METHODS: dict[str, Mode] = _CODES | {
    "local delivery": Mode.INSTANT,
    "scheduled delivery": Mode.SCHEDULED,
    "pickup point": Mode.PICKUP_POINT,
}


def mode_of_code(value: object, field: str) -> Mode | None:
    """The mode a column or meta names; None where it is blank.

    Raises:
        BadField: a word outside the vocabulary.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    mode = _CODES.get(value.strip()) if isinstance(value, str) else None
    if mode is None:
        raise BadField(field, "mode_unknown")
    return mode


def mode_of_method(value: str) -> Mode | None:
    """The mode of a shop's shipping method; None for the many other names that shops give."""
    return _METHODS.get(value.strip().casefold())
