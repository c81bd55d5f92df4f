"""The lock is resolved through the machine's own registry and keeps silent about it."""

from devtools.locking import addresses, compile_command, uv_settings


def test_pip_settings_reach_uv_under_its_names() -> None:
    lines = ["global.cert='/etc/ca.pem'", "global.index-url='https://mirror.example/simple'", "global.timeout='9'"]
    assert uv_settings(lines) == {
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
    }


def test_an_environment_variable_of_pip_wins_over_its_files() -> None:
    lines = [":env:.cert='/env.pem'", "global.cert='/global.pem'"]
    assert uv_settings(lines) == {"SSL_CERT_FILE": "/env.pem"}


def test_local_folders_of_wheels_stay_out() -> None:
    assert uv_settings([":env:.find-links='/opt/wheels'", "global.extra-index-url='file:///srv'"]) == {}


def test_a_good_lock_names_no_place() -> None:
    assert addresses("requests==2.0 \\\n    --hash=sha256:00\n    # via storeapp\n") == []


def test_an_address_in_a_lock_is_found() -> None:
    assert addresses("--index-url https://mirror.example/simple\nrequests==2.0") == [
        "--index-url https://mirror.example/simple"
    ]


def test_pins_move_only_on_demand() -> None:
    assert "--upgrade" not in compile_command("uv", upgrade=False)
    assert "--upgrade" in compile_command("uv", upgrade=True)
