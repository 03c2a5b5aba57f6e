"""Why a layer is another than it was: what of one build differs from the build before it.

Layers are matched by their purpose, and of two that differ the tars are read, where both are still
there. Nothing is unpacked.
"""

from __future__ import annotations

import enum
import hashlib
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wherry_build.image.content import Content
from wherry_build.image.engine import Layer, PlatformImage

_LIMIT_FILES = 100_000
_SHOWN = 5


class LayerChange(enum.Enum):
    """What became of a layer."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDifference:
    """One layer beside the one that had its place.

    Attributes:
        purpose: What is in it.
        change: What became of it.
        reason: Why, one line; empty when it is the same.
    """

    purpose: str
    change: LayerChange
    reason: str = ""


def differences(before: PlatformImage | None, after: PlatformImage) -> tuple[LayerDifference, ...]:
    """Each layer of `after`, the base first, and those of `before` that are there no more."""
    if before is None:
        reason = "there was no build before this one"
        made = [
            LayerDifference(purpose=purpose, change=LayerChange.NEW, reason=reason)
            for purpose in ("base", *(layer.purpose for layer in after.layers))
        ]
        return tuple(made)
    return (_base(before, after), *_layers(before.layers, after.layers))


def _base(before: PlatformImage, after: PlatformImage) -> LayerDifference:
    was, now = ([each.descriptor.digest for each in image.base] for image in (before, after))
    if was == now:
        return LayerDifference(purpose="base", change=LayerChange.SAME)
    kept = sum(1 for digest in now if digest in was)
    return LayerDifference(
        purpose="base",
        change=LayerChange.CHANGED,
        reason=f"another base image: {kept} of its {len(now)} layers are the same",
    )


def _layers(before: Sequence[Layer], after: Sequence[Layer]) -> Iterator[LayerDifference]:
    left = list(before)
    for layer in after:
        was = _counterpart(layer, left)
        if was is None:
            yield LayerDifference(
                purpose=layer.purpose, change=LayerChange.NEW, reason="it was not there"
            )
            continue
        left.remove(was)
        yield _beside(was, layer)
    for layer in left:
        yield LayerDifference(
            purpose=layer.purpose, change=LayerChange.GONE, reason="nothing needs it any more"
        )


def _counterpart(layer: Layer, among: Sequence[Layer]) -> Layer | None:
    """The layer that was what `layer` is: by its content, else by what it is for."""
    for same in (
        lambda other: other.diff_id == layer.diff_id,
        lambda other: _kind(other) == _kind(layer),
    ):
        found = next(filter(same, among), None)
        if found is not None:
            return found
    return None


def _kind(layer: Layer) -> str:
    """`wheel: numpy` of a wheel alone, whatever its version; else the word before the colon."""
    word, _, names = layer.purpose.partition(": ")
    return f"{word}: {names.split(' ')[0]}" if names and "," not in names else word


def _beside(before: Layer, after: Layer) -> LayerDifference:
    if before.diff_id == after.diff_id:
        if before.content.descriptor.digest == after.content.descriptor.digest:
            return LayerDifference(purpose=after.purpose, change=LayerChange.SAME)
        reason = "the same files, compressed by another version of zlib"
    elif before.purpose != after.purpose:
        reason = f"it was {before.purpose!r}"
    else:
        reason = _reason(before.content, after.content)
    return LayerDifference(purpose=after.purpose, change=LayerChange.CHANGED, reason=reason)


def _reason(before: Content, after: Content) -> str:
    try:
        was, now = _files(before), _files(after)
    except (OSError, EOFError, tarfile.TarError):
        return "its files differ; the ones before are not in the cache any more"
    parts = (
        ("added", sorted(now.keys() - was.keys())),
        ("removed", sorted(was.keys() - now.keys())),
        ("edited", sorted(path for path in now.keys() & was.keys() if now[path] != was[path])),
    )
    # What is compiled follows from its source, which is named already.
    shown = [(what, _sources(paths) or paths) for what, paths in parts if paths]
    return "; ".join(f"{what} {_listed(paths)}" for what, paths in shown) or "its order differs"


def _sources(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if not path.endswith(".pyc")]


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - _SHOWN
    return ", ".join(paths[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _files(content: Content) -> Mapping[str, tuple[bytes, int, bytes]]:
    """Type, mode and hash of each member, by its path."""
    found = {}
    with content.open() as opened, tarfile.open(fileobj=opened, mode="r|*") as archive:
        for number, member in enumerate(archive):
            if number >= _LIMIT_FILES:
                raise tarfile.TarError("too many files to compare")
            inside = archive.extractfile(member) if member.isreg() else None
            said = inside.read() if inside is not None else member.linkname.encode()
            found[member.name] = (member.type, member.mode, hashlib.sha256(said).digest())
    return found
