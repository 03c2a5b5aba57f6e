"""The engine `oci`: base, wheels, runtime and code become an image, and nothing is run.

    base -> target -> wheels -> layers -> image of each platform -> index

Whatever was made before is found by what it is made of, so that an edit makes one layer anew. It
knows how the parts follow from each other; each part is a package of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

from wherry_build.image.content import Content
from wherry_build.image.engine import (
    Builder,
    BuiltImage,
    ImageRequest,
    Layer,
    PlatformImage,
    Progress,
)
from wherry_build.image.layers.bytecode import Compiler
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.contents import (
    LayerOptions,
    code_layer,
    folder_layer,
    runtime_layer,
)
from wherry_build.image.layers.wheels import wheel_layers
from wherry_build.image.oci.document import image_index, platform_image
from wherry_build.image.oci.settings import ImageSettings, created_s, function_settings
from wherry_build.image.oci_engine.bases import Bases, Ground
from wherry_build.image.oci_engine.compilers import compiler_for
from wherry_build.image.oci_engine.machine import this_platform
from wherry_build.image.oci_engine.made_image import MadeImage
from wherry_build.image.oci_engine.wheel_files import ImageWheels
from wherry_build.image.registry.registries import Registries
from wherry_build.image.runtime_wheel import runtime_version
from wherry_build.image.wheels.locked import LockedWheel
from wherry_build.image.wheels.resolution import resolve
from wherry_build.values import replaced


class OciBuilder(Builder):
    """Builds without a container engine.

    Args:
        registries: Where bases are.
    """

    def __init__(self, registries: Registries) -> None:
        self._bases = Bases(registries)
        self._cache = LayerCache()
        self._compilers: dict[tuple[int, int], Compiler | None] = {}
        self._shared = threading.Lock()

    def build(self, request: ImageRequest, progress: Progress) -> BuiltImage:
        """Build the image of `request`.

        Raises:
            RegistryError: The base's registry does not give it.
            BaseUnusable: No function stands on that base.
            RequirementsInvalid: What the function needs cannot be read.
            RequirementsUnresolved: No versions of that fit each other.
            WheelNotFound: A package would have to be compiled.
            UnsafePath: A file of the function must not enter an image.
            ContextTooLarge: There are too many files or bytes.
            ProjectError: The handler is kept out of the image.
        """
        function = request.function
        settings = function_settings(
            function.name,
            function.handler,
            labels={"io.wherry.runtime.version": runtime_version(), **request.labels},
            created_s=created_s(os.environ),
        )
        platforms = request.platforms or (this_platform(),)
        grounds = self._bases.grounds(request, platforms, progress)
        made = [self._image(request, settings, ground, progress) for ground in grounds.platforms]
        built = _built(request, tuple(each.image for each in made), base=grounds.reference)
        if not request.attestation.is_wanted:
            return built
        from wherry_build.image.oci_engine.attesting import attached

        about = attached(request, made, base=grounds.reference, created_s=settings.created_s)
        return replaced(built, artifacts=about)

    def _image(
        self, request: ImageRequest, settings: ImageSettings, ground: Ground, progress: Progress
    ) -> MadeImage:
        options = LayerOptions(
            cache=self._cache,
            media=ground.base.media,
            compiler=self._compiler(ground.target.python, progress),
            progress=progress,
        )
        # First, as it is quick and what is wrong with the function is told before anything is
        # downloaded.
        code = code_layer(request.function, options, epoch_s=settings.created_s)
        locked = resolve(
            request.function.folder,
            request.wheels,
            ground.target,
            progress,
            is_renewed=request.pull,
        )
        below = self._below(request, ground, locked, options, progress)
        return MadeImage(image=platform_image(ground.base, (*below, code), settings), wheels=locked)

    def _below(
        self,
        request: ImageRequest,
        ground: Ground,
        locked: Sequence[LockedWheel],
        options: LayerOptions,
        progress: Progress,
    ) -> Sequence[Layer]:
        """The layers below the code, from what changes seldom to what changes with a release."""
        wheels = ImageWheels(
            locked, ground.target, request.wheels, progress, folder=request.function.folder
        )
        with self._shared:  # whoever comes second finds them made
            folders = folder_layer(ground.missing_folders, options)
            below = (*wheel_layers(wheels.files(), options), runtime_layer(options))
        return (*((folders,) if folders is not None else ()), *below)

    def _compiler(self, python: tuple[int, int], progress: Progress) -> Compiler | None:
        with self._shared:
            if python not in self._compilers:
                self._compilers[python] = compiler_for(python)
                if self._compilers[python] is None:
                    version = ".".join(map(str, python))
                    progress.step(
                        f"no Python {version} on this machine: the image has no bytecode, and "
                        "starts more slowly"
                    )
            return self._compilers[python]


def _built(request: ImageRequest, images: tuple[PlatformImage, ...], *, base: str) -> BuiltImage:
    first = images[0]
    index = image_index(images) if len(images) > 1 else None
    top = (index or first.manifest).descriptor
    documents = [each.descriptor for image in images for each in (image.manifest, image.config)]
    blobs = {blob.descriptor.digest: blob.descriptor for image in images for blob in _blobs(image)}
    return BuiltImage(
        reference=request.reference,
        digest=top.digest,
        id=top.digest if index is not None else first.config.descriptor.digest,
        size_bytes=sum(each.size_bytes for each in (*blobs.values(), *documents)),
        platforms=tuple(image.platform for image in images),
        images=images,
        index=index,
        base=base,
    )


def _blobs(image: PlatformImage) -> list[Content]:
    return [*image.base, *(layer.content for layer in image.layers)]
