"""Whether an HTTP server behind a port takes calls yet: asked again and again, ever less often.

`/_/ready` is asked first and `/_/health` where there is no such path, as OpenFaaS's watchdog has
them. A server that knows neither is ready when it answers at all. A connection alone tells nothing:
an engine accepts it before the server inside is there.
"""

from __future__ import annotations

import asyncio
import contextlib

_PATHS = ("/_/ready", "/_/health")
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.5
_GROWTH = 1.5
_PATIENCE_S = 5.0
_NO_HTTP = (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


async def until_ready(host: str, port: int) -> None:
    """Return when the server takes calls; whoever waits says for how long."""
    pause_s = _FIRST_PAUSE_S
    while not await _is_ready(host, port):
        await asyncio.sleep(pause_s)
        pause_s = min(_LONGEST_PAUSE_S, pause_s * _GROWTH)


async def _is_ready(host: str, port: int) -> bool:
    status = None
    for path in _PATHS:
        status = await _status(host, port, path)
        if status != 404:
            break
    return status is not None and (status < 400 or status == 404)


async def _status(host: str, port: int, path: str) -> int | None:
    """The status of a GET; None where nothing answers it."""
    asking = asyncio.ensure_future(_asked(host, port, path))
    try:
        # Before Python 3.12 `wait_for` loses a cancellation that comes together with the answer.
        await asyncio.wait({asking}, timeout=_PATIENCE_S)
        return asking.result() if asking.done() else None
    except (OSError, *_NO_HTTP):
        return None
    finally:
        asking.cancel()


async def _asked(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
        )
        line = await reader.readuntil(b"\n")
        version, _, rest = line.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            raise ValueError("no HTTP")
        return int(rest[:3])
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
