import keyring
import pytest
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringLocked, NoKeyringError

from storeapp.adapters.keychain import SERVICE, WINDOWS_LIMIT, Keychain, choose, is_safe, system_keychain
from storeapp.adapters.vault_errors import KeyringForeign, KeyringGone


class DictKeyring:
    """Keeps everything it is given."""

    priority = 5.0

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password


class ForgetfulKeyring(DictKeyring):
    """Loses everything without saying so."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class LockedKeyring(DictKeyring):
    """The person has dismissed the desktop's question."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NoKeyringError(password)


class PlaintextKeyring(DictKeyring):
    """Writes secrets to an open file."""


class WeakKeyring(DictKeyring):
    """Not recommended by the library."""

    priority = 0.5


class UnavailableKeyring(DictKeyring):
    """Cannot run here."""

    @property
    def priority(self) -> float:  # type: ignore[override]  # the library's backends do the same
        raise RuntimeError


class ChainingKeyring(DictKeyring):
    """Asks several others."""

    def __init__(self, *backends: DictKeyring) -> None:
        super().__init__()
        self.backends = backends


ROOT = bytes(range(32))


def test_a_root_key_is_kept_and_found_by_its_home() -> None:
    backend = DictKeyring()
    Keychain(backend, "home-1").save(ROOT)
    assert Keychain(backend, "home-1").load() == ROOT
    assert Keychain(backend, "home-2").load() is None
    ((service, account),) = backend.values
    assert service == SERVICE
    assert "home" not in account
    assert len(backend.values[service, account]) < WINDOWS_LIMIT


def test_what_windows_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="Windows"):
        Keychain(DictKeyring(), "home-1").save(bytes(1000))


@pytest.mark.parametrize("backend", [ForgetfulKeyring(), LockedKeyring()])
def test_a_keyring_that_keeps_nothing_is_gone(backend: DictKeyring) -> None:
    with pytest.raises(KeyringGone) as caught:
        Keychain(backend, "home-1").save(ROOT)
    assert caught.value.__cause__ is None


def test_a_keyring_that_does_not_answer_is_gone() -> None:
    with pytest.raises(KeyringGone):
        Keychain(LockedKeyring(), "home-1").load()


@pytest.mark.parametrize("value", ["2:AAAA", "1:AAAA", "1:*", "", "hello"])
def test_a_value_of_another_form_is_foreign(value: str) -> None:
    backend = DictKeyring()
    keychain = Keychain(backend, "home-1")
    backend.values[SERVICE, keychain.account] = value
    with pytest.raises(KeyringForeign):
        keychain.load()


@pytest.mark.parametrize(
    "backend",
    [
        null.Keyring(),
        fail.Keyring(),
        chainer.ChainerBackend(),
        PlaintextKeyring(),
        WeakKeyring(),
        UnavailableKeyring(),
    ],
)
def test_keyrings_that_guard_nothing_count_as_none(backend: object) -> None:
    assert not is_safe(backend)


def test_a_chain_counts_as_its_first_safe_member() -> None:
    good = DictKeyring()
    assert choose(ChainingKeyring(null.Keyring(), PlaintextKeyring(), good)) is good
    assert choose(ChainingKeyring(null.Keyring())) is None
    assert choose(good) is good


def test_a_machine_with_only_a_null_keyring_has_no_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", null.Keyring)
    assert system_keychain("home-1") is None
    monkeypatch.setattr(keyring, "get_keyring", DictKeyring)
    assert system_keychain("home-1") is not None
