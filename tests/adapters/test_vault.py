from collections.abc import Callable

import msgspec
import pytest

from storeapp.adapters import recovery, vault
from storeapp.adapters import vault_errors as errors
from storeapp.adapters.keychain import SERVICE, Keychain
from storeapp.adapters.vault import Custody, OpenVault, ScryptCost, parse_record

CHEAP = ScryptCost(n=16, r=1, p=1)
PASSPHRASE = "correct horse"


class MemoryKeyring:
    """A keyring that lives as long as its test."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password


def keychain(home_id: str = "home-1") -> Keychain:
    return Keychain(MemoryKeyring(), home_id)


def under_passphrase() -> tuple[OpenVault, str]:
    return vault.create("home-1", keychain=None, passphrase=PASSPHRASE, cost=CHEAP)


def test_a_keyring_is_preferred_to_a_passphrase() -> None:
    chain = keychain()
    made, _ = vault.create("home-1", keychain=chain, passphrase=PASSPHRASE)
    assert made.record.custody is Custody.KEYRING
    assert made.record.passphrase is None
    assert vault.unlock(made.record, keychain=chain, passphrase=None) == made


def test_a_passphrase_opens_what_it_closed() -> None:
    made, _ = under_passphrase()
    stored = parse_record(made.record.text())
    assert vault.unlock(stored, keychain=None, passphrase=PASSPHRASE).root == made.root


def test_composed_and_decomposed_passphrases_are_the_same() -> None:
    made, _ = vault.create("home-1", keychain=None, passphrase="caf\u00e9 latte", cost=CHEAP)
    assert vault.unlock(made.record, keychain=None, passphrase="cafe\u0301 latte").root == made.root


def test_no_secret_is_in_the_record_or_in_a_name() -> None:
    made, recovery_key = under_passphrase()
    text = made.record.text()
    assert made.root not in msgspec.json.encode(text)
    assert recovery_key not in text
    assert PASSPHRASE not in text
    assert repr(made) == "OpenVault(passphrase)"


def test_nothing_to_keep_a_key_in_makes_no_key() -> None:
    with pytest.raises(errors.NoKeySource):
        vault.create("home-1", keychain=None, passphrase=None)


def refused(attempt: Callable[[], object], kind: type[errors.VaultError]) -> None:
    with pytest.raises(kind) as caught:
        attempt()
    assert type(caught.value) is kind
    assert str(caught.value) == kind.code


def test_each_way_not_to_open_has_its_own_code() -> None:
    made, _ = under_passphrase()
    chain = keychain()
    kept, _ = vault.create("home-1", keychain=chain, passphrase=None)
    foreign = keychain()
    foreign.save(bytes(32))
    refused(lambda: vault.unlock(made.record, keychain=chain, passphrase=None), errors.PassphraseNeeded)
    refused(lambda: vault.unlock(made.record, keychain=None, passphrase="wrong horse"), errors.PassphraseWrong)
    refused(lambda: vault.unlock(kept.record, keychain=None, passphrase=PASSPHRASE), errors.KeyringGone)
    refused(lambda: vault.unlock(kept.record, keychain=keychain(), passphrase=None), errors.KeyringGone)
    refused(lambda: vault.unlock(kept.record, keychain=foreign, passphrase=None), errors.KeyringForeign)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(errors.PassphraseShort) as caught:
        vault.create("home-1", keychain=None, passphrase="1234567", cost=CHEAP)
    assert caught.value.data == {"minimum": 8}


def test_a_wiped_keyring_is_refilled_with_the_recovery_key() -> None:
    made, recovery_key = vault.create("home-1", keychain=keychain(), passphrase=None)
    other_account = keychain()
    again = vault.recover(made.record, recovery_key.lower(), keychain=other_account, passphrase=None)
    assert again.root == made.root
    assert vault.unlock(again.record, keychain=other_account, passphrase=None).root == made.root


def test_recovery_may_end_in_a_passphrase() -> None:
    made, recovery_key = vault.create("home-1", keychain=keychain(), passphrase=None)
    again = vault.recover(made.record, recovery_key, keychain=None, passphrase=PASSPHRASE, cost=CHEAP)
    assert vault.unlock(again.record, keychain=None, passphrase=PASSPHRASE).root == made.root


def test_a_wrong_or_mistyped_recovery_key_is_refused() -> None:
    made, recovery_key = under_passphrase()
    typed = ("Y" if recovery_key[0] != "Y" else "X") + recovery_key[1:]
    refused(lambda: vault.recover(made.record, typed, keychain=keychain(), passphrase=None), errors.RecoveryMistyped)
    other = recovery.generate()
    refused(lambda: vault.recover(made.record, other, keychain=keychain(), passphrase=None), errors.RecoveryWrong)


def test_changing_the_passphrase_keeps_the_root_key() -> None:
    made, recovery_key = under_passphrase()
    changed = vault.use_passphrase(made, "another horse", cost=CHEAP)
    assert vault.unlock(changed.record, keychain=None, passphrase="another horse").root == made.root
    refused(lambda: vault.unlock(changed.record, keychain=None, passphrase=PASSPHRASE), errors.PassphraseWrong)
    assert vault.recover(changed.record, recovery_key, keychain=keychain(), passphrase=None).root == made.root


def test_moving_to_the_keyring_retires_the_passphrase() -> None:
    made, _ = under_passphrase()
    chain = keychain()
    moved = vault.use_keychain(made, chain)
    assert vault.unlock(moved.record, keychain=chain, passphrase=None).root == made.root
    assert moved.record.passphrase is None


def test_a_new_recovery_key_retires_the_old_one() -> None:
    made, old = under_passphrase()
    renewed, new = vault.renew_recovery(made)
    refused(lambda: vault.recover(renewed.record, old, keychain=keychain(), passphrase=None), errors.RecoveryWrong)
    assert vault.recover(renewed.record, new, keychain=keychain(), passphrase=None).root == made.root


def test_a_damaged_record_is_told_from_a_wrong_passphrase() -> None:
    made, _ = under_passphrase()
    wrap = made.record.passphrase
    assert wrap is not None
    damaged = msgspec.structs.replace(
        made.record, passphrase=msgspec.structs.replace(wrap, wrapped=bytes(len(wrap.wrapped)))
    )
    bare = msgspec.structs.replace(made.record, passphrase=None)
    other_root = msgspec.structs.replace(made.record, root_check=bytes(16))
    for record in (damaged, bare, other_root):
        with pytest.raises(errors.VaultBroken):
            vault.unlock(record, keychain=None, passphrase=PASSPHRASE)


@pytest.mark.parametrize("text", ["", "{}", "[]", "顾客"])
def test_a_text_that_is_no_record_is_broken(text: str) -> None:
    with pytest.raises(errors.VaultBroken):
        parse_record(text)


def test_a_record_of_a_newer_program_is_refused() -> None:
    made, _ = under_passphrase()
    with pytest.raises(errors.VaultBroken):
        parse_record(msgspec.structs.replace(made.record, version=2).text())


def test_an_empty_variable_is_no_passphrase() -> None:
    assert vault.passphrase_from({}) is None
    assert vault.passphrase_from({"STOREAPP_PASSPHRASE": ""}) is None
    assert vault.passphrase_from({"STOREAPP_PASSPHRASE": "x"}) == "x"


def test_the_keyring_service_has_a_name_people_recognise() -> None:
    assert SERVICE == "storeapp"


def test_the_default_cost_opens_too() -> None:
    made, _ = vault.create("home-1", keychain=None, passphrase=PASSPHRASE)
    assert vault.unlock(made.record, keychain=None, passphrase=PASSPHRASE).root == made.root
