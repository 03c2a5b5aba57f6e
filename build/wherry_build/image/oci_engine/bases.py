"""What an image stands on: a base for each platform, and what its wheels must fit.

A base that was read before is read from the cache; what is in its layers is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from wherry_build.image.content import Content
from wherry_build.image.engine import ImageRequest, Progress
from wherry_build.image.oci.base import BaseImage, base_image
from wherry_build.image.oci.base_facts import base_facts
from wherry_build.image.platform import Platform
from wherry_build.image.record import OpenBase
from wherry_build.image.registry.base import RemoteImage, read_base
from wherry_build.image.registry.registries import Registries
from wherry_build.image.wheels.target import Target
from wherry_build.values import frozen


@frozen
class Ground:
    """What the image of one platform stands on.

    Attributes:
        base: The base image.
        target: What wheels must fit.
        missing_folders: Folders that every image needs and the base has not.
    """

    base: BaseImage
    target: Target
    missing_folders: frozenset[str] = frozenset()


@frozen
class Grounds:
    """What an image stands on.

    Attributes:
        reference: The base's name, with the digest of its index where it has one.
        platforms: The base of each platform.
    """

    reference: str
    platforms: tuple[Ground, ...]


class Bases:
    """Bases of images.

    Args:
        registries: Where they are.
    """

    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    def grounds(
        self, request: ImageRequest, platforms: Iterable[Platform], progress: Progress
    ) -> Grounds:
        """What the image of `request` stands on.

        Raises:
            RegistryError: The registry does not give it.
            BaseUnusable: No function stands on it.
        """
        found = []
        pinned = request.base
        for platform in platforms:
            # What the first was is what the others are, though the tag may move meanwhile.
            remote = self._read(pinned, platform, progress, pull=request.pull)
            pinned = f"{request.base.partition('@')[0]}@{remote.digest}"
            found.append(self._ground(request.base, remote, progress))
        return Grounds(reference=pinned, platforms=tuple(found))

    def _ground(self, name: str, remote: RemoteImage, progress: Progress) -> Ground:
        base = base_image(
            name,
            remote.platform,
            manifest=remote.manifest,
            config=remote.config.content,
            layers=remote.layers,
        )
        facts = base_facts(base, progress)
        return Ground(
            base=base,
            target=Target(
                python=facts.python,
                platform=remote.platform,
                libc=facts.libc,
                libc_version=facts.libc_version,
                python_full_version=facts.python_full_version,
            ),
            missing_folders=facts.missing_folders,
        )

    def _read(
        self, reference: str, platform: Platform, progress: Progress, *, pull: bool
    ) -> RemoteImage:
        return read_base(
            reference, platform, registries=self._registries, progress=progress, pull=pull
        )


def base_layers(registries: Registries, progress: Progress) -> OpenBase:
    """Opens the layers of a base that was built on before."""

    def opened(reference: str, platform: Platform) -> Iterable[Content]:
        return read_base(reference, platform, registries=registries, progress=progress).layers

    return opened
