"""An image as a folder: the OCI layout, which skopeo, oras, crane and podman read.

A layout that is there is added to: an image takes the place of one with the same tag, and no file
is removed, since another image may need it. Source: OCI Image Spec 1.1, image-layout.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wherry_build.errors import BuildError, DestinationExists
from wherry_build.image.content import Content
from wherry_build.image.engine import BuiltImage
from wherry_build.image.oci.blobs import blobs, checked
from wherry_build.image.oci.naming import (
    INDEX_FILE,
    LAYOUT,
    LAYOUT_FILE,
    REF_NAME,
    blob_path,
    entries,
    index,
)

_LIMIT_INDEX_BYTES = 16 * 1024 * 1024


def write_layout(image: BuiltImage, folder: Path) -> None:
    """Write `image` into `folder`, which is made if it is not there.

    Raises:
        DestinationExists: The folder holds other things than a layout.
        ContentRefused: Bytes of the image are not those of their digest.
        BuildError: The folder cannot be written to.
    """
    try:
        before = _manifests(folder)
        for digest, content in blobs(image).items():
            _write_blob(folder / blob_path(digest), content)
        added = entries(image)
        replaced = {_identity(each) for each in added}
        kept = [each for each in before if _identity(each) not in replaced]
        _write(folder / LAYOUT_FILE, [LAYOUT])
        _write(folder / INDEX_FILE, [index([*kept, *added])])
    except OSError as error:
        raise BuildError(f"{error.filename or folder}: {error.strerror}") from None


def _manifests(folder: Path) -> list[dict[str, Any]]:
    """What the layout in `folder` has so far."""
    if not folder.exists() or not any(folder.iterdir()):
        return []
    if not (folder / LAYOUT_FILE).is_file():
        raise DestinationExists(
            f"{folder}: expected an OCI layout or an empty folder", hint="name another folder"
        )
    try:
        with (folder / INDEX_FILE).open("rb") as opened:
            said = json.loads(opened.read(_LIMIT_INDEX_BYTES))["manifests"]
        return [dict(each) for each in said]
    except FileNotFoundError:
        return []
    except (ValueError, LookupError, TypeError):
        raise DestinationExists(
            f"{folder / INDEX_FILE}: expected an OCI index", hint="name another folder"
        ) from None


def _identity(entry: dict[str, Any]) -> str:
    """What two entries have in common of which the later one stays: the tag, else the digest."""
    annotations = entry.get("annotations")
    name = annotations.get(REF_NAME) if isinstance(annotations, dict) else None
    return f"tag {name}" if name else f"digest {entry.get('digest')}"


def _write_blob(file: Path, content: Content) -> None:
    if file.is_file() and file.stat().st_size == content.descriptor.size_bytes:
        return
    _write(file, checked(content))


def _write(file: Path, chunks: Iterable[bytes]) -> None:
    """Write `chunks` into `file`, at once or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{os.urandom(8).hex()}.part")
    try:
        with part.open("xb") as opened:
            opened.writelines(chunks)
        os.replace(part, file)  # noqa: PTH105 - over a file that is there
    finally:
        part.unlink(missing_ok=True)
