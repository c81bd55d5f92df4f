"""``storehub``: serves the hub and looks after its database; the composition root of the hub."""

import argparse
import errno
import json
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import platformdirs

from hub import devices, operations, refusals, waiting
from hub.allotting import weigh
from hub.compaction import KEEP, compact
from hub.core import DEFAULT_BRAND, NotMigrated, database_url, found, open_hub
from hub.database import Database, DatabaseBusy, DatabaseUnknown
from hub.importing import import_tables
from hub.logs import configure
from hub.migrate import NewerSchema, migrate
from hub.problems import HubProblem
from hub.region_commands import add_region_commands
from hub.revocations import revoke
from hub.rootkey import RootKeyMissing, RootKeyWrong
from hub.serving import listen, serve
from hub.users import add_user
from storeapp.domain.allotment import MOST_WEIGHT

DONE, REFUSED, USAGE, ENVIRONMENT = 0, 1, 2, 3
DEFAULT_PORT = 8410
_ENVIRONMENT = (
    NotMigrated,
    NewerSchema,
    RootKeyMissing,
    RootKeyWrong,
    DatabaseBusy,
    operations.BackupBroken,
    operations.BackupInPlace,
    operations.HubRunning,
)
SHELL = "shell"
"""Who has acted where somebody typed a command on the hub's machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit 0 done, 1 refused, 2 usage, 3 environment."""
    parsed = _parser().parse_args(arguments)
    configure(logging.INFO)
    try:
        answer = parsed.run(parsed)
    except HubProblem as problem:
        return _fail(REFUSED, problem.problem.code)
    except DatabaseUnknown as error:
        return _fail(USAGE, error.code)
    except _ENVIRONMENT as error:
        return _fail(ENVIRONMENT, error.code)
    except OSError as error:
        return _fail(ENVIRONMENT, f"system_failed: {errno.errorcode.get(error.errno or 0, type(error).__name__)}")
    if answer is not None:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return DONE


def _fail(status: int, code: str) -> int:
    sys.stderr.write(f"storehub: {code}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="storehub", description="The hub of a brand's store counters.")
    parser.add_argument("--home", type=Path, default=Path(platformdirs.user_data_dir("storehub")))
    parser.add_argument("--database", default="", help="URL of a database; without it, an embedded one in the home")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], Any], words: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words, description=words)
        added.set_defaults(run=run)
        return added

    serving = command("serve", _serve, "Serve counters, phones and the console; the database is migrated first.")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=DEFAULT_PORT)
    serving.add_argument("--demo", action="store_true", help="accept simulated commands")
    serving.add_argument("--brand", default=DEFAULT_BRAND, help="the brand's id, for a new hub")
    migrating = command("migrate", _migrate, "Make the database or bring it to today's schema.")
    migrating.add_argument("--brand", default=DEFAULT_BRAND)
    code = command("enrol-code", _enrol_code, "Print a code that enrols one counter within ten minutes.")
    code.add_argument("--store", required=True)
    code.add_argument("--new", action="store_true", help="for a store that stood alone until now, and tells of itself")
    importing = command("import", _import, "Enter stores, articles, guides and buildings from tables.")
    importing.add_argument("folder", type=Path)
    revoking = command("revoke", _revoke, "Turn a counter away.")
    revoking.add_argument("device")
    sharing = command("share", _share, "Divide the stock of a store between its counters.")
    sharing.add_argument("device")
    sharing.add_argument("--weight", type=int, required=True, choices=range(MOST_WEIGHT + 1), metavar="0-100")
    of_store = command("waiting", _waiting, "List the commands that wait for a person.")
    of_store.add_argument("--store", default="", help="of one store only; the oldest 500 are listed")
    again = command("retry", _retry, "Decide a waiting command again.")
    again.add_argument("id")
    again.add_argument("--demo", action="store_true", help="accept a simulated command, as a hub served so does")
    away = command("discard", _discard, "Let a waiting command be.")
    away.add_argument("id")
    command("refused", _refused, "List what was refused to a store and nobody has looked at.").add_argument("store")
    command("accept", _accept, "Let a refusal stand.").add_argument("id")
    compacting = command("compact", _compact, "Drop what left the feeds long ago, settled matters and old results.")
    compacting.add_argument("--days", type=int, default=KEEP.days, help="how many days are kept")
    saving = command("backup", _backup, "Copy the database while it is in use, and check the copy.")
    saving.add_argument("file", type=Path)
    restoring = command("restore", _restore, "Put a checked copy in place of the database; counters refill it.")
    restoring.add_argument("file", type=Path)
    add_region_commands(command)
    user = command("console-user", _console_user, "Let somebody read the console; the password comes from stdin.")
    user.add_argument("name")
    return parser


