"""Keeps the root key in the keyring of the operating system, and refuses keyrings that keep nothing safe."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Protocol

from storeapp.adapters.vault_errors import KeyringForeign, KeyringGone

SERVICE = "storeapp"
WINDOWS_LIMIT = 1280
"""Characters that a value may have in Windows' credential store."""

_VERSION = "1:"
_ROOT_BYTES = 32
_REFUSED_MODULES = ("keyring.backends.null", "keyring.backends.fail", "keyring.backends.chainer", "keyrings.alt")


class KeyringBackend(Protocol):
    """The part of a backend of the keyring library that is used here."""

    def get_password(self, service: str, username: str) -> str | None: ...  # noqa: D102 - of the keyring library

    def set_password(self, service: str, username: str, password: str) -> None: ...  # noqa: D102 - of the keyring library


def is_safe(backend: object) -> bool:
    """Whether a backend keeps secrets from others: a recommended one that is neither null, fail nor plaintext."""
    kind = type(backend)
    name = f"{kind.__module__}.{kind.__name__}"
    if name.startswith(_REFUSED_MODULES) or "plaintext" in name.lower():
        return False
    try:
        # The library calls priorities below 1 not recommended; null has -1 and fail 0.
        return float(getattr(backend, "priority", 0)) >= 1
    except RuntimeError:
        return False


def choose(backend: KeyringBackend) -> KeyringBackend | None:
    """The backend itself, or the first safe member where it chains others; None where none is safe."""
    members: Iterable[KeyringBackend] = getattr(backend, "backends", None) or [backend]
    return next((member for member in members if is_safe(member)), None)


def system_keychain(home_id: str) -> "Keychain | None":
    """The keychain of this machine and account, or None where it has no safe keyring."""
    # Imported late: looking for backends asks the desktop and takes noticeable time.
    import keyring

    backend = choose(keyring.get_keyring())
    return None if backend is None else Keychain(backend, home_id)


class Keychain:
    """One home's root key in one keyring."""

    def __init__(self, backend: KeyringBackend, home_id: str) -> None:
        self._backend = backend
        self.account = f"root-{hashlib.sha256(b'chome/1|' + home_id.encode()).hexdigest()[:16]}"

    def load(self) -> bytes | None:
        """The stored key, or None where the keyring has none for this home.

        Raises:
            KeyringGone: the keyring does not answer.
            KeyringForeign: the value is not in a form that this program knows.
        """
        value = self._ask()
        return None if value is None else _decode(value)

    def save(self, root: bytes) -> None:
        """Store the key and read it back, because some keyrings silently lose what they are given.

        Raises:
            KeyringGone: the keyring does not answer or did not keep it.
        """
        value = _VERSION + base64.urlsafe_b64encode(root).decode()
        if len(value) > WINDOWS_LIMIT:
            raise ValueError("too long for the keyring of Windows")
        self._tell(value)
        if self._ask() != value:
            raise KeyringGone

    def _ask(self) -> str | None:
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(SERVICE, self.account)
        except (KeyringError, OSError, RuntimeError) as error:
            raise KeyringGone from error

    def _tell(self, value: str) -> None:
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(SERVICE, self.account, value)
        except (KeyringError, OSError, RuntimeError):
            # The cause could quote the value.
            raise KeyringGone from None


def _decode(value: str) -> bytes:
    version, encoded = value[: len(_VERSION)], value[len(_VERSION) :]
    try:
        root = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except ValueError:
        raise KeyringForeign from None
    if version != _VERSION or len(root) != _ROOT_BYTES:
        raise KeyringForeign
    return root
