"""Reads what the console's buttons send."""

from urllib.parse import parse_qs

from hub.problems import HubProblem

MOST_FIELDS = 8


def fields_of(body: bytes, names: set[str]) -> dict[str, str]:
    """The fields of a form, which must be exactly these; one may be empty.

    Raises:
        HubProblem: ``malformed_request``.
    """
    try:
        fields = parse_qs(body.decode(), strict_parsing=True, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise HubProblem("malformed_request") from error
    values = {name: values[0] for name, values in fields.items()}
    if values.keys() != names:
        raise HubProblem("malformed_request")
    return values
