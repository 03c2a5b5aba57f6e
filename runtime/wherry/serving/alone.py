"""One worker without a process manager: in a container the platform starts it again.

Saves gunicorn's import (70 ms of a cold start) and its master's memory.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from wherry.serving.ending import leave_at_once, on_signal, report_crashes
from wherry.serving.lock_file import lock_file
from wherry.serving.server import Server
from wherry.serving.sockets import function_socket, metrics_socket

if TYPE_CHECKING:
    from wherry.config import Config


def run_alone(config: Config) -> int:
    """Serve in this process until SIGTERM or SIGINT; returns the exit code.

    Raises:
        ConfigError: A port cannot be listened on.
        HandlerError: The handler cannot be served.
    """
    os.umask(0o027)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave_at_once)
    report_crashes()
    lock = lock_file(config, bytearray(1))
    # Listening comes before importing: the first caller waits in the backlog, not refused.
    server = Server(
        config, [function_socket(config)], metrics_socket=metrics_socket(config), lock=lock
    )
    mounts = server.load()
    for number in (signal.SIGTERM, signal.SIGINT):
        on_signal(number, server.terminate)
    return server.run(mounts)
