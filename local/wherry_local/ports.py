"""Listening sockets, and the addresses by which callers on this machine reach them."""

from __future__ import annotations

import errno
import socket

from wherry_local.errors import NoFreePort

_TRIES = 100
_BACKLOG = 1024
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def listeners(count: int, *, host: str, port: int) -> list[socket.socket]:
    """Listen on `count` ports from `port` up, those in use left out; 0 takes any free ones.

    Raises:
        NoFreePort: There are not enough, or the address cannot be listened on.
    """
    made: list[socket.socket] = []
    last = min(port + count + _TRIES, 65535) if port else count
    try:
        for candidate in range(port, last + 1) if port else (0,) * count:
            listener = listening(host, candidate)
            made += [listener] if listener is not None else []
            if len(made) == count:
                return made
    except NoFreePort:
        _close(made)
        raise
    _close(made)
    raise NoFreePort(
        f"{host}: not {count} free ports from {port} to {last}",
        hint="--port 0 takes any free ones",
    )


def _close(made: list[socket.socket]) -> None:
    for listener in made:
        listener.close()


def listening(host: str, port: int, *, option: str = "--host") -> socket.socket | None:
    """A listening socket, or None when the port is in use.

    Args:
        host: Address of this machine.
        port: The port.
        option: What the address was given by.

    Raises:
        NoFreePort: The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return None
        raise NoFreePort(
            f"{host}:{port}: cannot listen: {error.strerror or error}", hint=f"{option} 127.0.0.1"
        ) from None
    except OverflowError:
        raise NoFreePort(f"{host}: there is no port {port}", hint="--port 8080") from None


def base_url(listener: socket.socket) -> str:
    """Where what listens on `listener` answers on this machine, `http://127.0.0.1:8080`."""
    bound, port = listener.getsockname()[:2]
    host = _LOOPBACK.get(bound) or str(bound)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
