"""Which wheels share a layer: a large one is alone, so that it is sent once for all functions.

It knows what wheels unpack to, not where they come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from wherry_build.errors import WheelConflict
from wherry_build.image.engine import Layer
from wherry_build.image.layers.contents import LayerOptions
from wherry_build.image.layers.entry import Entry
from wherry_build.values import frozen

LARGE_BYTES = 1 << 20
MOST_LARGE = 8
"""A layer costs a moment at every pull, so that there are not as many as there are wheels."""

MOST_TOGETHER_BYTES = 64 << 20
"""A layer is made in memory: how long the wheels in one are together, unless it is one alone."""


@frozen(hidden=("entries",))
class WheelFiles:
    """What one wheel unpacks to.

    Attributes:
        name: Name and version, for people: `orjson 3.11.3`.
        key: What its entries follow from: the wheel's hash, and how it is unpacked.
        size_bytes: Length of the wheel's file.
        entries: Unpacks it; called only where a layer is made anew.
    """

    name: str
    key: str
    size_bytes: int
    entries: Callable[[], Iterable[Entry]]


def wheel_layers(wheels: Iterable[WheelFiles], options: LayerOptions) -> tuple[Layer, ...]:
    """The layers of `wheels`: each of the largest alone, then the others in as few as hold them.

    Raises:
        WheelConflict: Two wheels bring one file, and not the same.
        UnsafePath: A wheel holds a path that no layer should have.
    """
    groups = grouped(wheels)
    paths = _Paths()
    made = tuple(_layer(group, options, paths) for group in groups)
    together = "\n".join(wheel.key for group in groups for wheel in group)
    if not options.cache.is_noted(together):
        for group in groups:
            for wheel in group:
                paths.look_at(wheel)
        options.cache.note(together)
    return made


def grouped(wheels: Iterable[WheelFiles]) -> tuple[tuple[WheelFiles, ...], ...]:
    """The wheels of each layer, the lowest first; in an order that only names decide."""
    by_name = sorted(wheels, key=lambda wheel: (wheel.name, wheel.key))
    large = [wheel for wheel in by_name if wheel.size_bytes >= LARGE_BYTES]
    alone = sorted(large, key=lambda wheel: (-wheel.size_bytes, wheel.name))[:MOST_LARGE]
    others = (wheel for wheel in by_name if wheel not in alone)
    return (*((wheel,) for wheel in by_name if wheel in alone), *_together(others))


def _together(wheels: Iterable[WheelFiles]) -> Iterator[tuple[WheelFiles, ...]]:
    """`wheels` in their order, as many at a time as `MOST_TOGETHER_BYTES` lets."""
    group: list[WheelFiles] = []
    for wheel in wheels:
        size_bytes = sum(each.size_bytes for each in (*group, wheel))
        if group and size_bytes > MOST_TOGETHER_BYTES:
            yield tuple(group)
            group = []
        group.append(wheel)
    if group:
        yield tuple(group)


def _layer(group: Sequence[WheelFiles], options: LayerOptions, paths: _Paths) -> Layer:
    names = ", ".join(wheel.name for wheel in group)
    key = "wheels\n" + "\n".join(wheel.key for wheel in group)
    return options.layer(
        lambda: (entry for wheel in group for entry in paths.entries(wheel)),
        purpose=f"wheels: {names}",
        key=key,
    )


class _Paths:
    """The paths of the wheels that were unpacked, and who brought them."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, bytes]] = {}
        self._seen: set[str] = set()

    def look_at(self, wheel: WheelFiles) -> None:
        """Unpack `wheel` where it was not, for its layer was there."""
        if wheel.key not in self._seen:
            for _ in self.entries(wheel):
                pass

    def entries(self, wheel: WheelFiles) -> Iterator[Entry]:
        """The entries of `wheel`, none of which is another wheel's and differs."""
        self._seen.add(wheel.key)
        for entry in wheel.entries():
            said = f"{entry.is_executable} {entry.link}\0".encode() + entry.content
            content = hashlib.sha256(said).digest()
            other, same = self._found.setdefault(entry.path, (wheel.name, content))
            if content != same:
                raise WheelConflict(
                    f"/{entry.path}: {other} and {wheel.name} bring this file, and not the same",
                    hint="pin versions that do not, or leave one of the two out",
                )
            yield entry
