"""Runs the application until the process is told to end; requests under way are finished first."""

import socket

import uvicorn
from starlette.concurrency import run_in_threadpool

from hub.api import create_app
from hub.compaction import Housekeeper
from hub.core import Hub
from hub.folding import Folder
from hub.region_runner import RegionRunner
from storeapp.adapters.interpreter import look_rarely

GRACE_S = 10
KEEP_ALIVE_S = 60


class Server(uvicorn.Server):
    """Sends the long polls home before it waits for requests under way, or it would wait for them to the end.

    Without a ``runner`` no plans of regions are made here.
    """

    def __init__(self, config: uvicorn.Config, hub: Hub, runner: RegionRunner | None = None) -> None:
        super().__init__(config)
        self._hub = hub
        self._runner = runner

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way and take nothing new; a plan of a region is given to another process.

        The signal that ended the server ends the process right after this, so nothing can be left for later.
        """
        self._hub.bell.close()
        if self._runner is not None:
            await run_in_threadpool(self._runner.stop)
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A socket whose connections answer at once.

    asyncio sets this for sockets that say they speak TCP, and those of `socket.create_server` don't: then the end of
    each answer waits for the other side's acknowledgement of its beginning, 40 ms on a kept connection.
    """
    listening = socket.create_server((host, port))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def serve(hub: Hub, listening: socket.socket) -> None:
    """Serve on an open socket."""
    look_rarely()
    config = uvicorn.Config(
        create_app(hub),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    housekeeper, folder, runner = Housekeeper(hub), Folder(hub.db), RegionRunner(hub)
    for part in (housekeeper, folder, runner):
        part.start()
    try:
        Server(config, hub, runner).run(sockets=[listening])
    finally:
        for part in (runner, folder, housekeeper):
            part.stop()
