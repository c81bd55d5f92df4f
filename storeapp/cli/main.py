"""Runs one command and turns whatever comes of it into an exit status; nothing personal is in an error."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from storeapp.adapters.road_errors import RoadsError
from storeapp.adapters.sealing import SealBroken
from storeapp.adapters.vault_errors import VaultError
from storeapp.cli import (
    area_commands,
    desk_commands,
    hub_commands,
    order_commands,
    people_commands,
    planning_commands,
    setup_commands,
    stock_commands,
    travel_commands,
)
from storeapp.cli.output import Exit, Failure, Output
from storeapp.cli.parser import Commands, UsageError, before_parsing
from storeapp.cli.session import Ports, Session
from storeapp.config import BadSettings, Settings, language_of, load_settings
from storeapp.domain.kernel import Refusal
from storeapp.i18n import Translator
from storeapp.services.backup import BackupBroken
from storeapp.services.counter import NotSetUp, Refused
from storeapp.services.enrolment import EnrolmentFailed
from storeapp.services.ports import PaperUnavailable, SyncFailed
from storeapp.store.errors import StoreError

AREAS = (
    setup_commands,
    order_commands,
    planning_commands,
    travel_commands,
    area_commands,
    desk_commands,
    stock_commands,
    people_commands,
    hub_commands,
)
INTERRUPTED = 130
_ROOT = Path(__file__).parents[2]


def main(argv: Sequence[str], ports: Ports, *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Run the command line; returns the exit status. Without a command the window opens."""
    out, err = out or sys.stdout, err or sys.stderr
    home, language, as_json = before_parsing(argv)
    try:
        settings, problem = load_settings(home), None
    except (BadSettings, OSError) as error:
        settings, problem = Settings(), error
    words = Translator(language or language_of(settings))
    output = Output(words, as_json=as_json, out=out, err=err)
    try:
        if problem is not None:
            raise problem
        return _run(argv, words=words, settings=settings, output=output, ports=ports)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more, so there is nothing to tell; the program's own door ends it quietly.
        raise
    except Exception as error:
        # The last door: whatever comes is told without its values.
        return output.fail(_failure(words, error))


def _run(argv: Sequence[str], *, words: Translator, settings: Settings, output: Output, ports: Ports) -> int:
    commands = Commands(words)
    for area in AREAS:
        area.register(commands)
    args = commands.parse(argv)
    session = Session(args, words=words, settings=settings, output=output, ports=ports)
    if args.command is None:
        return ports.window(session.home, words.language, settings.theme)
    try:
        answer = args.run(session)
    except Refused as refused:
        answer = refused.refusal
    finally:
        session.close()
    return output.refuse(answer) if isinstance(answer, Refusal) else output.reply(answer)


def _failure(words: Translator, error: Exception) -> Failure:
    if isinstance(error, UsageError):
        return Failure("usage", words.text("cli.usage", problem=str(error)), Exit.USAGE)
    if isinstance(error, PaperUnavailable):
        return Failure(error.code, words.text(error.code), Exit.ENVIRONMENT)
    if isinstance(error, (StoreError, VaultError, BadSettings, BackupBroken, RoadsError)):
        return Failure(error.code, words.text(f"error.{error.code}", **error.data), Exit.ENVIRONMENT, error.data)
    if isinstance(error, (SyncFailed, EnrolmentFailed)):
        return hub_commands.failure(words, error)
    if isinstance(error, (NotSetUp, SealBroken)):
        return Failure(error.code, words.text(f"error.{error.code}"), Exit.ENVIRONMENT)
    if isinstance(error, OSError):
        # The name of a file that somebody chose may be personal; the reason is the system's.
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        return Failure("file_failed", words.text("error.file_failed", reason=reason), Exit.ENVIRONMENT)
    return _crash(words, error)


def _crash(words: Translator, error: Exception) -> Failure:
    """Where and of what kind, never the message: it may quote what a customer is called."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{_place(frame.filename)}:{frame.lineno}" for frame in frames[-3:]]
    data = {"type": type(error).__name__, "at": " ".join(places)}
    return Failure("crash", words.text("cli.crash", **data), Exit.CRASHED, data)


def _place(file: str) -> str:
    path = Path(file)
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name
