"""A container engine by its command line: builds, looks at images, pushes."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from wherry.secrets import Redactor
from wherry_build.errors import BuildUnsupported, EngineUnavailable
from wherry_build.image.docker.command_line import (
    BuildWay,
    CommandLine,
    Kind,
    find_command_lines,
)
from wherry_build.image.docker.context_folder import context_folder
from wherry_build.image.docker.engine_facts import Facts, architecture
from wherry_build.image.docker.failure import LastLines, build_failed, push_failed
from wherry_build.image.docker.request import ContextRequest, EngineImage
from wherry_build.image.engine import Progress
from wherry_build.image.platform import Platform
from wherry_build.secret_text import secret_parts

_PUSHED = tuple(
    re.compile(rf"{lead}(sha256:[0-9a-f]{{64}})") for lead in ("digest: ", "index-", "manifest-")
)
"""How docker, and nerdctl, name what they pushed; the first that is found counts."""
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?/")
_LIMIT_SECRET_BYTES = 1 << 20
_VERBS = {BuildWay.BUILDX: ("buildx", "build", "--load")}
_FORMATS = {
    BuildWay.BUILDX: ("--progress=plain",),
    BuildWay.BUILDKIT: ("--progress=plain",),
    # OCI's configuration has no HEALTHCHECK, and Buildah would drop it.
    BuildWay.BUILDAH: ("--format=docker",),
}


class CommandEngine:
    """The engine behind a command line."""

    def __init__(self, command: CommandLine) -> None:
        self.command = command

    @property
    def name(self) -> str:
        """What it is, and how it builds."""
        return f"{self.command.name}, {self.command.build_way.value}"

    @property
    def has_mounts(self) -> bool:
        """Whether it takes `RUN --mount`."""
        return self.command.build_way.has_mounts

    @cached_property
    def facts(self) -> Facts:
        """What it says of itself."""
        return self.command.facts()

    @property
    def architecture(self) -> str:
        """What it runs on, in the words of OCI."""
        return self.facts.architecture

    def refusal(self) -> EngineUnavailable | None:
        """Why it does not answer; None when it does."""
        try:
            _ = self.facts
        except EngineUnavailable as error:
            return error
        return None

    def build(self, request: ContextRequest, progress: Progress) -> EngineImage:
        """Build the image of `request`; every line that the engine prints is told.

        Raises:
            BuildUnsupported: The classic builder cannot do what is asked for.
            ImageBuildFailed: A step failed, or the engine refused.
        """
        if not self.has_mounts:
            for what in beyond_classic(request, self.architecture):
                raise BuildUnsupported(
                    f"{request.reference}: {self.name} cannot do {what}",
                    hint="install docker's plugin buildx, podman, or nerdctl with BuildKit",
                )
        lines = LastLines(progress, redact=_redactor(request).redact)
        with context_folder(request) as folder:
            code = self.command.follow(
                [*_build_words(request, self.command.build_way), "."],
                lines.tell,
                variables=_variables(self.command.build_way),
                folder=folder,
            )
        if code:
            raise build_failed(request.reference, lines.reason or f"exit code {code}", lines.kept)
        built = self.image(request.reference)
        if built is None:
            raise build_failed(request.reference, "the engine does not keep it", lines.kept)
        return built

    def image(self, reference: str) -> EngineImage | None:
        """What it keeps under `reference`; None when that is nothing."""
        said = self.command.ask("image", "inspect", reference)
        try:
            (told, *_) = json.loads(said.out)
        except ValueError:
            return None
        return engine_image(reference, told)

    def load(self, archive: Path, progress: Progress) -> None:
        """Take over the images of a tar file.

        Raises:
            ImageBuildFailed: The engine refused.
        """
        lines = LastLines(progress)
        code = self.command.follow(["load", "--input", str(archive)], lines.tell)
        if code:
            raise build_failed(str(archive), lines.reason or f"exit code {code}", lines.kept)

    def push(self, reference: str, progress: Progress) -> str:
        """Push an image with the engine's own credentials; the digest that it has there.

        Raises:
            ImagePushFailed: The registry or the engine refused.
        """
        lines = LastLines(progress)
        with tempfile.TemporaryDirectory(prefix="wherry-push-") as made:
            file = Path(made) / "digest"
            words = ["push", *self._push_options(reference, file), reference]
            code = self.command.follow(words, lines.tell)
            digest = file.read_text().strip() if file.exists() else _digest(lines.kept)
        if code or not digest:
            silent = f"exit code {code}" if code else "the engine does not say its digest"
            reason = (code and lines.reason) or silent
            raise push_failed(reference, reason, lines.kept, command=self.command.kind.value)
        return digest

    def _push_options(self, reference: str, digest: Path) -> list[str]:
        if self.command.kind is not Kind.PODMAN:
            return []
        plain = ["--tls-verify=false"] if _LOOPBACK.match(reference) else []
        return ["--digestfile", str(digest), *plain]


def find_command_engine() -> CommandEngine | None:
    """The first command line on this machine whose engine answers; None when there is none at all.

    Raises:
        EngineUnavailable: There are some, and no engine answers.
    """
    refused: EngineUnavailable | None = None
    for line in find_command_lines():
        engine = CommandEngine(line)
        refusal = engine.refusal()
        if refusal is None:
            return engine
        refused = refused or refusal
    if refused is not None:
        raise refused
    return None


def engine_image(reference: str, told: dict[str, Any]) -> EngineImage:
    """An image, as an engine's `inspect` tells it."""
    identity = str(told.get("Id", ""))
    return EngineImage(
        reference=reference,
        id=identity if ":" in identity else f"sha256:{identity}",
        size_bytes=int(told.get("Size") or 0),
        platform=Platform(
            os=str(told.get("Os") or "linux"),
            architecture=architecture(str(told.get("Architecture", ""))),
            variant=str(told.get("Variant") or ""),
        ),
        user=str((told.get("Config") or {}).get("User") or ""),
        digests=tuple(map(str, told.get("RepoDigests") or ())),
    )


