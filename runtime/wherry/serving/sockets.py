"""Making the sockets that workers are given."""

from __future__ import annotations

import socket

from wherry.config import Config
from wherry.errors import ConfigError

_BACKLOG = 2048


def bind(host: str, port: int, variable: str) -> socket.socket:
    """A listening socket.

    Raises:
        ConfigError: The address cannot be listened on; names the variable to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            hint=f"{variable}=0 takes a free port",
        ) from None
    sock.set_inheritable(True)
    return sock


def function_socket(config: Config) -> socket.socket:
    """The function's socket: the one a supervisor handed down, or a new one."""
    if config.listen_fd is not None:
        try:
            return socket.socket(fileno=config.listen_fd)
        except OSError as error:
            raise ConfigError(
                f"WHERRY_LISTEN_FD: {config.listen_fd} is no socket: {error.strerror}",
                hint="unset WHERRY_LISTEN_FD",
            ) from None
    return bind(config.host, config.port, "PORT")


def metrics_socket(config: Config) -> socket.socket | None:
    """The metrics port's socket, or None where it is off."""
    if config.metrics_port is None:
        return None
    host = config.metrics_host or config.host
    return bind(host, config.metrics_port, "WHERRY_METRICS_PORT")
