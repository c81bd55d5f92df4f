"""Commands about the hub: become part of one, and exchange with it once."""

import contextlib
from dataclasses import asdict
from pathlib import Path

from storeapp.adapters.vault_errors import NoKeySource
from storeapp.cli.output import Exit, Failure, Reply
from storeapp.cli.parser import Commands
from storeapp.cli.session import Session
from storeapp.i18n import Translator
from storeapp.services.enrolment import EnrolmentFailed
from storeapp.services.home import CACHE, JOURNAL, KEYS, create_home
from storeapp.services.ports import SyncFailed

UNREACHED = frozenset({"offline", "hub_trouble", "busy", "failed"})
"""Problems that time may mend; what is pending stays pending."""


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    command = commands.add("enrol", enrol)
    command.add_argument("url", metavar="URL")
    command.add_argument("code", metavar="CODE")
    commands.add("sync", sync, keyless=True)


def enrol(session: Session) -> Reply:
    """Make this counter part of a hub; an empty home becomes a new counter of it."""
    fresh = not session.home.exists
    recovery_key = _new_home(session) if fresh else ""
    try:
        session.ports.sync().enrol(session.counter, url=session.args.url, code=session.args.code)
    except (SyncFailed, EnrolmentFailed):
        if fresh:
            session.close()
            _remove(session.path)
        raise
    counter, words = session.counter, session.words
    data: dict[str, object] = {"store": counter.store, "device": counter.device, "recovery_key": recovery_key}
    lines = [words.text("cli.enrolled", store=counter.store)]
    if recovery_key:
        lines.append(words.text("cli.recovery_key", key=recovery_key))
    return Reply(data, tuple(lines))


def _new_home(session: Session) -> str:
    made = create_home(session.path, clock=session.clock)
    made.home.open().close()
    session.home.root = made.home.root
    if not made.recovery_key:
        session.output.note(session.words.text(f"error.{NoKeySource.code}"))
    return made.recovery_key


def _remove(path: Path) -> None:
    """Take back the empty home that was made a moment ago, and nothing else that lies there."""
    for name in (JOURNAL, CACHE, KEYS):
        for file in path.glob(f"{name}*"):
            file.unlink()
    with contextlib.suppress(OSError):  # somebody's folder, with somebody's files
        path.rmdir()


def sync(session: Session) -> Reply:
    """Give the hub everything, take everything, and say what came of it."""
    report = session.ports.sync().once(session.counter)
    lines = [session.words.text("cli.synced", **asdict(report))]
    if report.problem:
        lines.append(problem_text(session.words, report.problem))
    return Reply(asdict(report), tuple(lines), _status(report.problem, undone=report.refused + report.parked))


def _status(problem: str, *, undone: int) -> Exit:
    if problem in UNREACHED:
        return Exit.OFFLINE
    return Exit.REFUSED if problem or undone else Exit.DONE


def problem_text(words: Translator, code: str) -> str:
    """The words for a problem with the hub; a newer hub may say what this program has no words for."""
    known = f"sync.problem.{code}"
    return words.text(known) if words.has(known) else words.text("sync.problem", code=code)


def failure(words: Translator, error: SyncFailed | EnrolmentFailed) -> Failure:
    """How a failed enrolment ends."""
    return Failure(error.code, problem_text(words, error.code), _status(error.code, undone=1))