def _build_words(request: ContextRequest, way: BuildWay) -> list[str]:
    """The words of the command, but for the context."""
    platform = [str(request.platform)] if request.platform is not None else []
    secrets = (_record(f"id={name}", f"src={file}") for name, file in request.secrets.items())
    return [
        *_VERBS.get(way, ("build",)),
        *_FORMATS.get(way, ()),
        *("--tag", request.reference, "--file", "Dockerfile"),
        *_each("--build-arg", map("=".join, request.arguments.items())),
        *_each("--label", map("=".join, request.labels.items())),
        *_each("--secret", secrets),
        *_each("--platform", platform),
        *_each("--network", [request.network] if request.network else []),
        *(["--pull"] if request.pull else []),
        *_each("--cache-from", request.cache_from),
        *_each("--cache-to", request.cache_to),
    ]


def _each(option: str, values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (option, value)


def beyond_classic(request: ContextRequest, own: str) -> Iterator[str]:
    """What is asked for that only BuildKit, or Buildah, can do."""
    if request.secrets:
        yield f"the build secret {next(iter(request.secrets))!r}"
    if request.platform is not None and request.platform.architecture != own:
        yield f"{request.platform}, as the engine's own architecture is {own}"
    if request.cache_to:
        yield f"a cache in {request.cache_to[0]!r}"


def _variables(way: BuildWay) -> dict[str, str]:
    if way is BuildWay.BUILDKIT:
        return {"DOCKER_BUILDKIT": "1"}
    if way is BuildWay.CLASSIC:
        return {"DOCKER_BUILDKIT": "0"}
    # A statement that only says when and where would make every digest another.
    return {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"} if way is BuildWay.BUILDX else {}


def _redactor(request: ContextRequest) -> Redactor:
    """Knows the build's secrets, which a step may print."""
    redactor = Redactor()
    for file in request.secrets.values():
        with file.open("rb") as opened:
            value = opened.read(_LIMIT_SECRET_BYTES).decode(errors="replace").strip()
        for part in secret_parts(value):
            redactor.remember(part)
    return redactor


def _record(*fields: str) -> str:
    """One record of comma-separated values, as an engine reads an option of several fields."""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(fields)
    return written.getvalue()


def _digest(lines: tuple[str, ...]) -> str:
    text = "\n".join(lines)
    found = [pattern.search(text) for pattern in _PUSHED]
    return next((each[1] for each in found if each is not None), "")
