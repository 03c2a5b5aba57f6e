"""Makes wheels of pure sources for pip's resolver, which for another machine takes wheels alone.

Where pip finds no wheel of a package, its source is built, and pip looks again with the result
beside the index. What is used in the end is kept in the cache.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from wherry_build.errors import WheelNotFound
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.locked import LockedWheel
from wherry_build.image.wheels.source_build import EPOCH_S
from wherry_build.image.wheels.target import WAYS_OUT, Target
from wherry_build.image.wheels.tool import Tool, ToolFailed
from wherry_build.values import replaced

_ABSENT = re.compile(r"No matching distribution found for (([A-Za-z0-9][A-Za-z0-9._-]*)\S*)")


@dataclass(frozen=True, slots=True)
class PipSources:
    """A folder of the wheels that were made of sources.

    Attributes:
        tool: pip, with that folder among its indexes.
        folder: The folder.
    """

    tool: Tool
    folder: Path
    _tried: set[str] = field(default_factory=set)

    @classmethod
    @contextlib.contextmanager
    def beside(cls, tool: Tool) -> Iterator[PipSources]:
        """An empty folder beside the indexes of `tool`, for as long as the block runs."""
        with tempfile.TemporaryDirectory(prefix="wherry-sources-") as folder:
            links = (*tool.settings.find_links, folder)
            settings = replaced(tool.settings, find_links=links)
            yield cls(replaced(tool, settings=settings), Path(folder))

    def made(self, failure: str, target: Target) -> bool:
        """Whether a wheel was made of the package that pip did not find by its `failure`.

        Raises:
            WheelNotFound: There is a source, and it is not pure Python.
        """
        absent = _ABSENT.search(failure)
        if absent is None or absent.group(2) in self._tried or not self.tool.settings.builds:
            return False
        requirement, name = absent.groups()
        self._tried.add(name)
        with tempfile.TemporaryDirectory(prefix="wherry-wheel-") as scratch:
            arguments = ["wheel", "--quiet", "--no-deps", "--no-binary", name]
            arguments += ["--wheel-dir", scratch, requirement]
            try:
                self.tool.run(arguments, folder=Path(scratch), SOURCE_DATE_EPOCH=EPOCH_S)
            except ToolFailed as error:
                if _ABSENT.search(str(error)):
                    return False
                raise _unfit(name, target, f"does not build here: {error}") from None
            wheels = list(Path(scratch).glob("*.whl"))
            if len(wheels) != 1 or not wheels[0].name.endswith("-none-any.whl"):
                got = ", ".join(item.name for item in wheels) or "nothing"
                raise _unfit(name, target, f"holds more than Python: it builds to {got}")
            shutil.move(wheels[0], self.folder)
        return True

    def kept(self, wheel: LockedWheel) -> LockedWheel:
        """`wheel`, in the cache and named there if it was made here."""
        file = self.folder / wheel.file_name
        if wheel.url != file.as_uri():
            return wheel
        cache = WheelCache.default()
        with cache.receiving(wheel) as part:
            shutil.copyfile(file, part)
        return replace(wheel, url=cache.place(wheel).as_uri())


def _unfit(name: str, target: Target, why: str) -> WheelNotFound:
    return WheelNotFound(f"{name}: no wheel for {target}, and its source {why}", hint=WAYS_OUT)
