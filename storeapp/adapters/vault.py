"""Keeps the one root key that all of a home's keys hang on, and never makes a second one by mistake.

The root key lives in the keyring of the operating system, or under a passphrase, and always under the
recovery key as well. The record holds no secret in the clear; keys.db stores it as text.
"""

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storeapp.adapters import recovery
from storeapp.adapters.keychain import Keychain
from storeapp.adapters.vault_errors import (
    KeyringForeign,
    KeyringGone,
    NoKeySource,
    PassphraseNeeded,
    PassphraseShort,
    PassphraseWrong,
    RecoveryWrong,
    VaultBroken,
)

ROOT_BYTES = 32
ENVIRONMENT_NAME = "STOREAPP_PASSPHRASE"
PASSPHRASE_MINIMUM = 8
_NONCE_BYTES = 12
_SALT_BYTES = 16


class Custody(StrEnum):
    """Where the root key is kept from day to day."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 - a way, not a password


class ScryptCost(msgspec.Struct, frozen=True):
    """The work of one guess; the default takes about 32 MiB and a quarter of a second on a small PC."""

    n: int = 1 << 15
    r: int = 8
    p: int = 3


class PassphraseWrap(msgspec.Struct, frozen=True):
    """The root key under a passphrase; ``check`` tells a wrong passphrase from a damaged record."""

    salt: bytes
    check: bytes
    wrapped: bytes
    cost: ScryptCost


class RecoveryWrap(msgspec.Struct, frozen=True):
    """The root key under the recovery key."""

    check: bytes
    wrapped: bytes


class VaultRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored beside the keys; ``root_check`` recognises the one right root key."""

    home_id: str
    custody: Custody
    root_check: bytes
    recovery: RecoveryWrap
    passphrase: PassphraseWrap | None = None
    version: int = 1

    def text(self) -> str:
        """The record as JSON, to be stored."""
        return msgspec.json.encode(self).decode()


def parse_record(text: str) -> VaultRecord:
    """Read a stored record.

    Raises:
        VaultBroken: it is damaged or from a newer program.
    """
    try:
        record = msgspec.json.decode(text, type=VaultRecord)
    except msgspec.MsgspecError:
        raise VaultBroken from None
    if record.version != 1:
        raise VaultBroken
    return record


@dataclass(frozen=True, slots=True)
class OpenVault:
    """A vault with its root key in hand."""

    record: VaultRecord
    root: bytes

    def __repr__(self) -> str:
        return f"OpenVault({self.record.custody})"


def passphrase_from(environ: Mapping[str, str]) -> str | None:
    """The passphrase that whoever started the program has set, if any."""
    return environ.get(ENVIRONMENT_NAME) or None


def create(
    home_id: str, *, keychain: Keychain | None, passphrase: str | None, cost: ScryptCost | None = None
) -> tuple[OpenVault, str]:
    """Make a new root key; only ever called for a home that has no record.

    Returns:
        The vault and its recovery key, which is shown once and kept nowhere.

    Raises:
        NoKeySource: there is neither a safe keyring nor a passphrase.
        KeyringGone: the keyring does not answer.
        PassphraseShort: the passphrase has fewer than eight characters.
    """
    root, recovery_key = os.urandom(ROOT_BYTES), recovery.generate()
    record = VaultRecord(
        home_id=home_id,
        custody=Custody.KEYRING,
        root_check=_root_check(root),
        recovery=_under_recovery(root, recovery_key, home_id),
    )
    return _keep(OpenVault(record, root), keychain=keychain, passphrase=passphrase, cost=cost), recovery_key


def unlock(record: VaultRecord, *, keychain: Keychain | None, passphrase: str | None) -> OpenVault:
    """Open the vault the way its record says; nothing is ever made anew here.

    Raises:
        PassphraseNeeded: it is under a passphrase, and none was given.
        PassphraseWrong: another passphrase.
        KeyringGone: the keyring does not answer or has lost the key.
        KeyringForeign: the keyring holds another home's key.
        VaultBroken: the record is damaged.
    """
    if record.custody is Custody.KEYRING:
        return OpenVault(record, _from_keychain(record, keychain))
    if passphrase is None:
        raise PassphraseNeeded
    return OpenVault(record, _from_passphrase(record, passphrase))


def recover(
    record: VaultRecord,
    recovery_key: str,
    *,
    keychain: Keychain | None,
    passphrase: str | None,
    cost: ScryptCost | None = None,
) -> OpenVault:
    """Open the vault with the recovery key, and keep the root key in this keyring or under this passphrase.

    Raises:
        RecoveryMistyped: the check characters do not fit.
        RecoveryWrong: it opens another vault.
        VaultBroken: the record is damaged.
        NoKeySource, KeyringGone, PassphraseShort: as for `create`.
    """
    secret = recovery.read(recovery_key)
    if not hmac.compare_digest(_recovery_check(secret), record.recovery.check):
        raise RecoveryWrong
    root = _opened(_recovery_cipher_key(secret), record.recovery.wrapped, record)
    return _keep(OpenVault(record, root), keychain=keychain, passphrase=passphrase, cost=cost)


