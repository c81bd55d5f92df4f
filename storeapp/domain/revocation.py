"""The brand's signed list of counters that may no longer sign; its number tells a newer list from an older one.

A list is a signed text like a certificate, under ``b"crevoked/1|"``. The feed tells of revocations, too, but a hub
restored from a backup may have forgotten some.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from storeapp.domain.signed_text import Verify, message, read, written

_DOMAIN = b"crevoked/1|"


class MalformedList(Exception):
    """A text that is no list of ours, or not in its canonical form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """Since when which counters are revoked; ``number`` rises with every revocation."""

    brand: str
    number: int
    since: Mapping[str, datetime] = field(default_factory=dict)
    signature: bytes = b""

    def message(self) -> bytes:
        """The bytes its signature covers."""
        return message(_DOMAIN, self._fields())

    def text(self) -> str:
        """The canonical JSON to store and to send."""
        return written(self._fields(), base64.b64encode(self.signature).decode())

    def holds(self, *, root_public_key: bytes, verify: Verify) -> bool:
        """Whether the brand's root has signed it."""
        return verify(root_public_key, self.signature, self.message())

    def _fields(self) -> dict[str, object]:
        since = {device: int(moment.timestamp()) for device, moment in self.since.items()}
        return {"v": 1, "brand": self.brand, "n": self.number, "since": since}


def signed(unsigned: RevocationList, sign: Callable[[bytes], bytes]) -> RevocationList:
    """The list with its signature; ``sign`` must belong to the brand's root."""
    return replace(unsigned, signature=sign(unsigned.message()))


def parse(text: str) -> RevocationList:
    """Read a list; nothing about it is verified yet.

    Raises:
        MalformedList: it is not exactly what `RevocationList.text` writes.
    """
    try:
        return read(text, _from_fields)
    except ValueError as error:
        raise MalformedList(str(error)) from error


def _from_fields(fields: dict[str, object]) -> RevocationList:
    since, number = fields["since"], fields["n"]
    if not isinstance(since, dict) or type(number) is not int or fields["v"] != 1:
        raise ValueError("not a list")
    return RevocationList(
        brand=str(fields["brand"]),
        number=number,
        since={str(device): datetime.fromtimestamp(moment, UTC) for device, moment in since.items()},
        signature=base64.b64decode(str(fields["sig"]), validate=True),
    )
