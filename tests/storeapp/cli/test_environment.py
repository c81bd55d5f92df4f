"""What goes wrong outside the program: a stable code, words in both languages, the documented exit status."""

import io
import json
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storeapp.i18n import LANGUAGES
from storeapp.store.journal import Journal, suspicion
from tests.storeapp.cli.conftest import DEMO, ROOT, Terminal


def test_without_a_command_the_window_opens_in_the_chosen_language(terminal: Terminal):
    (terminal.home / "settings.json").write_text('{"theme": "dark", "language": "en"}')
    assert terminal.run() == 0
    [(home, language, theme)] = terminal.windows
    assert (home.path, language, theme) == (terminal.home, "en", "dark")
    assert terminal.run("--lang", "zh_CN") == 0
    assert terminal.windows[-1][1] == "zh_CN"


def test_bad_settings_are_told(terminal: Terminal):
    (terminal.home / "settings.json").write_text('{"theme": 7}')
    assert terminal.refused("stock", status=3) == "settings_bad"


@pytest.mark.parametrize("argv", [("nonsense",), ("slip",), ("orders", "--at", "yesterday"), ("count", "BL-001", "x")])
def test_what_is_no_command_is_a_usage_error(terminal: Terminal, argv: tuple[str, ...]):
    assert terminal.refused(*argv, status=2) == "usage"


def test_options_stand_before_or_after_the_command(terminal: Terminal, capsys: pytest.CaptureFixture[str]):
    assert terminal.run("--json", "--lang", "en", "stock", "--find", "BL-001") == 0
    assert json.loads(terminal.out)["stock"]
    for language in LANGUAGES:
        with pytest.raises(SystemExit):
            terminal.run("--lang", language, "slip", "--help")
    assert "打印包裹的交接单" in capsys.readouterr().out


def test_words_go_beside_the_json_and_stand_alone_without_it(terminal: Terminal):
    terminal.json("receive", "BL-001", 1)
    assert "BL-001" in terminal.err
    assert terminal.run("receive", "BL-001", 1) == 0
    assert "BL-001" in terminal.out
    assert terminal.err == ""
    assert terminal.run("orders", "--limit", 2) == 0
    assert len(terminal.out.splitlines()) == 2


def test_an_empty_home_is_not_set_up_and_stays_empty(tmp_path: Path):
    terminal = Terminal(tmp_path / "none")
    for command in ("orders", "forget", "close-day", "recover"):
        assert terminal.refused(command, status=3) == "not_set_up"
    assert not terminal.home.exists()
    assert terminal.json("doctor")["findings"][-1]["code"] == "not_set_up"


def test_setting_up_twice_or_for_another_store_is_refused(terminal: Terminal, tmp_path: Path):
    setup = ("setup", "--store", "XH", "--data", DEMO)
    assert terminal.refused(*setup) == "already_set_up"
    new = Terminal(tmp_path / "new")
    assert new.refused("setup", "--store", "ZZ", "--data", DEMO) == "unknown_store"
    assert new.refused("setup", "--store", "XH", "--data", tmp_path / "none", status=2) == "usage"
    assert not new.home.exists()


def test_without_keyring_and_passphrase_nothing_personal_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("STOREAPP_PASSPHRASE", raising=False)
    monkeypatch.setattr("storeapp.services.home.system_keychain", lambda _: None)
    terminal = Terminal(tmp_path / "home")
    answer = terminal.json("setup", "--store", "XH", "--data", DEMO, "--lang", "en")
    assert (answer["personal_data"], answer["recovery_key"]) == (False, "")
    assert "customers' data is not kept" in terminal.err


def test_a_short_passphrase_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STOREAPP_PASSPHRASE", "short")
    terminal = Terminal(tmp_path / "home")
    assert terminal.refused("setup", "--store", "XH", "--data", DEMO, status=3) == "passphrase_short"
    monkeypatch.setenv("STOREAPP_PASSPHRASE", "long enough now")
    terminal.json("setup", "--store", "XH", "--data", DEMO)


@pytest.mark.parametrize(("passphrase", "code"), [("not-this-one", "passphrase_wrong"), ("", "passphrase_needed")])
def test_locked_keys_stop_what_is_about_people_and_nothing_else(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, passphrase: str, code: str
):
    monkeypatch.setenv("STOREAPP_PASSPHRASE", passphrase)
    assert terminal.refused("import", DEMO / "orders-table.csv", status=3) == code
    assert terminal.refused("code", "T000003", status=3) == code
    assert terminal.json("receive", "BL-001", 1)["on_hand"]
    assert len(terminal.json("orders")["orders"]) == 67
    assert terminal.json("doctor")["well"]


def test_the_recovery_key_brings_locked_keys_back(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, recovery_key: str
):
    monkeypatch.setenv("STOREAPP_PASSPHRASE", "a new passphrase")
    monkeypatch.setattr("sys.stdin", io.StringIO("nonsense\n"))
    assert terminal.refused("recover", status=3) == "recovery_mistyped"
    monkeypatch.setenv("STOREAPP_RECOVERY_KEY", recovery_key)
    assert terminal.json("recover") == {"recovered": True}
    assert terminal.json("code", "T000003")["code"]