def use_passphrase(vault: OpenVault, passphrase: str, *, cost: ScryptCost | None = None) -> OpenVault:
    """The vault under a new passphrase instead of the old one, or instead of the keyring.

    Raises:
        PassphraseShort: it has fewer than eight characters.
    """
    return _keep(vault, keychain=None, passphrase=passphrase, cost=cost)


def use_keychain(vault: OpenVault, keychain: Keychain) -> OpenVault:
    """The vault in the keyring; its passphrase no longer opens it.

    Raises:
        KeyringGone: the keyring does not answer.
    """
    return _keep(vault, keychain=keychain, passphrase=None, cost=None)


def renew_recovery(vault: OpenVault) -> tuple[OpenVault, str]:
    """The vault with a new recovery key; the old one no longer opens it."""
    recovery_key = recovery.generate()
    wrap = _under_recovery(vault.root, recovery_key, vault.record.home_id)
    return OpenVault(msgspec.structs.replace(vault.record, recovery=wrap), vault.root), recovery_key


def _keep(vault: OpenVault, *, keychain: Keychain | None, passphrase: str | None, cost: ScryptCost | None) -> OpenVault:
    custody, wrap = Custody.KEYRING, None
    if keychain is not None:
        keychain.save(vault.root)
    elif passphrase is not None:
        custody, wrap = Custody.PASSPHRASE, _under_passphrase(vault, passphrase, cost or ScryptCost())
    else:
        raise NoKeySource
    return OpenVault(msgspec.structs.replace(vault.record, custody=custody, passphrase=wrap), vault.root)


def _from_keychain(record: VaultRecord, keychain: Keychain | None) -> bytes:
    root = None if keychain is None else keychain.load()
    if root is None:
        raise KeyringGone
    if not hmac.compare_digest(_root_check(root), record.root_check):
        raise KeyringForeign
    return root


def _from_passphrase(record: VaultRecord, passphrase: str) -> bytes:
    wrap = record.passphrase
    if wrap is None:
        raise VaultBroken
    cipher_key, check = _stretch(passphrase, wrap.salt, wrap.cost)
    if not hmac.compare_digest(check, wrap.check):
        raise PassphraseWrong
    return _opened(cipher_key, wrap.wrapped, record)


def _under_passphrase(vault: OpenVault, passphrase: str, cost: ScryptCost) -> PassphraseWrap:
    if len(passphrase) < PASSPHRASE_MINIMUM:
        raise PassphraseShort(minimum=PASSPHRASE_MINIMUM)
    salt = os.urandom(_SALT_BYTES)
    cipher_key, check = _stretch(passphrase, salt, cost)
    return PassphraseWrap(salt, check, _closed(cipher_key, vault.root, vault.record.home_id), cost)


def _under_recovery(root: bytes, recovery_key: str, home_id: str) -> RecoveryWrap:
    secret = recovery.read(recovery_key)
    return RecoveryWrap(_recovery_check(secret), _closed(_recovery_cipher_key(secret), root, home_id))


def _stretch(passphrase: str, salt: bytes, cost: ScryptCost) -> tuple[bytes, bytes]:
    # The same characters reach us composed or decomposed, depending on keyboard and system.
    text = unicodedata.normalize("NFC", passphrase).encode()
    memory = 256 * cost.r * (cost.n + cost.p)
    both = hashlib.scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=64)
    return both[:32], both[32:48]


def _recovery_cipher_key(secret: bytes) -> bytes:
    # The secret is uniformly random, so one HMAC is all the derivation it needs.
    return hmac.digest(secret, b"crecovery/1|wrap", "sha256")


def _recovery_check(secret: bytes) -> bytes:
    return hmac.digest(secret, b"crecovery/1|check", "sha256")[:16]


def _root_check(root: bytes) -> bytes:
    return hmac.digest(root, b"croot/1|check", "sha256")[:16]


def _closed(cipher_key: bytes, root: bytes, home_id: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(cipher_key).encrypt(nonce, root, home_id.encode())


def _opened(cipher_key: bytes, wrapped: bytes, record: VaultRecord) -> bytes:
    try:
        root = AESGCM(cipher_key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], record.home_id.encode())
    except (InvalidTag, ValueError):
        raise VaultBroken from None
    if not hmac.compare_digest(_root_check(root), record.root_check):
        raise VaultBroken
    return root
