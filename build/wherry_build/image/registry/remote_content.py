"""A blob that a registry has: read from the cache, which it gets into when it is first read."""

from __future__ import annotations

from typing import BinaryIO

from wherry_build.errors import BuildError
from wherry_build.image.content import Descriptor
from wherry_build.image.engine import Progress
from wherry_build.image.registry.blob_store import BlobStore
from wherry_build.image.registry.registries import Registries
from wherry_build.values import frozen


@frozen(hidden=("registries", "store", "progress"))
class RemoteContent:
    """A blob of a registry.

    Attributes:
        descriptor: Its name.
        registry: The registry that has it, `docker.io`.
        repository: Its repository there, `library/python`.
        registries: Where it is fetched from.
        store: Where it is kept.
        progress: Is told how far fetching is.
    """

    descriptor: Descriptor
    registry: str
    repository: str
    registries: Registries
    store: BlobStore
    progress: Progress | None = None

    def open(self) -> BinaryIO:
        """The bytes from the beginning.

        Raises:
            RegistryError: The registry does not give them.
            BuildError: The cache cannot be written.
        """
        try:
            return self.store.fetch(self.descriptor, self._download).open("rb")
        except OSError as error:
            raise BuildError(
                f"a layer of {self.registry}/{self.repository} cannot be kept: {error.strerror}"
                + (f": {error.filename}" if error.filename else ""),
                hint="WHERRY_CACHE names a folder with room for it",
            ) from None

    def _download(self, file: BinaryIO) -> None:
        repository = self.registries.repository(self.registry, self.repository)
        repository.download(self.descriptor, file, self._moved)

    def _moved(self, done_bytes: int) -> None:
        if self.progress is not None:
            what = f"download {self.descriptor.digest[7:19]}"
            self.progress.moved(what, done_bytes, self.descriptor.size_bytes)
