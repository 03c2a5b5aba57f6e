"""A Docker Engine through its SDK: builds by the classic API, looks at images, pushes, loads.

The way where there is no command line. The SDK has no BuildKit, so that what only BuildKit can do
is refused.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherry_build.errors import BuildUnsupported, EngineUnavailable, ImageBuildFailed
from wherry_build.image.context import pack
from wherry_build.image.docker.command_engine import beyond_classic, engine_image
from wherry_build.image.docker.context_folder import even_out
from wherry_build.image.docker.engine_facts import architecture
from wherry_build.image.docker.failure import LastLines, build_failed, push_failed
from wherry_build.image.docker.request import ContextRequest, EngineImage
from wherry_build.image.docker.sdk_connection import connect
from wherry_build.image.engine import Progress

if TYPE_CHECKING:
    from docker import APIClient


class SdkEngine:
    """One engine; connects when it is made.

    Raises:
        EngineUnavailable: The SDK is not installed, or no engine answers.
    """

    has_mounts = False
    """Whether it takes `RUN --mount`."""

    def __init__(self, client: APIClient | None = None) -> None:
        # Untyped: the stubs know a part of the SDK's methods.
        self.client: Any = client if client is not None else connect()

    @property
    def name(self) -> str:
        """What it is, and how it builds."""
        return f"Docker Engine {self._version.get('Version', '')}, the classic builder"

    @cached_property
    def _version(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.version()
        return told

    @property
    def architecture(self) -> str:
        """What it runs on, in the words of OCI."""
        return architecture(str(self._version.get("Arch", "")))

    def build(self, request: ContextRequest, progress: Progress) -> EngineImage:
        """Build the image of `request`; every line that the engine prints is told.

        Raises:
            BuildUnsupported: What is asked for needs BuildKit.
            ImageBuildFailed: A step failed, or the engine refused.
        """
        for what in beyond_classic(request, self.architecture):
            raise BuildUnsupported(
                f"{request.reference}: the Docker SDK cannot do {what}",
                hint="install the command docker with its plugin buildx, or podman",
            )
        lines = LastLines(progress)
        with _explained(request.reference, lines):
            events = self.client.build(
                **_context(request),
                tag=request.reference,
                rm=True,
                forcerm=True,
                pull=request.pull,
                decode=True,
                buildargs=dict(request.arguments),
                labels=dict(request.labels),
                cache_from=list(request.cache_from),
                network_mode=request.network or None,
            )
            failed = _told(events, lines)
        if failed:
            raise build_failed(request.reference, failed, lines.kept)
        built = self.image(request.reference)
        if built is None:
            raise build_failed(request.reference, "the engine does not keep it", lines.kept)
        return built

    def image(self, reference: str) -> EngineImage | None:
        """What it keeps under `reference`; None when that is nothing.

        Raises:
            EngineUnavailable: It went away.
        """
        from docker.errors import DockerException, ImageNotFound

        try:
            return engine_image(reference, self.client.inspect_image(reference))
        except ImageNotFound:
            return None
        except DockerException as error:
            raise EngineUnavailable(f"{reference}: {error}", hint="docker info") from None

    def load(self, archive: Path, progress: Progress) -> None:
        """Take over the images of a tar file.

        Raises:
            ImageBuildFailed: The engine refused.
        """
        lines = LastLines(progress)
        with _explained(str(archive), lines), archive.open("rb") as opened:
            failed = _told(self.client.load_image(opened, quiet=True), lines)
        if failed:
            raise build_failed(str(archive), failed, lines.kept)

    def push(self, reference: str, progress: Progress) -> str:
        """Push an image with the credentials of docker's configuration; its digest there.

        Raises:
            ImagePushFailed: The registry or the engine refused.
        """
        lines = LastLines(progress)
        digest = ""
        try:
            with _explained(reference, lines):
                for event in self.client.push(reference, stream=True, decode=True):
                    if "error" in event:
                        raise push_failed(reference, str(event["error"]), lines.kept)
                    digest = str((event.get("aux") or {}).get("Digest") or digest)
                    if event.get("status") and not event.get("progress"):
                        lines.tell(" ".join((str(event.get("id") or ""), event["status"])).strip())
        except ImageBuildFailed as error:
            raise push_failed(reference, error.message, error.log) from None
        if not digest:
            raise push_failed(reference, "the engine does not say its digest", lines.kept)
        return digest


def _context(request: ContextRequest) -> dict[str, Any]:
    """The context, in the SDK's words: of a folder it writes a temporary tar by itself."""
    if request.folder is not None:
        even_out(request.folder)
        return {"path": str(request.folder)}
    return {"fileobj": io.BytesIO(pack(list(request.entries))), "custom_context": True}


def _told(events: Iterable[dict[str, Any]], lines: LastLines) -> str:
    """Tell the lines of `events`; the error that they end with, or nothing."""
    for event in events:
        if "error" in event:
            return str(event["error"])
        for line in str(event.get("stream") or event.get("status") or "").splitlines():
            if line.strip():
                lines.tell(line)
    return ""


@contextmanager
def _explained(reference: str, lines: LastLines) -> Iterator[None]:
    """Turn what the SDK raises into errors of ours."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise build_failed(reference, str(error.explanation or error), lines.kept) from None
    except (DockerException, RequestException) as error:
        raise ImageBuildFailed(
            f"{reference}: the engine went away: {error}", log=lines.kept, hint="docker info"
        ) from None
