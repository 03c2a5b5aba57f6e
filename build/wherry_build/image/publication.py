"""Publishes what was built last, under the name that it has or another one."""

from __future__ import annotations

from dataclasses import dataclass

from wherry_build import names
from wherry_build.errors import BuildUnsupported, ImageNotBuilt
from wherry_build.image.build_record import BuildRecord
from wherry_build.image.engine import BuiltImage, Progress
from wherry_build.image.engines import Engines
from wherry_build.image.plan import BuildOptions, built_reference
from wherry_build.image.record import BuildRecords, reopened
from wherry_build.project.image_name import refuse_local
from wherry_build.project.model import Function, Project
from wherry_build.values import replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One image that is to be published.

    Attributes:
        function: The function that it serves.
        image: The image, under the name that it is published by.
        record: The build that made it.
    """

    function: Function
    image: BuiltImage
    record: BuildRecord

    def publish(self, engines: Engines, progress: Progress) -> str:
        """Publish it; the reference with its digest that it can be pulled by.

        Raises:
            ImageNotBuilt: Its layers are not in the cache any more.
            RegistryError: Its registry refused, or the base's.
            ImagePushFailed: The engine that keeps it refused.
        """
        image = self.image
        if image.images:
            from wherry_build.image.oci_engine.bases import base_layers

            try:
                whole = reopened(self.record, base_layers(engines.registries, progress))
            except LookupError:
                raise ImageNotBuilt(
                    f"function {self.function.name!r}: a layer is not in the cache any more",
                    hint=f"wherry build {self.function.folder} --push",
                ) from None
            image = replaced(whole, reference=image.reference)
        return engines.publisher(image).publish(image, progress)


def publications(
    project: Project, options: BuildOptions, records: BuildRecords | None = None
) -> tuple[Publication, ...]:
    """What was built last of each function of `project`, under the name that is asked for.

    Raises:
        ImageNotBuilt: A function has not been built.
        ProjectError: A name is one that no registry has.
        BuildUnsupported: A container engine keeps an image, under another name.
    """
    found = []
    for function in project.functions:
        record = (records or BuildRecords()).read(function)
        if record is None:
            raise ImageNotBuilt(
                f"function {function.name!r}: there is no build of it",
                hint=f"wherry build {function.folder}",
            )
        built = record.image.reference
        reference = _renamed(project, function, built, options)
        refuse_local(reference)
        if not record.image.images and reference != built:
            raise BuildUnsupported(
                f"function {function.name!r}: the container engine has it as {built}",
                hint=f"wherry build {function.folder} --image {reference} --push",
            )
        image = replaced(record.image, reference=reference)
        found.append(Publication(function=function, image=image, record=record))
    return tuple(found)


def _renamed(project: Project, function: Function, built: str, options: BuildOptions) -> str:
    """The name that is asked for; a tag alone is another tag of the name that was built."""
    if options.image or options.registry is not None:
        return built_reference(project, function, options)
    if not options.tag:
        return built
    name, _, last = built.rpartition("/")
    repository = "/".join(filter(None, (name, last.partition(":")[0])))
    return f"{repository}:{names.image_tag(options.tag)}"
