"""One worker without a process manager: in a container the platform supervises it.

Saves gunicorn's import (70 ms of a cold start) and its master's memory.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from wherry.serving.lock_file import lock_file
from wherry.serving.server import Server
from wherry.serving.sockets import function_socket, metrics_socket

if TYPE_CHECKING:
    from wherry.config import Config


def run_alone(config: Config) -> None:
    """Serve in this process until SIGTERM or SIGINT.

    Raises:
        ConfigError: A port cannot be listened on.
        HandlerError: The handler cannot be served.
    """
    os.umask(0o027)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave_at_once)
    lock = lock_file(config, bytearray(1))
    # Listening comes before importing: the first caller waits in the backlog, not refused.
    server = Server(
        config, [function_socket(config)], metrics_socket=metrics_socket(config), lock=lock
    )
    mounts = server.load()
    loop = new_event_loop()
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.terminate)
        loop.run_until_complete(server.serve(mounts))
    finally:
        loop.close()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Uvloop's loop where it is installed, else the standard library's; set for this thread."""
    try:
        import uvloop
    except ImportError:
        loop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def leave_at_once(_number: int, _frame: object) -> None:
    """What a signal to stop means before the server has started: STARTING goes to STOPPED."""
    # Nothing has begun that would have to be ended, and an exception raised here would surface
    # inside the user's import.
    os._exit(0)
