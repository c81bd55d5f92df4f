"""Runs a PostgreSQL of its own in a scratch folder, for tests and measurements; nothing on the machine is touched."""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from devtools import ROOT, SetupProblem

DEBIAN_FOLDER = Path("/usr/lib/postgresql")
ACCOUNTS = ("postgres", "nobody")
"""Who runs it where we are root, because initdb refuses root."""

OWNER = "hub"
PATIENCE_S = 60
_SETTINGS = (
    "listen_addresses=''",
    "max_connections=200",
    "shared_buffers=128MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
)
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""For tests that don't ask what is left after a power cut."""


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs; Debian keeps them off the path."""
    versions = sorted(DEBIAN_FOLDER.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def account() -> str | None:
    """The account to run it with, None for our own."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in names), None)


class Server:
    """A running server that is reached over a socket in its own folder."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.bin = _must_have_programs()
        self._account = account()
        self._data = folder / "data"
        self._durable = durable

    def start(self) -> "Server":
        """Make the cluster and start it.

        Raises:
            SetupProblem: it did not start; its own words are in the message.
        """
        if self._account:
            shutil.chown(self.folder, self._account)
        trusting = ["--auth=trust", f"--username={OWNER}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "-D", str(self._data), *trusting)
        settings = (*_SETTINGS, f"unix_socket_directories='{self.folder}'", *(() if self._durable else _CARELESS))
        options = " ".join(f"-c {setting}" for setting in settings)
        log = ["-l", str(self.folder / "server.log")]
        self._run("pg_ctl", "-D", str(self._data), *log, "-w", "-t", str(PATIENCE_S), "-o", options, "start")
        return self

    def stop(self) -> None:
        """End it at once; its folder is no longer of use."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        # No pipes: the server would inherit and hold them open.
        with tempfile.TemporaryFile() as words:
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                user=self._account,
                group=_group(self._account),
                extra_groups=None if self._account is None else [],
                cwd=self.folder,
                stdout=words,
                stderr=subprocess.STDOUT,
                check=False,
            )
            words.seek(0)
            said = words.read().decode("utf-8", "replace")
        if done.returncode:
            raise SetupProblem(f"{program} failed: {said}")

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}"

    def plain_url(self, database: str = "postgres") -> str:
        """The same in PostgreSQL's own words."""
        return f"postgresql://{OWNER}@/{database}?host={self.folder}"


def _group(name: str | None) -> int | None:
    return None if name is None else pwd.getpwnam(name).pw_gid


def _must_have_programs() -> Path:
    found = programs()
    if found is None:
        raise SetupProblem("PostgreSQL is not installed")
    return found


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[Server]:
    """A server for as long as the block lasts, and no longer than this process, however it ends.

    Args:
        durable: whether commits reach the disk; without it everything is faster and nothing survives a power cut.

    Raises:
        SetupProblem: there is no PostgreSQL, or it did not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    warden = _warden(folder)
    try:
        yield Server(folder, durable=durable).start()
    finally:
        warden.communicate(timeout=2 * PATIENCE_S)


def _warden(folder: Path) -> "subprocess.Popen[bytes]":
    """A process that ends the server once the pipe from us has closed, which it does even where we are killed.

    In a session of its own, so that a signal to all of ours leaves it to its work.
    """
    command = [sys.executable, "-m", "devtools.postgres", str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)


def main(folder: Path) -> None:
    """Wait for the end of whoever started us, then end its server and take the folder away."""
    sys.stdin.buffer.read()
    # It may never have come as far as to start one, or stopped it by itself.
    with contextlib.suppress(SetupProblem):
        Server(folder, durable=False).stop()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