def _prepare(parsed: argparse.Namespace) -> None:
    db = Database(database_url(parsed.home, parsed.database))
    try:
        migrate(db)
        found(db, parsed.home, brand=parsed.brand)
    finally:
        db.close()


def _migrate(parsed: argparse.Namespace) -> dict[str, str]:
    _prepare(parsed)
    return {"status": "migrated"}


def _serve(parsed: argparse.Namespace) -> None:
    if parsed.database:
        _serve_here(parsed)
        return
    lock = operations.serving_lock(parsed.home)
    if not lock.acquire():
        raise operations.HubRunning
    try:
        _serve_here(parsed)
    finally:
        lock.release()


def _serve_here(parsed: argparse.Namespace) -> None:
    _prepare(parsed)
    hub = open_hub(parsed.home, url=parsed.database, demo=parsed.demo)
    try:
        listening = listen(parsed.host, parsed.port)
        host, port = listening.getsockname()[:2]
        sys.stdout.write(json.dumps({"url": f"http://{host}:{port}"}) + "\n")
        sys.stdout.flush()
        serve(hub, listening)
    finally:
        hub.close()


def _enrol_code(parsed: argparse.Namespace) -> dict[str, str]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        if not parsed.new:
            devices.check_store(hub, parsed.store)
        return {"code": devices.new_code(hub, store=parsed.store), "store": parsed.store}
    finally:
        hub.close()


def _import(parsed: argparse.Namespace) -> dict[str, Any]:
    """What could be read is entered; each other row is named, without the values, which may be personal."""
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        entered = import_tables(hub, parsed.folder)
        return entered.counts | {"errors": len(entered.errors), "wrong": [asdict(error) for error in entered.errors]}
    finally:
        hub.close()


def _revoke(parsed: argparse.Namespace) -> dict[str, str]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        revoke(hub, parsed.device)
    finally:
        hub.close()
    return {"status": "revoked"}


def _share(parsed: argparse.Namespace) -> dict[str, str]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        return {"status": "shared", "store": weigh(hub, parsed.device, parsed.weight)}
    finally:
        hub.close()


def _waiting(parsed: argparse.Namespace) -> list[dict[str, Any]]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        return [asdict(row) for row in waiting.listed(hub, store=parsed.store)]
    finally:
        hub.close()


def _retry(parsed: argparse.Namespace) -> dict[str, str]:
    hub = open_hub(parsed.home, url=parsed.database, demo=parsed.demo)
    try:
        result = waiting.retry(hub, parsed.id, by=SHELL)
    finally:
        hub.close()
    return {"status": result.status.value, "code": result.problem.code if result.problem else ""}


def _discard(parsed: argparse.Namespace) -> dict[str, str]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        waiting.discard(hub, parsed.id, by=SHELL)
    finally:
        hub.close()
    return {"status": "discarded"}


def _refused(parsed: argparse.Namespace) -> list[dict[str, Any]]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        return [asdict(row) for row in refusals.listed(hub, parsed.store).rows]
    finally:
        hub.close()


def _accept(parsed: argparse.Namespace) -> dict[str, str]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        return {"status": "accepted", "store": refusals.accept(hub, parsed.id, by=SHELL)}
    finally:
        hub.close()


def _compact(parsed: argparse.Namespace) -> dict[str, int]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        return compact(hub, keep=timedelta(days=parsed.days))
    finally:
        hub.close()


def _backup(parsed: argparse.Namespace) -> dict[str, int]:
    return operations.backup(parsed.home, parsed.file, url=parsed.database)


def _restore(parsed: argparse.Namespace) -> dict[str, str]:
    operations.restore(parsed.home, parsed.file, url=parsed.database)
    return {"status": "restored"}


def _console_user(parsed: argparse.Namespace) -> dict[str, str]:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        add_user(hub, parsed.name, sys.stdin.readline().rstrip("\n"))
    finally:
        hub.close()
    return {"status": "added"}


if __name__ == "__main__":
    sys.exit(main())
