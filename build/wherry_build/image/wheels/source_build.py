"""Makes a wheel of a source distribution that is pure Python, once for all projects.

It is built apart from everything else, by uv or pip, on this machine; so whatever comes out must
run everywhere (`py3-none-any`). What needs a compiler is not for this engine, and the error says
what is.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_build.errors import WheelNotFound
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.download import fetch
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.locked import LockedSource, LockedWheel, parse_locked_wheel
from wherry_build.image.wheels.target import WAYS_OUT, Target
from wherry_build.image.wheels.tool import ToolFailed, found_pip, found_uv, neither
from wherry_build.image.whole_file import write_whole

if TYPE_CHECKING:
    from wherry_build.image.engine import Progress

# The oldest time that a zip can carry, so that a wheel is the same whenever it is made.
EPOCH_S = "315532800"


def built_wheel(
    source: LockedSource, settings: IndexSettings, target: Target, progress: Progress
) -> LockedWheel:
    """The wheel that `source` becomes.

    Raises:
        WheelNotFound: It does not build, or only for this machine.
        IndexUnavailable: It cannot be had.
    """
    cache = WheelCache.default()
    kept = cache.folder / source.sha256 / "built.json"
    try:
        wheel = parse_locked_wheel(json.loads(kept.read_bytes()))
    except (OSError, ValueError):
        wheel = None
    if wheel is None or cache.found(wheel) is None:
        if not settings.builds:
            raise _unfit(source, target, "is not built here")
        (file,) = fetch([source], cache, progress, settings=settings)
        progress.step(f"building a wheel of {source.file_name}")
        wheel = _built(source, file, settings, target, cache)
        write_whole(kept, json.dumps(wheel.document()).encode())
    return wheel


def _built(
    source: LockedSource, file: Path, settings: IndexSettings, target: Target, cache: WheelCache
) -> LockedWheel:
    with tempfile.TemporaryDirectory(prefix="wherry-wheel-") as scratch:
        uv = found_uv(settings)
        pip = None if uv is not None else found_pip(settings)
        try:
            if uv is not None:
                arguments = [
                    *("build", "--quiet", "--wheel", "--out-dir", scratch),
                    # Any Python will do for what is pure, and this one is here.
                    *("--python", sys.executable, "--no-python-downloads", str(file)),
                ]
                uv.run(arguments, folder=Path(scratch), SOURCE_DATE_EPOCH=EPOCH_S)
            elif pip is not None:
                arguments = ["wheel", "--quiet", "--no-deps", "--wheel-dir", scratch, str(file)]
                pip.run(arguments, folder=Path(scratch), SOURCE_DATE_EPOCH=EPOCH_S)
            else:
                raise neither()
        except ToolFailed as error:
            raise _unfit(source, target, f"does not build here: {error}") from None
        wheels = list(Path(scratch).glob("*.whl"))
        if len(wheels) != 1 or not wheels[0].name.endswith("-none-any.whl"):
            got = ", ".join(item.name for item in wheels) or "nothing"
            raise _unfit(source, target, f"holds more than Python: it builds to {got}")
        return _kept(source, wheels[0], cache)


def _kept(source: LockedSource, file: Path, cache: WheelCache) -> LockedWheel:
    content = file.read_bytes()
    wheel = LockedWheel(
        name=source.name,
        version=source.version,
        file_name=file.name,
        sha256=hashlib.sha256(content).hexdigest(),
        url=source.url,
        size_bytes=len(content),
    )
    with cache.receiving(wheel) as part:
        part.write_bytes(content)
    return wheel


def _unfit(source: LockedSource, target: Target, why: str) -> WheelNotFound:
    return WheelNotFound(
        f"{source.name} {source.version}: no wheel for {target}, and its source "
        f"{source.file_name} {why}",
        hint=WAYS_OUT,
    )
