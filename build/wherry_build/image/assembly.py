"""Puts a function's image together: runtime, wheels and handler into one build context.

It decides what an image holds; it knows no engine and prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wherry_build import names
from wherry_build.errors import ContextTooLarge, ProjectError
from wherry_build.image.context import LIMIT_BYTES, Entry, collect, pack
from wherry_build.image.docker_engine import ContextRequest
from wherry_build.image.dockerfile import Recipe, dockerfile
from wherry_build.image.runtime_wheel import Wheel, runtime_wheel
from wherry_build.project.model import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """What an image depends on besides its function.

    Attributes:
        tag: Reference that the image is given.
        base: Base image; empty is the Dockerfile's default.
        network: Network of the build's steps; empty is the engine's default.
        pull: Whether to look for a newer base image.
        wheels: Folder of wheels that are put into the context.
        is_offline: Whether those wheels are all that pip may take.
    """

    tag: str
    base: str = ""
    network: str = ""
    pull: bool = False
    wheels: Path | None = None
    is_offline: bool = False


def image_request(function: Function, options: ImageOptions) -> ContextRequest:
    """The request that builds the image of `function`.

    Raises:
        InvalidName: The tag or the base is no image reference.
        UnsafePath: A file of the function must not enter a context.
        ProjectError: The handler's file is kept out by the ignore rules.
    """
    tag = names.image_reference(options.tag)
    if options.base:
        names.image_reference(options.base)
    runtime = runtime_wheel()
    files = collect(function.folder)
    present = {entry.path for entry in files}
    if f"function/{function.handler}" not in present:
        raise ProjectError(
            f"{function.folder / function.handler}: the ignore rules keep the handler out",
            hint=f"add !{function.handler} to {function.folder / '.dockerignore'}",
        )
    has_requirements = "function/requirements.txt" in present
    text = _dockerfile(
        function, runtime, has_requirements=has_requirements, is_offline=options.is_offline
    )
    entries = [
        *files,
        *wheel_entries(runtime, options.wheels),
        Entry(path="Dockerfile", content=text.encode()),
    ]
    return ContextRequest(
        tag=tag,
        context=pack(entries),
        base=options.base,
        network=options.network,
        pull=options.pull,
    )


def planned_dockerfile(function: Function, *, is_offline: bool = False) -> str:
    """The text of `function`'s Dockerfile, as a build would use it."""
    return _dockerfile(
        function,
        runtime_wheel(),
        has_requirements=function.has_requirements,
        is_offline=is_offline,
    )


def _dockerfile(
    function: Function, runtime: Wheel, *, has_requirements: bool, is_offline: bool
) -> str:
    return dockerfile(
        Recipe(
            runtime=f"wheels/{runtime.name}",
            has_requirements=has_requirements,
            is_offline=is_offline,
            function=function.name,
            handler=function.handler,
            labels=(
                ("org.opencontainers.image.title", function.name),
                ("io.wherry.runtime.version", runtime.version),
            ),
        )
    )


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