def test_a_backup_is_restored_elsewhere(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, recovery_key: str, tmp_path: Path
):
    made = terminal.json("backup", tmp_path / "backup")
    assert made["keys"]
    code = terminal.json("code", "T000003")["code"]
    monkeypatch.setenv("STOREAPP_RECOVERY_KEY", recovery_key)
    assert terminal.refused("restore", tmp_path / "backup") == "already_set_up"
    other = Terminal(tmp_path / "other")
    assert other.json("restore", tmp_path / "backup")["commands"] == made["commands"]
    assert other.json("code", "T000003")["code"] == code
    (tmp_path / "backup" / "manifest.json").unlink()
    assert other.refused("restore", tmp_path / "backup", status=3) == "backup_broken"


def test_a_damaged_journal_is_told(terminal: Terminal):
    (terminal.home / "journal.db").write_bytes(b"not a database at all, but long enough to look at" * 100)
    assert terminal.refused("orders", status=3) == "journal_corrupt"
    assert terminal.json("doctor", status=3)["well"] is False


def test_a_salvaged_journal_is_told_with_the_numbers_that_are_missing(terminal: Terminal):
    path = terminal.home / "journal.db"
    found = terminal.json("orders")["orders"]
    with closing(sqlite3.connect(path)) as db, db:
        lost = db.execute("SELECT max(n) FROM command WHERE kind = 'order.place'").fetchone()[0]
        db.execute("UPDATE command SET body = x'7b' WHERE n = ?", (lost,))
    suspicion(path).touch()
    assert len(terminal.json("orders")["orders"]) == len(found) - 1
    assert str(lost) in terminal.err
    assert "journal.db.damaged-1" in terminal.err
    findings = {finding["code"] for finding in terminal.json("doctor")["findings"]}
    assert "journal_salvaged" in findings


def test_a_damaged_cache_is_made_anew_with_people_to_be_found(terminal: Terminal):
    found = terminal.json("orders", "--find", "8012")["orders"]
    assert found
    for name in ("cache.db", "cache.db-wal", "cache.db-shm"):
        (terminal.home / name).unlink(missing_ok=True)
    (terminal.home / "cache.db").write_bytes(b"rubbish " * 1000)
    assert terminal.json("orders", "--find", "8012")["orders"] == found


def test_a_bug_of_ours_is_told_without_its_values(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("王娜 13800138000")

    monkeypatch.setattr("storeapp.services.stock.stock_rows", broken)
    error = terminal.json("stock", status=70)["error"]
    assert (error["code"], error["type"]) == ("crash", "RuntimeError")
    assert "storeapp/cli/stock_commands.py" in error["at"]
    assert "王娜" not in terminal.out + terminal.err


def test_an_interrupt_is_an_exit_status(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("storeapp.services.stock.stock_rows", stopped)
    assert terminal.run("stock") == 130


def test_a_fixed_clock_marks_what_was_done(terminal: Terminal):
    terminal.json("receive", "BL-001", 1)
    journal = Journal(terminal.home / "journal.db")
    try:
        [entry] = journal.after(journal.last() - 1)
    finally:
        journal.close()
    assert entry.simulated
    assert entry.at.isoformat() == "2026-11-21T02:00:00+00:00"


def test_the_self_test_walks_a_parcel(terminal: Terminal):
    answer = terminal.json("doctor", "--self-test")
    assert {"self_day", "self_papers", "self_planner"} <= {each["code"] for each in answer["findings"]}
    terminal.paper.fails = None


def test_nothing_personal_is_logged(terminal: Terminal, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        terminal.json("code", "T000003")
    assert caplog.text == ""


def test_the_program_starts_without_qt(terminal: Terminal):
    script = (
        "import sys; from storeapp.__main__ import main; status = main(sys.argv[1:]);"
        "assert not [name for name in sys.modules if name.startswith('PySide6')]; sys.exit(status)"
    )
    command = [sys.executable, "-c", script, "--home", str(terminal.home), "stock", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["stock"]) == 15


@pytest.mark.parametrize("command", ["doctor", "orders"])
def test_a_reader_that_has_enough_is_no_failure_of_ours(tmp_path, command):
    program = [sys.executable, "-m", "storeapp", "--home", str(tmp_path / "home"), command, "--json"]
    done = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    done.stdout.close()
    told = done.stderr.read()
    done.stderr.close()
    assert done.wait() == 141, told
    assert "Traceback" not in told


@pytest.mark.parametrize("name", ["journal.db", "keys.db"])
def test_what_a_newer_program_wrote_is_told_and_left_as_it_is(terminal: Terminal, name: str):
    with closing(sqlite3.connect(terminal.home / name)) as newer:
        newer.execute("PRAGMA user_version = 99")
    before = {path.name: path.read_bytes() for path in terminal.home.glob("*.db*")}
    for command in (("orders",), ("receive", "BL-001", 1), ("sync",), ("backup", terminal.home.parent / "copy")):
        assert terminal.refused(*command, status=3) == "schema_newer"
    assert terminal.run("orders", "--lang", "en") == 3
    assert "newer program" in terminal.err
    assert {path.name: path.read_bytes() for path in terminal.home.glob("*.db*")} == before
