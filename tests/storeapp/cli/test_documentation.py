from storeapp.cli.main import AREAS
from storeapp.cli.parser import Commands
from storeapp.i18n import Translator
from tests.storeapp.cli.conftest import ROOT


def test_every_command_is_documented():
    commands = Commands(Translator("en"))
    for area in AREAS:
        area.register(commands)
    text = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    assert [name for name in commands.names if f"| `{name}" not in text] == []
