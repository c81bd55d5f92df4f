"""The one door to people's data: seals it on the way in, opens it for a reason on the way out."""

import contextlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial

from storeapp.adapters import sealing
from storeapp.codec import encode
from storeapp.domain.address import street_and_lane, street_in
from storeapp.domain.incoming import IncomingOrder, Person
from storeapp.domain.order import Order
from storeapp.store.finder import HASH_BYTES
from storeapp.store.keys import Keys
from storeapp.store.keywrap import FinderHashes, KeptKey, KeyWrap, finder_hash, kept

NAME, STREET, PHONE_END = "name", "street", "phone_end"
NOBODY = Person()
DIGEST_BYTES = 12
"""Nobody gains by a collision, and every byte of it travels with every order."""


class Privacy:
    """Opens and closes sealed records with the keys of this home."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    @property
    def available(self) -> bool:
        """Whether personal data can be kept and read here; without a root key it is not kept at all."""
        return self._keys.is_unlocked

    def keys_for(self, subjects: Sequence[str], *, now: datetime) -> dict[str, bytes]:
        """The keys of these subjects; missing ones are made and saved first, so nothing is sealed under a lost key."""
        if not self.available:
            return {}
        found = self._keys.get_many(subjects)
        missing = [subject for subject in subjects if subject not in found]
        return found | (self._keys.new_keys(missing, now=now) if missing else {})

    def known_keys(self, subjects: Sequence[str]) -> dict[str, bytes]:
        """The keys that exist already, for looking without leaving a trace."""
        return self._keys.get_many(subjects) if self.available else {}

    def seal(self, person: Person, key: bytes | None, *, subject: str) -> str:
        """The sealed record; empty where there is no key, because then nothing personal is kept."""
        return sealing.seal(person, key, subject=subject) if key else ""

    def person(self, subject: str, sealed: str) -> Person | None:
        """The person behind a sealed record, None where it was forgotten or cannot be opened here.

        Raises:
            SealBroken: the record or its key was changed.
        """
        if not sealed or not self.available:
            return None
        key = self._keys.get(subject, sealing.sealed_with(sealed))
        return sealing.unseal(sealed, key, subject=subject) if key else None

    def people(self, orders: Iterable[Order]) -> dict[str, Person]:
        """The people of several orders, by order id; the forgotten are left out."""
        if not self.available:
            return {}
        sealed = {(order.id, sealing.sealed_with(order.sealed)): order.sealed for order in orders if order.sealed}
        keys = self._keys.named(sealed)
        return {
            subject: sealing.unseal(text, key, subject=subject)
            for (subject, check), text in sealed.items()
            if (key := keys.get((subject, check))) is not None
        }

    def readable(self, orders: Iterable[Order]) -> dict[str, Person]:
        """The same without those whose seal is broken: whoever opens such an order is told."""
        found: dict[str, Person] = {}
        for order in orders:
            with contextlib.suppress(sealing.SealBroken):
                found |= self.people([order])
        return found

    def pickup_code(self, order: Order) -> str | None:
        """The code by which the customer proves the delivery, None once it is forgotten."""
        if not order.sealed or not self.available:
            return None
        key = self._keys.get(order.id, sealing.sealed_with(order.sealed))
        return sealing.pickup_code(key) if key else None

    def digest(self, incoming: IncomingOrder, key: bytes | None) -> str:
        """A keyed hash of what a platform states of an order, without where it stood in its file."""
        if key is None:
            return ""
        lines = [(line.sku, line.quantity, line.price_fen) for line in incoming.lines]
        content = encode((incoming.mode, incoming.window, lines, incoming.person, sorted(incoming.needs)))
        return urlsafe_b64encode(hmac.digest(key, b"cdigest/1|" + content, "sha256")[:DIGEST_BYTES]).decode()

    def keep(self, opener: "Opener", keys: Sequence[KeptKey], *, now: datetime) -> None:
        """Save keys that an opener has made ready.

        Raises:
            WrongRootKey: the root key was changed since.
        """
        self._keys.put_kept(opener.wrap, keys, now=now)

    def finder_hashes(self, people: Mapping[str, Person]) -> list[tuple[bytes, str]]:
        """Keyed hashes by which open orders are found: name, street, the phone's last four digits."""
        if not self.available:
            return []
        hashes_of = _PeopleHashes(self._keys.search_key())
        return [(value, order_id) for order_id, person in people.items() for value in hashes_of(person)]

    def opener(self) -> "Opener | None":
        """Opens what comes with its keys, on whatever thread; None without a root key."""
        return Opener(self._keys.wrap) if self.available else None

    @property
    def finder_name(self) -> str:
        """Tells the key of the keyed hashes from any other one; the root key must be at hand."""
        return finder_hash(self._keys.search_key(), "", "").hex()

    def finder_terms(self, text: str) -> list[bytes]:
        """The hashes a typed text may stand for."""
        if not self.available or not text.strip():
            return []
        search_key = self._keys.search_key()
        return [finder_hash(search_key, kind, text)[:HASH_BYTES] for kind in (NAME, STREET, PHONE_END)]

    def forget(self, subjects: Sequence[str]) -> None:
        """Destroy the keys of these subjects for good."""
        self._keys.forget(subjects)


class Opener:
    """Opens records whose keys are at hand, and makes these ready to be kept; it needs no database."""

    def __init__(self, wrap: KeyWrap) -> None:
        self.wrap = wrap
        self._hashes_of = _PeopleHashes(wrap.search_key)

    def kept(self, keys: Sequence[tuple[str, bytes, bytes]]) -> list[KeptKey]:
        """Subjects with check and key as they are kept."""
        return kept(self.wrap, keys)

    def hashes(self, order: Order, keys: Mapping[tuple[str, bytes], bytes]) -> bytes | None:
        """By what the finder finds the people of a sealed order, None where its key is not among these.

        Nothing finds those whose seal is broken: whoever opens the order is told.
        """
        try:
            person = sealing.unseal_findable(order.sealed, keys, subject=order.id)
        except sealing.SealBroken:
            return b""
        if person is None:
            return None
        return b"".join(sorted(self._hashes_of(person)))


class _PeopleHashes:
    """By what the finder finds a person: name, street, street with lane, the phone's last four digits.

    What many share, such as streets, is hashed once; what is remembered here is gone with this object.
    """

    def __init__(self, search_key: bytes) -> None:
        hashes = FinderHashes(search_key, HASH_BYTES)
        remembered = lru_cache(maxsize=4096)
        self._name, self._phone_end, self._street = (
            remembered(partial(hashes, kind)) for kind in (NAME, PHONE_END, STREET)
        )
        self._street_in = remembered(street_in)

    def __call__(self, person: Person | sealing.Findable) -> list[bytes]:
        found = []
        if person.name:
            found.append(self._name(person.name))
        if person.phone:
            found.append(self._phone_end(person.phone[-4:]))
        street, lane = street_and_lane(person.address, self._street_in)
        if street:
            found.append(self._street(street))
            if lane:
                found.append(self._street(street + lane))
        return found
