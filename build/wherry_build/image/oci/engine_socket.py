"""The HTTP API of the container engine on this machine, over its socket. The edge; no SDK.

Which engine: DOCKER_HOST, else the docker command's current context, else the sockets that Docker
and podman listen on by default. Source: Docker Engine API 1.41; podman answers the same requests.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wherry_build.errors import EngineUnavailable

_CONNECT_S = 5
_ANSWER_S = 600
_LIMIT_ANSWER_BYTES = 64 * 1024 * 1024
_LIMIT_FILE_BYTES = 1 << 20
_HINT = "start the engine, or build with --output tar:FILE and load that: docker load --input FILE"


@dataclass(frozen=True, slots=True)
class EngineSocket:
    """One engine, by its address: `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`."""

    address: str

    def request(
        self, method: str, path: str, body: Iterable[bytes] | None = None
    ) -> tuple[int, bytes]:
        """The status and the body of the answer; `body` is sent in chunks.

        Raises:
            EngineUnavailable: Nothing answers there.
        """
        connection = self._connection()
        headers = {"Host": "localhost"}
        if body is not None:
            headers |= {"Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"}
        try:
            connection.connect()
            if connection.sock is not None:
                connection.sock.settimeout(_ANSWER_S)
            # It may answer before all was sent, and say why.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, headers, encode_chunked=True)
            answer = connection.getresponse()
            return answer.status, answer.read(_LIMIT_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            said = getattr(error, "strerror", None) or type(error).__name__
            raise EngineUnavailable(f"{self.address}: {said}", hint=_HINT) from None
        finally:
            connection.close()

    def inspect(self, image: str) -> dict[str, Any] | None:
        """What the engine says of `image`; None when it has none of that name.

        Raises:
            EngineUnavailable: Nothing answers there.
        """
        status, body = self.request("GET", f"/images/{image}/json")
        said = _json(body)
        return said if status == http.HTTPStatus.OK and isinstance(said, dict) else None

    def _connection(self) -> http.client.HTTPConnection:
        where = urlsplit(self.address)
        if where.scheme == "unix":
            return _UnixConnection(where.path)
        if where.scheme in {"tcp", "http"} and where.hostname:
            if os.environ.get("DOCKER_TLS_VERIFY"):
                return _tls_connection(where.hostname, where.port or 2376)
            return http.client.HTTPConnection(
                where.hostname, where.port or 2375, timeout=_CONNECT_S
            )
        raise EngineUnavailable(
            f"{self.address}: expected an address like unix:///var/run/docker.sock", hint=_HINT
        )


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_CONNECT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CONNECT_S)
        self.sock.connect(self._path)


def _tls_connection(host: str, port: int) -> http.client.HTTPConnection:
    import ssl

    folder = Path(os.environ.get("DOCKER_CERT_PATH") or "~/.docker").expanduser()
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except OSError as error:
        raise EngineUnavailable(
            f"{host}: the certificates in {folder} cannot be read: {error.strerror}",
            hint="DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem",
        ) from None
    return http.client.HTTPSConnection(host, port, timeout=_CONNECT_S, context=context)


def local_engine(environment: Mapping[str, str] | None = None) -> EngineSocket:
    """The engine of this machine; it may still not answer.

    Raises:
        EngineUnavailable: There is no socket of one.
    """
    environment = os.environ if environment is None else environment
    named = environment.get("DOCKER_HOST") or _of_context(environment)
    if named:
        return EngineSocket(named)
    tried = list(_sockets(environment))
    for path in tried:
        if _is_socket(path):
            return EngineSocket(f"unix://{path}")
    raise EngineUnavailable(
        f"no container engine: there is no socket at {', '.join(map(str, tried))}", hint=_HINT
    )


def _sockets(environment: Mapping[str, str]) -> Iterator[Path]:
    run = environment.get("XDG_RUNTIME_DIR")
    home = Path(environment.get("HOME") or "~").expanduser()
    yield Path("/var/run/docker.sock")
    if run:
        yield Path(run, "docker.sock")
    yield home / ".docker/run/docker.sock"
    if run:
        yield Path(run, "podman/podman.sock")
    yield Path("/run/podman/podman.sock")


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


def _of_context(environment: Mapping[str, str]) -> str:
    """The address of the docker command's current context; empty for its default one."""
    home = Path(environment.get("HOME") or "~").expanduser()
    folder = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    name = environment.get("DOCKER_CONTEXT") or _read(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name in {"", "default"}:
        return ""
    # The docker command keeps each context in a folder named by the hash of its name.
    kept = folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    endpoints = _read(kept).get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    return host if isinstance(host, str) else ""


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            said = _json(opened.read(_LIMIT_FILE_BYTES))
    except OSError:
        return {}
    return said if isinstance(said, dict) else {}


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
