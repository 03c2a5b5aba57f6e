"""An image into the container engine of this machine, without the layers that it has.

Docker finds a layer that it knows by what is below it and does not read it from the tar, so that
an edit sends a few kilobytes. Its containerd image store and podman want every layer; where an
engine cannot be told apart it is sent less first, and all of it when it refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wherry_build.errors import ImageBuildFailed
from wherry_build.image.engine import BuiltImage, PlatformImage, Progress
from wherry_build.image.oci.archive import archive
from wherry_build.image.oci.blobs import blobs, layers
from wherry_build.image.oci.engine_socket import EngineSocket
from wherry_build.image.oci.engine_socket import local_engine as local_engine  # noqa: PLC0414

# Stores of Docker's own that no snapshotter of containerd is named after.
_STORES_THAT_KNOW_CHAINS = frozenset({"overlay2", "vfs"})
_UNSHOWN = re.compile(r"[^\x20-\x7e]+")
_LIMIT_MESSAGE = 500


def load(image: BuiltImage, engine: EngineSocket, progress: Progress) -> str:
    """Load `image` into `engine`; the engine's address.

    Raises:
        EngineUnavailable: No engine answers.
        ImageBuildFailed: It refuses the image.
        ContentRefused: Bytes of the image are not those of their digest.
    """
    chosen = _chosen(image, engine)
    before = engine.inspect(image.reference)
    if before is not None and before.get("Id") in _ids(image, chosen):
        return engine.address
    known = _known(chosen, [before, engine.inspect(image.base) if image.base else None])
    refusal = _send(image, chosen, known, engine, progress)
    if refusal and known:
        progress.step("the engine wants every layer")
        refusal = _send(image, chosen, (), engine, progress)
    if refusal:
        raise ImageBuildFailed(
            f"{engine.address}: it does not load {image.reference}: {refusal}",
            hint="build with --output tar:FILE, and look into the engine's log",
        )
    return engine.address


def _ids(image: BuiltImage, chosen: PlatformImage) -> set[str]:
    """What an engine may call the image: its configuration, its manifest or its index."""
    return {
        image.id,
        image.digest,
        chosen.config.descriptor.digest,
        chosen.manifest.descriptor.digest,
    }


def _chosen(image: BuiltImage, engine: EngineSocket) -> PlatformImage:
    """The image for the engine's machine; the first where there is none."""
    if len(image.images) == 1:
        return image.images[0]
    _, body = engine.request("GET", "/version")
    try:
        architecture = json.loads(body)["Arch"]
    except (ValueError, LookupError, TypeError):
        architecture = ""
    fitting = (each for each in image.images if each.platform.architecture == architecture)
    return next(fitting, image.images[0])


def _known(chosen: PlatformImage, there: Iterable[dict[str, Any] | None]) -> tuple[str, ...]:
    """Digests of the layers that the engine has, as images that are there show."""
    wanted = json.loads(chosen.config.content)["rootfs"]["diff_ids"]
    count = max((_common(wanted, said) for said in there if said is not None), default=0)
    return tuple(each.descriptor.digest for each in layers(chosen)[:count])


def _common(wanted: Sequence[str], said: dict[str, Any]) -> int:
    """How many layers from the bottom the image `said` shares."""
    store, root = said.get("GraphDriver"), said.get("RootFS")
    if not isinstance(store, dict) or store.get("Name") not in _STORES_THAT_KNOW_CHAINS:
        return 0
    found = root.get("Layers") if isinstance(root, dict) else None
    count = 0
    for ours, theirs in zip(wanted, found if isinstance(found, list) else (), strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _send(
    image: BuiltImage,
    chosen: PlatformImage,
    known: Sequence[str],
    engine: EngineSocket,
    progress: Progress,
) -> str:
    """Send all of `image` but the layers `known`; why it was refused, empty when it was not."""
    sent = archive(image, chosen=chosen, left_out=known)
    total = sum(
        each.descriptor.size_bytes
        for each in blobs(image).values()
        if each.descriptor.digest not in known
    )
    body = _told(sent, f"loading {image.reference}", total, progress)
    status, answer = engine.request("POST", "/images/load?quiet=1", body)
    return _refusal(status, answer)


def _told(
    chunks: Iterable[bytes], what: str, total_bytes: int, progress: Progress
) -> Iterator[bytes]:
    done_bytes = 0
    for chunk in chunks:
        if chunk:  # an empty chunk would be the end of the body
            yield chunk
            done_bytes = min(done_bytes + len(chunk), total_bytes)
            progress.moved(what, done_bytes, total_bytes)


def _refusal(status: int, answer: bytes) -> str:
    """What an engine says that is wrong, in the last line that says so."""
    said = ""
    for line in answer.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            said = str(message.get("error") or message.get("message") or said)
    if status < 300 and not said:
        return ""
    return _UNSHOWN.sub(" ", said or f"status {status}")[:_LIMIT_MESSAGE]
