"""Runs the application until the process is told to end; requests under way are finished first."""

import socket

import uvicorn

from hub.api import create_app
from hub.core import Hub

GRACE_S = 10
KEEP_ALIVE_S = 60


def serve(hub: Hub, listening: socket.socket) -> None:
    """Serve on an open socket."""
    config = uvicorn.Config(
        create_app(hub),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[listening])
