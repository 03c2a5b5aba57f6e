"""`Builder` and `Publisher` of the engine `docker`, over whichever container engine is here."""

from __future__ import annotations

from collections.abc import Callable

from wherry_build.image.docker.assembly import context_request
from wherry_build.image.docker.request import ContainerEngine
from wherry_build.image.docker.selection import container_engine
from wherry_build.image.engine import BuiltImage, ImageRequest, Progress

_ROOT = frozenset({"", "0", "root"})


class DockerBuilder:
    """Builds by a Dockerfile, generated or the user's own.

    Args:
        engine: What builds; the first that answers on this machine when not given.
    """

    def __init__(self, engine: ContainerEngine | None = None) -> None:
        self._engine = _once(engine)

    def build(self, request: ImageRequest, progress: Progress) -> BuiltImage:
        """Build the image of `request`; every line that the engine prints is told.

        Raises:
            EngineUnavailable: No engine answers.
            BuildUnsupported: The engine cannot do what is asked for.
            ImageBuildFailed: A step failed, or the engine refused.
            InvalidName: A name is none.
            ProjectError: What is asked for cannot be together.
            UnsafePath: A file of the function must not enter a context.
            ContextTooLarge: There are too many files or bytes.
        """
        engine = self._engine()
        asked = context_request(request, has_mounts=engine.has_mounts)
        progress.step(f"{request.reference}: by {engine.name}")
        built = engine.build(asked, progress)
        if built.user.partition(":")[0] in _ROOT:
            progress.step(f"{request.reference}: runs as root, which clusters may refuse")
        return BuiltImage(
            reference=request.reference,
            digest="",
            id=built.id,
            size_bytes=built.size_bytes,
            platforms=(built.platform,),
        )


class DockerPublisher:
    """Pushes what a container engine keeps, with the credentials that the engine has.

    Args:
        engine: What keeps it; the first that answers on this machine when not given.
    """

    def __init__(self, engine: ContainerEngine | None = None) -> None:
        self._engine = _once(engine)

    def publish(self, image: BuiltImage, progress: Progress) -> str:
        """Push `image`; the reference with its digest that it can be pulled by.

        Raises:
            EngineUnavailable: No engine answers.
            ImagePushFailed: The registry or the engine refused.
        """
        digest = self._engine().push(image.reference, progress)
        return f"{image.reference.partition('@')[0]}@{digest}"


def _once(engine: ContainerEngine | None) -> Callable[[], ContainerEngine]:
    """`engine`, or the one of this machine, looked for when it is first needed."""
    found = engine

    def get() -> ContainerEngine:
        nonlocal found
        if found is None:
            found = container_engine()
        return found

    return get
