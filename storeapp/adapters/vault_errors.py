"""The failures of the root key, in one place, so that every way to open it ends in words for a person.

::

    VaultError                  code
    ├── NoKeySource             no_key_source         neither a keyring nor a passphrase: no personal data is kept
    │   └── PassphraseNeeded    passphrase_needed     the root key is under a passphrase that nobody gave
    ├── PassphraseWrong         passphrase_wrong
    ├── PassphraseShort         passphrase_short      data: minimum
    ├── KeyringGone             keyring_gone          no keyring answers, or it lost the root key
    ├── KeyringForeign          keyring_foreign       it holds something that is not this home's root key
    ├── RecoveryMistyped        recovery_mistyped     the check characters do not fit
    ├── RecoveryWrong           recovery_wrong        well typed, but of another home or replaced since
    └── VaultBroken             vault_broken          the record itself is damaged
"""

from typing import ClassVar


class VaultError(Exception):
    """The root key could not be had; never holds any secret."""

    code: ClassVar[str] = "vault_failed"

    def __init__(self, **data: object) -> None:
        super().__init__(self.code)
        self.data = data


class NoKeySource(VaultError):
    """Nothing on this machine can keep a root key."""

    code = "no_key_source"


class PassphraseNeeded(NoKeySource):
    """The root key is under a passphrase, and none was given."""

    code = "passphrase_needed"


class PassphraseWrong(VaultError):
    """Not the passphrase of this home."""

    code = "passphrase_wrong"


class PassphraseShort(VaultError):
    """Too short to guard anything."""

    code = "passphrase_short"


class KeyringGone(VaultError):
    """The keyring that held the root key does not answer or was wiped."""

    code = "keyring_gone"


class KeyringForeign(VaultError):
    """The keyring answers with something that is not this home's root key."""

    code = "keyring_foreign"


class RecoveryMistyped(VaultError):
    """The recovery key has a slip of the finger."""

    code = "recovery_mistyped"


class RecoveryWrong(VaultError):
    """The recovery key belongs to another home, or a newer one has replaced it."""

    code = "recovery_wrong"


class VaultBroken(VaultError):
    """The vault's record is damaged."""

    code = "vault_broken"
