"""Saying that a worker serves: a line in the log, and a byte to who started it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from wherry import startup

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from wherry.config import Config

_log = logging.getLogger("wherry.serving")


def tell_log(
    name: str,
    shown: str,
    sockets: Sequence[socket.socket],
    metrics: socket.socket | None,
    seconds: float,
) -> None:
    """One line: what is served, where, and how long it took."""
    _log.info(
        "%s (%s) is ready on %s%s after %.0f ms",
        name,
        shown,
        ", ".join(_address(sock) for sock in sockets),
        "" if metrics is None else f", metrics on {_address(metrics)}/metrics",
        seconds * 1000,
    )


def tell_starter(config: Config, *, is_first: bool) -> None:
    """What whoever started the process has asked to hear: a byte, and where the time went.

    Of several workers the first one explains.
    """
    if config.explain_startup != "off" and is_first:
        startup.tell(config.function, config.explain_startup)
    if config.ready_fd is not None:
        try:
            os.write(config.ready_fd, b"1")
            os.close(config.ready_fd)
        except OSError:
            _log.warning("WHERRY_READY_FD is not open")


def _address(sock: socket.socket) -> str:
    name = sock.getsockname()
    if isinstance(name, tuple):
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"http://{host}:{name[1]}"
    return f"unix:{name}"
