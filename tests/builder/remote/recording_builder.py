"""A builder and a publisher that keep what they were asked for, as engines of `carry_out`."""

import json
from pathlib import Path

from wherry_build.image.content import BytesContent
from wherry_build.image.docker.request import EngineImage
from wherry_build.image.engine import BuiltImage, PlatformImage
from wherry_build.image.platform import Platform
from wherry_build.remote.execution import Engines

DIGEST = f"sha256:{'1' * 64}"


class RecordingEngines:
    """Attributes: what was asked of each engine, and what the builder raises."""

    def __init__(self, *, has_docker=False):
        self.requests = []
        self.files = []
        self.environments = []
        self.published = []
        self.contexts = []
        self.pushed = []
        self.error = None
        self.name = "docker of a test"
        self.has_mounts = True
        self.engines = Engines(
            functions=self._functions,
            publisher=lambda _image: self,
            containers=(lambda: _Containers(self)) if has_docker else None,
        )

    def _functions(self, environment):
        self.environments.append(dict(environment))
        return self

    def build(self, request, progress):
        self.requests.append(request)
        folder = request.function.folder
        self.files.append(
            sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())
        )
        progress.step("building")
        if self.error is not None:
            raise self.error
        platforms = request.platforms or (Platform(architecture="amd64"),)
        manifest = BytesContent.of(json.dumps({"for": request.reference}).encode(), "a/manifest")
        return BuiltImage(
            reference=request.reference,
            digest=DIGEST,
            id=DIGEST,
            size_bytes=1,
            platforms=platforms,
            images=tuple(
                PlatformImage(platform=each, manifest=manifest, config=manifest, base=(), layers=())
                for each in platforms
            ),
        )

    def publish(self, image, progress):
        self.published.append(image.reference)
        progress.step("publishing")
        return f"{image.reference}@{image.digest}"


class _Containers:
    def __init__(self, record):
        self._record = record
        self.name = record.name
        self.has_mounts = True

    def build(self, request, progress):
        self._record.contexts.append(request)
        progress.step("a step of docker's")
        return EngineImage(
            reference=request.reference,
            id=DIGEST,
            size_bytes=1,
            platform=Platform(architecture="amd64"),
        )

    def push(self, reference, progress):
        self._record.pushed.append(reference)
        return DIGEST
