"""Puts a function's image together: runtime, wheels and handler into one build context.

It decides what an image holds; it knows no engine and prints nothing. The context has `function/`,
`wheels/` and `Dockerfile`, whether the Dockerfile is generated or the user's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from wherry_build import names
from wherry_build.errors import BuildUnsupported, ContextTooLarge, ProjectError
from wherry_build.image.context import LIMIT_BYTES, Entry, collect
from wherry_build.image.docker.request import ContextRequest
from wherry_build.image.dockerfile import Recipe, dockerfile
from wherry_build.image.engine import ImageRequest
from wherry_build.image.platform import Platform
from wherry_build.image.runtime_wheel import Wheel, runtime_wheel

_LIMIT_DOCKERFILE_BYTES = 1 << 20
_BASE = "BASE"
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY)"
    r"(?:_|$)"
)
_URL_WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def context_request(request: ImageRequest, *, has_mounts: bool) -> ContextRequest:
    """What an engine is asked for to build `request`.

    Args:
        request: The image.
        has_mounts: Whether the engine takes `RUN --mount`.

    Raises:
        InvalidName: The reference, the base, a package or the id of a secret is none.
        UnsafePath: A file of the function must not enter a context.
        ContextTooLarge: There are too many files or bytes.
        ProjectError: The handler's file is kept out by the ignore rules, an argument would hold a
            secret, or what is asked for cannot be together.
        BuildUnsupported: Several platforms are asked for.
    """
    names.image_reference(request.reference)
    function = request.function
    files = collect(function.folder)
    present = {entry.path for entry in files}
    if f"function/{function.handler}" not in present:
        raise ProjectError(
            f"{function.folder / function.handler}: the ignore rules keep the handler out",
            hint=f"add !{function.handler} to {function.folder / '.dockerignore'}",
        )
    runtime = runtime_wheel()
    text = _dockerfile(
        request,
        runtime,
        has_requirements="function/requirements.txt" in present,
        has_mounts=has_mounts,
    )
    return ContextRequest(
        reference=request.reference,
        entries=(
            *files,
            *wheel_entries(runtime, request.wheels.folder),
            Entry(path="Dockerfile", content=text),
        ),
        arguments=_arguments(request),
        secrets=_secrets(request.secrets),
        labels=request.labels,
        platform=_platform(request),
        network=request.network,
        cache_from=request.cache_from,
        cache_to=request.cache_to,
        pull=request.pull,
    )


def planned_dockerfile(request: ImageRequest, *, has_mounts: bool = False) -> str:
    """The text of the Dockerfile that a build of `request` would use."""
    content = _dockerfile(
        request,
        runtime_wheel(),
        has_requirements=request.function.has_requirements,
        has_mounts=has_mounts,
    )
    return content.decode(errors="replace")


def wheel_entries(runtime: Wheel, folder: Path | None = None) -> list[Entry]:
    """The runtime's wheel and those in `folder`, each name once."""
    entries = [Entry(path=f"wheels/{runtime.name}", content=runtime.content)]
    total = len(runtime.content)
    for file in sorted(folder.glob("*.whl")) if folder else ():
        if file.name == runtime.name:
            continue
        total += file.stat().st_size
        if total > LIMIT_BYTES:
            raise ContextTooLarge(f"{folder}: over {LIMIT_BYTES} bytes of wheels")
        entries.append(Entry(path=f"wheels/{file.name}", content=file.read_bytes()))
    return entries


def _dockerfile(
    request: ImageRequest, runtime: Wheel, *, has_requirements: bool, has_mounts: bool
) -> bytes:
    if request.dockerfile is not None:
        return _own_dockerfile(request.dockerfile, request)
    function = request.function
    return dockerfile(
        Recipe(
            runtime=f"wheels/{runtime.name}",
            has_requirements=has_requirements,
            is_offline=request.wheels.is_offline,
            function=function.name,
            handler=function.handler,
            labels=(
                ("org.opencontainers.image.title", function.name),
                ("io.wherry.runtime.version", runtime.version),
            ),
            arguments=tuple(sorted(request.arguments)),
            packages=request.packages,
            secrets=tuple(sorted(request.secrets)),
            has_mounts=has_mounts,
        )
    ).encode()


def _own_dockerfile(file: Path, request: ImageRequest) -> bytes:
    if request.packages:
        raise ProjectError(
            f"function {request.function.name!r}: there are packages, {request.packages[0]!r}, and "
            f"a Dockerfile of its own, {file.name!r}",
            hint=f"install them in {file}, and leave `packages` out",
        )
    try:
        with file.open("rb") as opened:
            content = opened.read(_LIMIT_DOCKERFILE_BYTES + 1)
    except OSError as error:
        raise ProjectError(f"{file}: {error.strerror}", hint="a Dockerfile is expected") from None
    if len(content) > _LIMIT_DOCKERFILE_BYTES:
        raise ContextTooLarge(f"{file}: over {_LIMIT_DOCKERFILE_BYTES} bytes for a Dockerfile")
    return content


def _arguments(request: ImageRequest) -> dict[str, str]:
    """The build arguments, and the base as one; whoever has the image can read them all."""
    for name, value in request.arguments.items():
        names.environment_name(name)
        if name == _BASE:
            raise ProjectError(
                f"function {request.function.name!r}: the build argument {_BASE} is the base image",
                hint="say `build.base`, or give --base",
            )
        if _SECRET_NAME.search(name.upper()) or _URL_WITH_PASSWORD.search(value):
            raise ProjectError(
                f"function {request.function.name!r}: the build argument {name} looks like a "
                "secret, and an image keeps the arguments that it was built with",
                hint="put it into a file, and name the file under `build.secrets`",
            )
    base = {_BASE: names.image_reference(request.base)} if request.base else {}
    return {**base, **request.arguments}


def _secrets(secrets: Mapping[str, Path]) -> dict[str, Path]:
    for name, file in secrets.items():
        names.build_secret(name)
        if not file.is_file():
            raise ProjectError(f"build secret {name!r}: {file}: no such file")
    return {name: file.absolute() for name, file in secrets.items()}


def _platform(request: ImageRequest) -> Platform | None:
    if len(request.platforms) > 1:
        needs_steps = request.packages or request.dockerfile or request.secrets
        raise BuildUnsupported(
            f"function {request.function.name!r}: the engine `docker` builds for one platform at a "
            f"time, and {', '.join(map(str, request.platforms))} are asked for",
            hint=f"build each by itself: --platform {request.platforms[0]}"
            if needs_steps
            else "give --engine oci, or one --platform",
        )
    return request.platforms[0] if request.platforms else None
