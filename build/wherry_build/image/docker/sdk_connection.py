"""Where a Docker Engine listens, and a connection to it through the SDK; imports `docker`."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from wherry_build.errors import EngineUnavailable

if TYPE_CHECKING:
    from docker import APIClient

_DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
_ROOTLESS = ("docker.sock", "podman/podman.sock")
_TIMEOUT_S = 600
_KNOCK_S = 10


def connect() -> APIClient:
    """A client of the engine on this machine.

    Raises:
        EngineUnavailable: The SDK is not installed, or no engine answers.
    """
    try:
        import docker
        from docker.errors import DockerException
    except ModuleNotFoundError:
        raise EngineUnavailable(
            "building an image needs the Docker SDK for Python",
            hint="pip install 'wherry[build]'",
        ) from None
    address, from_where = _address()
    try:
        _knock(address)
        client = docker.APIClient(
            base_url=address, version="auto", timeout=_TIMEOUT_S, tls=_tls(address)
        )
        client.ping()
    except (DockerException, OSError) as error:
        raise EngineUnavailable(
            f"no Docker Engine answers at {address} ({from_where}): {_reason(error)}",
            hint="start it, for one with `sudo systemctl start docker`; or set DOCKER_HOST",
        ) from None
    return client


def _knock(address: str) -> None:
    """Connect to a Unix socket once; its error says more than the SDK's, which leaks the socket."""
    path = address.partition("unix://")[2]
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
            knocking.settimeout(_KNOCK_S)
            knocking.connect(path if path.startswith("/") else f"/{path}")


def _address() -> tuple[str, str]:
    """Where the engine listens, and who says so.

    The environment, docker's context, an engine without root of this user, the default.
    """
    from docker.context import ContextAPI
    from docker.errors import DockerException

    given = os.environ.get("DOCKER_HOST", "")
    if given:
        return given, "DOCKER_HOST"
    try:
        context = ContextAPI.get_current_context()
    except (DockerException, OSError, ValueError, KeyError):
        context = None
    if context is not None and context.name != "default" and context.Host:
        return str(context.Host), f"docker context {context.name!r}"
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    if own and not os.access(_DEFAULT_ADDRESS.removeprefix("unix://"), os.W_OK):
        for name in _ROOTLESS:
            if os.access(f"{own}/{name}", os.W_OK):
                return f"unix://{own}/{name}", "XDG_RUNTIME_DIR"
    return _DEFAULT_ADDRESS, "the default"


def _tls(address: str) -> Any:
    from docker.tls import TLSConfig

    folder = os.environ.get("DOCKER_CERT_PATH", "")
    if not folder or not os.environ.get("DOCKER_TLS_VERIFY") or address.startswith("unix:"):
        return False
    return TLSConfig(
        client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"),
        ca_cert=f"{folder}/ca.pem",
        verify=True,
    )


def _reason(error: Exception) -> str:
    """The innermost words of an error that the SDK has wrapped again and again."""
    inner: BaseException = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    return (inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner))[:200]
