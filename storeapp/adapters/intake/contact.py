"""Who receives an order: every platform's contact becomes a Person and the codes of what is missing in it."""

from collections.abc import Sequence
from datetime import datetime

from storeapp.adapters.intake.fields import is_masked
from storeapp.domain.incoming import Person
from storeapp.domain.phone import Phone, PhoneState, parse_phone
from storeapp.domain.place import Position

_PHONE_NEEDS = {
    PhoneState.MISSING: "phone_missing",
    PhoneState.MASKED: "phone_masked",
    PhoneState.INVALID: "phone_invalid",
}


def phone_of(candidates: Sequence[str]) -> Phone:
    """The first usable number; else the first that at least says why there is none."""
    phones = [parse_phone(candidate) for candidate in candidates]
    usable = [phone for phone in phones if phone.state is PhoneState.USABLE]
    stated = [phone for phone in phones if phone.state is not PhoneState.MISSING]
    return (usable or stated or [Phone(PhoneState.MISSING)])[0]


def person_of(
    *,
    name: str,
    phone: Phone,
    address: str,
    note: str = "",
    position: Position | None = None,
    phone_until: datetime | None = None,
) -> tuple[Person, tuple[str, ...]]:
    """The person and the ``needs`` codes of the contact, always in the same order."""
    person = Person(
        name=name,
        phone=phone.number,
        address=address,
        note=note,
        position=position,
        phone_extension=phone.extension,
        phone_until=phone_until,
    )
    return person, tuple(need for need in _needs(person, phone) if need)


def join_address(areas: Sequence[str], line: str) -> str:
    """One line from areas of rising detail and the street line, which may repeat some of the areas."""
    areas = list(dict.fromkeys(area for area in areas if area))
    for known, area in enumerate(areas):
        if line.startswith(area):
            areas = areas[:known]
            break
    return "".join(areas) + line


def _needs(person: Person, phone: Phone) -> tuple[str, ...]:
    return (
        _text_need(person.name, "name"),
        _PHONE_NEEDS.get(phone.state, ""),
        "phone_virtual" if person.phone_until is not None else "",
        _text_need(person.address, "address"),
        "" if person.position else "no_position",
    )


def _text_need(value: str, field: str) -> str:
    if not value:
        return f"{field}_missing"
    return f"{field}_masked" if is_masked(value) else ""
