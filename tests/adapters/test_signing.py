from storeapp.adapters.signing import DeviceKey, verify


def test_a_signature_is_verified_by_the_public_key() -> None:
    key = DeviceKey.generate()
    signature = key.sign(b"message")
    assert verify(key.public, signature, b"message")
    assert not verify(key.public, signature, b"another")
    assert not verify(DeviceKey.generate().public, signature, b"message")


def test_garbage_is_simply_not_verified() -> None:
    key = DeviceKey.generate()
    assert not verify(b"short", key.sign(b"m"), b"m")
    assert not verify(key.public, b"short", b"m")


def test_a_key_comes_back_from_its_seed() -> None:
    key = DeviceKey.generate()
    assert DeviceKey(key.seed).public == key.public


def test_a_key_names_itself_without_its_secret() -> None:
    key = DeviceKey(bytes(32))
    assert repr(key) == f"DeviceKey({key.key_id.hex()})"
    assert key.key_id.hex() == "139e3940"
