"""The Docker Engine as a builder, through its SDK; the only importer of `docker`.

Uses the classic build API, which every engine has; the SDK has no BuildKit.
"""

from __future__ import annotations

import io
import os
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wherry_build.errors import EngineUnavailable, ImageBuildFailed

if TYPE_CHECKING:
    from docker import APIClient

_DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
_KEPT_LINES = 20
_TIMEOUT_S = 600
_KNOCK_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRequest:
    """One image that is to be built from a context.

    Attributes:
        tag: Reference that the image is given.
        context: Build context as an uncompressed tar, its Dockerfile included.
        base: Base image; empty leaves the Dockerfile's own.
        network: Network of the build's steps; empty is the engine's default.
        pull: Whether to look for a newer base image.
    """

    tag: str
    context: bytes
    base: str = ""
    network: str = ""
    pull: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineImage:
    """One image that an engine keeps.

    Attributes:
        id: `sha256:...` of its configuration.
        tag: Reference that it was given.
        size_bytes: What it takes with its base, unpacked.
    """

    id: str
    tag: str
    size_bytes: int


class DockerEngine:
    """One engine; connects when it is made.

    Raises:
        EngineUnavailable: The SDK is not installed, or no engine answers.
    """

    def __init__(self, client: APIClient | None = None) -> None:
        self._client = client if client is not None else _connect()

    def build(self, request: ContextRequest, progress: Callable[[str], None]) -> EngineImage:
        """Build the image of `request`; every line that the engine prints is told.

        Raises:
            ImageBuildFailed: A step failed, or the engine refused.
        """
        last: deque[str] = deque(maxlen=_KEPT_LINES)
        with _explained(request, last):
            events = self._client.build(
                fileobj=io.BytesIO(request.context),
                custom_context=True,
                tag=request.tag,
                rm=True,
                forcerm=True,
                pull=request.pull,
                decode=True,
                buildargs={"BASE": request.base} if request.base else {},
                network_mode=request.network or None,
            )
            for event in events:
                if "error" in event:
                    raise _failed(request, str(event["error"]), last)
                for line in str(event.get("stream") or event.get("status") or "").splitlines():
                    if line.strip():
                        last.append(line)
                        progress(line)
            untyped: Any = self._client
            found: dict[str, Any] = untyped.inspect_image(request.tag)
        return EngineImage(id=str(found["Id"]), tag=request.tag, size_bytes=int(found["Size"]))


def _failed(request: ContextRequest, reason: str, last: deque[str]) -> ImageBuildFailed:
    hint = ""
    text = reason + "\n".join(last)
    if "not found" in reason or "pull access denied" in reason or "no such host" in reason:
        hint = "is the base image's name right, and its registry reachable? give --base"
    elif "Temporary failure in name resolution" in text or "NewConnectionError" in text:
        hint = "the build has no way to the package index: try --network host, or --wheels DIR"
    elif "CERTIFICATE_VERIFY_FAILED" in text:
        hint = "the base image does not trust the index's certificate: give a --base that does"
    return ImageBuildFailed(f"{request.tag}: {reason.strip()}", log=tuple(last), hint=hint)


@contextmanager
def _explained(request: ContextRequest, last: deque[str]) -> Iterator[None]:
    """Turn what the SDK raises into errors of ours."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise _failed(request, str(error.explanation or error), last) from None
    except (DockerException, RequestException) as error:
        raise ImageBuildFailed(
            f"{request.tag}: the engine went away: {error}", log=tuple(last), hint="docker info"
        ) from None


def _connect() -> APIClient:
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
            base_url=address,
            version="auto",
            timeout=_TIMEOUT_S,
            tls=_tls(address),
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
    """Where the engine listens, and who says so: the environment, docker's context, the default."""
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
