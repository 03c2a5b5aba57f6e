"""Which class builds and which publishes: one for each engine, with what is added around it.

The engines themselves are imported when they are asked for; what they share of registries,
connections and credentials, is one for a command.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from wherry_build.errors import EngineUnavailable, WheelNotFound
from wherry_build.image.engine import Builder, BuiltImage, ImageRequest, Progress, Publisher
from wherry_build.image.plan import BuildPlan
from wherry_build.image.record import BuildRecords, RecordingBuilder
from wherry_build.image.registry.registries import Registries
from wherry_build.project.build_engine import Engine

MakeBuilder = Callable[[], Builder]


class Engines:
    """The engines of one command.

    Args:
        records: Where builds are kept in mind.
        is_insecure: Whether registries are believed without a certificate.
    """

    def __init__(self, records: BuildRecords | None = None, *, is_insecure: bool = False) -> None:
        self.records = records or BuildRecords()
        self.registries = Registries(is_insecure=is_insecure)
        self._oci: Builder | None = None
        self._turn = threading.Lock()

    def builder(self, plan: BuildPlan) -> Builder:
        """What builds as `plan` says, and keeps in mind what it built."""
        if plan.engine is Engine.DOCKER:
            return self.docker_builder()
        builder = RecordingBuilder(self._oci_builder(), Engine.OCI.value, self.records)
        return ChangingBuilder(builder, self.docker_builder) if plan.may_change else builder

    def _oci_builder(self) -> Builder:
        """One for all builds of the command: what they share is made once."""
        with self._turn:
            if self._oci is None:
                from wherry_build.image.oci_engine import OciBuilder

                self._oci = OciBuilder(self.registries)
            return self._oci

    def docker_builder(self) -> Builder:
        """What builds with a container engine, and keeps in mind what it built."""
        from wherry_build.image.docker import DockerBuilder

        return RecordingBuilder(DockerBuilder(), Engine.DOCKER.value, self.records)

    def publisher(self, image: BuiltImage) -> Publisher:
        """What publishes `image`: a registry's client, or the engine that keeps it."""
        if image.images:
            from wherry_build.image.registry.publishing import RegistryPublisher

            return RegistryPublisher(self.registries)
        from wherry_build.image.docker import DockerPublisher

        return DockerPublisher()

    def close(self) -> None:
        """Close the connections."""
        self.registries.close()


class ChangingBuilder(Builder):
    """A builder whose work a container engine takes over where a package has to be compiled.

    Args:
        builder: What is asked first.
        make_other: Gives what takes over.
    """

    def __init__(self, builder: Builder, make_other: MakeBuilder) -> None:
        self._builder = builder
        self._make_other = make_other

    def build(self, request: ImageRequest, progress: Progress) -> BuiltImage:
        """Build; told and done by the other engine when a wheel is missing and one is there.

        Raises:
            WheelNotFound: A wheel is missing, and no container engine is there.
        """
        try:
            return self._builder.build(request, progress)
        except WheelNotFound as missing:
            if request.wheels.is_offline:
                raise  # where nothing may be fetched, nothing can be compiled either
            progress.step(f"by the engine docker, because: {missing.message}")
            try:
                return self._make_other().build(request, progress)
            except EngineUnavailable as unavailable:
                raise WheelNotFound(
                    f"{missing.message}; and {unavailable.message}", hint=missing.hint
                ) from None
