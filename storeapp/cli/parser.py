"""The grammar of the command line: options that every command takes, and the commands of each area."""

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from storeapp import __version__
from storeapp.cli.session import Handler, moment
from storeapp.config import LANGUAGES, default_home
from storeapp.i18n import Translator

DEFAULT_STAFF = "manager"


class UsageError(Exception):
    """What was typed is no command of ours."""


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


class Commands:
    """Collects the commands; each area of the program adds its own."""

    def __init__(self, words: Translator) -> None:
        self._words = words
        self.names: list[str] = []
        self._shared = _shared(words)
        self.parser = _Parser(prog="storeapp", description=words.text("cli.about"), parents=[self._shared])
        self.parser.add_argument("--version", action="version", version=f"storeapp {__version__}")
        self._sub = self.parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(self, name: str, run: Handler, *, keyless: bool = False) -> argparse.ArgumentParser:
        """A command; ``keyless`` says that it works while the keys of people's data are locked."""
        self.names.append(name)
        about = self._words.text(f"cli.help.{name}")
        parser = self._sub.add_parser(name, help=about, description=about, parents=[self._shared])
        parser.set_defaults(run=run, keyless=keyless)
        return parser

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Read the arguments.

        Raises:
            UsageError: they are none of ours.
            SystemExit: help or the version was asked for and written.
        """
        defaults = argparse.Namespace(home=default_home(), json=False, at=None, staff=DEFAULT_STAFF, lang=None)
        return self.parser.parse_args(argv, namespace=defaults)


def _shared(words: Translator) -> _Parser:
    """Options that may stand before or after the command; without defaults, so that neither place resets the other."""
    shared = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--home", type=Path, metavar="DIR", help=words.text("cli.help.--home"))
    shared.add_argument("--json", action="store_true", help=words.text("cli.help.--json"))
    shared.add_argument("--at", type=instant, metavar="ISO", help=words.text("cli.help.--at"))
    shared.add_argument("--as", dest="staff", metavar="STAFF", help=words.text("cli.help.--as"))
    shared.add_argument("--lang", choices=LANGUAGES, help=words.text("cli.help.--lang"))
    return shared


def instant(text: str) -> datetime:
    """An instant among the arguments.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        return moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("not an ISO 8601 moment") from error


def before_parsing(argv: Sequence[str]) -> tuple[Path, str | None, bool]:
    """Home, language and JSON as far as they can be told before the grammar is known, for help and usage errors."""
    early = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    early.add_argument("--home", type=Path)
    early.add_argument("--lang")
    early.add_argument("--json", action="store_true")
    try:
        known, _ = early.parse_known_args(argv)
    except argparse.ArgumentError:
        return default_home(), None, "--json" in argv
    return known.home or default_home(), known.lang if known.lang in LANGUAGES else None, known.json
