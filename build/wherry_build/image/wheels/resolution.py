"""From what a function asks for to exact wheels of one target.

The result is kept by a hash of everything that it came from: as long as that is the same, no
process is started and nothing heavy is imported. How it is made else is in `locking`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wherry_build.extras import extra
from wherry_build.image.runtime_wheel import runtime_requirements, runtime_version
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.index_settings import IndexSettings, read_index_settings
from wherry_build.image.wheels.lock_store import LockStore
from wherry_build.image.wheels.locked import LockedWheel, file_name_of
from wherry_build.image.wheels.requirements import Requirements, read_requirements
from wherry_build.image.wheels.target import Target
from wherry_build.values import replaced

if TYPE_CHECKING:
    from wherry_build.image.engine import Progress, WheelSources


def resolve(
    folder: Path,
    sources: WheelSources,
    target: Target,
    progress: Progress,
    *,
    is_renewed: bool = False,
) -> tuple[LockedWheel, ...]:
    """The wheels that the function in `folder` and the runtime need on `target`, sorted by name.

    The runtime itself is not among them. What was found once for the same input is found again,
    newer versions or not, unless `is_renewed`.

    Raises:
        RequirementsInvalid: A file of requirements or a lock cannot be read.
        RequirementsUnresolved: No versions fit, or there is neither uv nor pip.
        WheelNotFound: A package has no wheel that runs there, and is not pure Python.
        IndexUnavailable: A source that must be built cannot be had.
        ExtraMissing: The package that reads locks is not installed.
    """
    requirements = read_requirements(folder, is_foreign=not sources.builds)
    settings = read_index_settings(sources, requirements.options)
    store = LockStore.default()
    inputs = _inputs(requirements, settings)
    key = store.key(inputs, target.key)
    found = None if is_renewed else store.wheels(key)
    if found is None or not _are_to_be_had(found):
        progress.step(f"resolving {requirements.source.value} for {target}")
        with extra("build"):
            from wherry_build.image.wheels.locking import Locking
        work = Locking(requirements, settings, target, store, inputs, is_renewed)
        found = work.wheels(progress)
        store.keep_wheels(key, found)
    return found


def settings_of(folder: Path, sources: WheelSources) -> IndexSettings:
    """The indexes that the files of the function in `folder` are to be had from.

    Those that a stranger's project sets for uv are not among them: uv is not told of them either,
    and their names could be those that passwords of ours go by.

    Raises:
        RequirementsInvalid: A file of requirements, of pip's or of uv's settings cannot be read.
    """
    from wherry_build.image.wheels.uv_configuration import uv_indexes

    requirements = read_requirements(folder, is_foreign=not sources.builds)
    settings = read_index_settings(sources, requirements.options)
    if not sources.builds:
        return settings
    return replaced(settings, extra=(*settings.extra, *uv_indexes(folder)))


def _are_to_be_had(wheels: tuple[LockedWheel, ...]) -> bool:
    """Whether those that no index has are still there: made of a source, or from a folder."""
    cache = WheelCache.default()
    return all(
        cache.found(wheel) is not None or Path(unquote(urlsplit(wheel.url).path)).is_file()
        for wheel in wheels
        if wheel.url.startswith("file:") or file_name_of(wheel.url) != wheel.file_name
    )


def _inputs(requirements: Requirements, settings: IndexSettings) -> str:
    """One text for all that decides, but the target."""
    extra = requirements.folder / "uv.toml"
    return LockStore.key(
        requirements.source.value,
        *(part for name, content in requirements.contents for part in (name, content)),
        extra.read_bytes() if extra.is_file() else b"",
        runtime_version(),
        list(runtime_requirements()),
        json.dumps(settings.public()),
        _local_files(requirements),
    )


def _local_files(requirements: Requirements) -> list[tuple[str, int, int]]:
    """The files that are asked for by their path: another file there is another input."""
    found = []
    for line in requirements.lines:
        if line.requirement.endswith((".whl", ".tar.gz", ".zip")):
            file = requirements.folder / line.requirement.rpartition("file://")[2]
            if file.is_file():
                status = file.stat()
                found.append((line.requirement, status.st_size, status.st_mtime_ns))
    return found
