"""An image as one tar that engines load, old ones and new.

It is an OCI layout with the `manifest.json` of `docker save` beside it: Docker before 25 reads the
one, containerd and podman the other, and both name the same files. Of an image of several
platforms, an engine that reads `manifest.json` gets the first.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from wherry_build.errors import BuildError
from wherry_build.image.engine import BuiltImage, PlatformImage
from wherry_build.image.layers.tarball import end, file_header, folder_header, padding
from wherry_build.image.oci.blobs import blobs, checked
from wherry_build.image.oci.naming import (
    INDEX_FILE,
    LAYOUT,
    LAYOUT_FILE,
    blob_path,
    docker_manifest,
    entries,
    index,
)

_DOCKER_FILE = "manifest.json"


def write_archive(image: BuiltImage, file: Path) -> None:
    """Write `image` into `file`, at once or not at all.

    Raises:
        ContentRefused: Bytes of the image are not those of their digest.
        BuildError: The file cannot be written.
    """
    part = file.with_name(f".{os.urandom(8).hex()}.part")
    try:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as opened:
                opened.writelines(archive(image))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise BuildError(f"{file}: {error.strerror}") from None


def archive(
    image: BuiltImage, *, chosen: PlatformImage | None = None, left_out: Collection[str] = ()
) -> Iterator[bytes]:
    """The tar of `image` in chunks.

    Args:
        image: The image.
        chosen: The one that `manifest.json` names; the first when not given.
        left_out: Digests of layers that are not in it, because the reader has them.
    """
    documents = {
        LAYOUT_FILE: LAYOUT,
        INDEX_FILE: index(entries(image)),
        _DOCKER_FILE: docker_manifest(chosen or image.images[0], image.reference),
    }
    for path, content in documents.items():
        yield file_header(path, len(content))
        yield content
        yield padding(len(content))
    yield folder_header("blobs")
    yield folder_header("blobs/sha256")
    for digest, blob in sorted(blobs(image).items()):
        if digest not in left_out:
            yield file_header(blob_path(digest), blob.descriptor.size_bytes)
            yield from checked(blob)
            yield padding(blob.descriptor.size_bytes)
    yield end()
