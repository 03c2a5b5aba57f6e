"""The scope of a connection, as the ASGI specification 3.0 has it.

This module must not know applications, sockets or limits.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from wherry.request import Request

Scope = dict[str, Any]
ASGI = {"version": "3.0", "spec_version": "2.4"}
_PORTS = {"http": 80, "https": 443}


def http_scope(request: Request, state: dict[str, Any] | None, root_path: str = "") -> Scope:
    """The scope of a request.

    Args:
        request: The request.
        state: What the application has put there at its start, copied for each request; None
            where it has no lifespan.
        root_path: The path below which the application is mounted; `path` has it, too.
    """
    scheme, client = request.scheme, request.client_address
    headers = [(name.lower(), value) for name, value in request.headers]
    path = request.path
    scope: Scope = {
        "type": "http",
        "asgi": ASGI.copy(),
        "http_version": request.http_version,
        "method": request.method,
        "scheme": scheme,
        "path": unquote_to_bytes(path).decode("utf-8", "replace") if "%" in path else path,
        "raw_path": path.encode("ascii"),
        "query_string": request.query.encode("ascii"),
        "root_path": root_path,
        "headers": headers,
        "client": (client, 0) if client else None,
        "server": _server(headers, _PORTS.get(scheme, 80)),
    }
    if state is not None:
        scope["state"] = state.copy()
    return scope


def websocket_scope(http: Scope, subprotocols: list[str]) -> Scope:
    """The scope of a websocket that a request with the scope `http` asks for."""
    scope = http.copy()
    del scope["method"]
    scope.update(
        type="websocket",
        scheme="wss" if scope["scheme"] == "https" else "ws",
        subprotocols=subprotocols,
        extensions={"websocket.http.response": {}},
    )
    return scope


def _server(headers: list[tuple[bytes, bytes]], port: int) -> tuple[str, int] | None:
    """Name and port that the caller asked for; what we are bound to means nothing in a cluster."""
    for name, value in headers:
        if name == b"host":
            host, _, given = value.decode("latin-1").rpartition(":")
            if host and given.isdigit():
                return host, int(given)
            return value.decode("latin-1").removesuffix(":"), port
    return None
