"""Commands about the counter itself: set up, examine, back up, bring back, close its day."""

import os
from dataclasses import asdict
from datetime import date
from pathlib import Path

from msgspec import structs

from storeapp.adapters.vault import passphrase_from
from storeapp.adapters.vault_errors import NoKeySource
from storeapp.cli.output import Exit, Reply
from storeapp.cli.parser import Commands, UsageError
from storeapp.cli.people_commands import read_secret
from storeapp.cli.session import Session
from storeapp.domain.kernel import Refusal
from storeapp.services import backup as backups
from storeapp.services import restore as restores
from storeapp.services import rootkey
from storeapp.services import setup as setups
from storeapp.services.counter import NotSetUp
from storeapp.services.day import DayReport, close_day, day_report
from storeapp.services.doctor import Finding, Health, examine
from storeapp.services.forgetting import forget_due
from storeapp.services.self_test import self_test

RECOVERY_VARIABLE = "STOREAPP_RECOVERY_KEY"


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    command = commands.add("setup", set_up, keyless=True)
    command.add_argument("--store", required=True, metavar="CODE")
    command.add_argument("--data", type=Path, required=True, metavar="DIR")
    command.add_argument("--brand", default=setups.DEFAULT_BRAND)
    command = commands.add("doctor", doctor, keyless=True)
    command.add_argument("--self-test", action="store_true")
    commands.add("backup", back_up, keyless=True).add_argument("folder", type=Path, metavar="DIR")
    commands.add("restore", restore, keyless=True).add_argument("folder", type=Path, metavar="DIR")
    commands.add("recover", recover, keyless=True)
    commands.add("forget", forget, keyless=True)
    commands.add("day", show_day, keyless=True).add_argument("--day", type=date.fromisoformat)
    commands.add("close-day", end_day, keyless=True).add_argument("--day", type=date.fromisoformat)


def set_up(session: Session) -> Reply | Refusal:
    """Make a stand-alone counter from a folder of tables."""
    args, words = session.args, session.words
    if not args.data.is_dir():
        raise UsageError(words.text("cli.no_folder"))
    tables = setups.read_tables(args.data)
    try:
        made = setups.set_up(session.path, store=args.store, tables_of=tables, clock=session.clock, brand=args.brand)
    except setups.UnknownStore:
        return Refusal("unknown_store", {"store": args.store})
    except FileExistsError:
        return Refusal("already_set_up")
    if not made.recovery_key:
        session.output.note(words.text(f"error.{NoKeySource.code}"))
    data: dict[str, object] = {
        "store": args.store,
        "skus": made.skus,
        "guides": made.guides,
        "buildings": made.buildings,
        "personal_data": bool(made.recovery_key),
        "recovery_key": made.recovery_key,
        "errors": [asdict(error) for error in made.errors],
    }
    lines = [words.text("cli.set_up", store=args.store, skus=made.skus, guides=made.guides)]
    if made.recovery_key:
        lines.append(words.text("cli.recovery_key", key=made.recovery_key))
    return Reply(data, tuple(lines), Exit.REFUSED if made.errors else Exit.DONE)


def doctor(session: Session) -> Reply:
    """Look the counter over; with --self-test the installed program, too."""
    diagnosis = examine(session.home)
    findings = list(diagnosis.findings)
    if session.args.self_test:
        findings += self_test(session.ports.painter(), language=session.words.language)
    well = all(finding.health is not Health.BROKEN for finding in findings)
    found = [{"code": each.code, "health": each.health.value, **each.data} for each in findings]
    data: dict[str, object] = {"version": diagnosis.version, "well": well, "findings": found}
    return Reply(data, tuple(_told(session, each) for each in findings), Exit.DONE if well else Exit.ENVIRONMENT)


def _told(session: Session, finding: Finding) -> str:
    mark = {Health.WELL: "+", Health.DOUBTFUL: "?", Health.BROKEN: "!"}[finding.health]
    return f"{mark} {session.words.text(f'doctor.{finding.code}', **finding.data)}"


def back_up(session: Session) -> Reply:
    """Copy journal and keys to a folder while the counter works."""
    made = backups.back_up(session.home, session.counter, session.args.folder)
    if made.keys is None:
        session.output.note(session.words.text("cli.backup_without_keys"))
    data: dict[str, object] = {"journal": made.journal, "commands": made.commands, "keys": made.keys}
    return Reply(data, (session.words.text("cli.backed_up", file=made.journal, commands=made.commands),))


def restore(session: Session) -> Reply | Refusal:
    """Make this home from a backup, with the recovery key."""
    folder = session.args.folder
    manifest = backups.read_manifest(folder)
    key = _recovery_key(session) if manifest.keys_sha256 else ""
    try:
        restores.restore(folder, session.path, recovery_key=key, clock=session.clock)
    except FileExistsError:
        return Refusal("already_set_up")
    data: dict[str, object] = {"store": manifest.store, "commands": manifest.commands, "made_at": manifest.made_at}
    return Reply(data, (session.words.text("cli.restored", commands=manifest.commands),))


def recover(session: Session) -> Reply:
    """Open the keys with the recovery key, and keep them here anew."""
    if not session.home.exists:
        raise NotSetUp
    rootkey.recover(session.home, _recovery_key(session), passphrase=passphrase_from(os.environ))
    return Reply({"recovered": True}, (session.words.text("cli.done"),))


def _recovery_key(session: Session) -> str:
    """From the environment or typed; never an argument, which everybody on the machine can see."""
    return os.environ.get(RECOVERY_VARIABLE) or read_secret(session.words.text("cli.ask_recovery"))


def forget(session: Session) -> Reply:
    """Destroy the data of customers whose orders are over."""
    count = forget_due(session.counter)
    return Reply({"forgotten": count}, (session.words.text("cli.forgotten", count=count),))


def show_day(session: Session) -> Reply:
    """The figures of a day."""
    return _day(session, day_report(session.counter, session.args.day))


def end_day(session: Session) -> Reply | Refusal:
    """Close a day; whom nobody needs to know any more is forgotten."""
    report = close_day(session.counter, session.actor, session.args.day)
    if isinstance(report, Refusal):
        return report
    forget_due(session.counter)
    return _day(session, report)


def _day(session: Session, report: DayReport) -> Reply:
    totals = structs.asdict(report.totals)
    delivered = report.totals.delivered
    data: dict[str, object] = {"day": report.day} | totals
    data["on_time_rate"] = round(report.totals.on_time / delivered, 4) if delivered else None
    data["guides"] = [
        {
            "guide": each.guide,
            "deliveries": each.deliveries,
            "on_time": each.on_time,
            "earnings_fen": each.earnings_fen,
            "paid_by": each.paid_by,
        }
        for each in report.guides
    ]
    data["in_custody"] = [asdict(each) for each in report.in_custody]
    data["open_deliveries"] = list(report.open_deliveries)
    data["counted"] = [asdict(each) for each in report.counted]
    data["closings"] = report.closed.closings if report.closed else 0
    return Reply(data, (session.words.text("cli.day", **totals),))
