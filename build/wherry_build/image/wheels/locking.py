"""Makes the lock of one function for one target, where none is kept yet.

A lock in the function's folder is taken as it is; what the runtime needs and the lock lacks is
added under the lock's pins. Without a lock, uv or pip resolves both together.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from wherry_build.errors import RequirementsUnresolved
from wherry_build.image.runtime_wheel import runtime_requirements
from wherry_build.image.wheels import tool
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.lock_store import LockStore
from wherry_build.image.wheels.locked import LockedFile, LockedSource, LockedWheel, normalized
from wherry_build.image.wheels.pip_resolver import PipResolver
from wherry_build.image.wheels.pylock import has_project, selected
from wherry_build.image.wheels.requirements import Requirements, Source
from wherry_build.image.wheels.runtime_stub import PACKAGE, write_runtime_stub
from wherry_build.image.wheels.source_build import built_wheel
from wherry_build.image.wheels.target import Target
from wherry_build.image.wheels.uv_lock import selected_of_uv
from wherry_build.image.wheels.uv_resolver import UvResolver
from wherry_build.image.wheels.wanted import Resolver, Wanted

if TYPE_CHECKING:
    from wherry_build.image.engine import Progress


@dataclass(frozen=True, slots=True)
class Locking:
    """The work of one lock.

    Attributes:
        requirements: What the function asks for.
        settings: Where it may come from.
        target: What it is for.
        store: Where locks of every platform are kept.
        inputs: What stands for all that the lock is made of, but the target.
        is_renewed: Whether what is kept is not looked at.
    """

    requirements: Requirements
    settings: IndexSettings
    target: Target
    store: LockStore
    inputs: str
    is_renewed: bool

    def wheels(self, progress: Progress) -> tuple[LockedWheel, ...]:
        """The wheels, sorted by name; one is made of a source that is pure Python.

        Raises:
            RequirementsInvalid: A lock cannot be read.
            RequirementsUnresolved: No versions fit, or there is neither uv nor pip.
            WheelNotFound: A package has no wheel that runs there, and is not pure Python.
        """
        return _built(self.files(), self.settings, self.target, progress)

    def files(self) -> list[LockedFile]:
        """Every file, the runtime's own left out, sorted by name."""
        with tempfile.TemporaryDirectory(prefix="wherry-runtime-") as scratch:
            locked = self._locked()
            if locked is None:
                found: Sequence[LockedFile] = self._resolved(Path(scratch), ())
            else:
                found = self._completed(locked, Path(scratch))
        files = {item.name: item for item in found if item.name != PACKAGE}
        return [files[name] for name in sorted(files)]

    def _locked(self) -> tuple[LockedFile, ...] | None:
        """What a lock in the folder says; None when there is none."""
        requirements = self.requirements
        if requirements.source is Source.PYLOCK:
            return selected(requirements.text, requirements.file, self.target)
        if requirements.source is Source.UV_LOCK:
            return selected_of_uv(requirements.text, requirements.file, self.target)
        if requirements.is_hashed:
            wanted = Wanted(requirements=requirements, has_dependencies=False)
            return self._resolver().resolve(wanted, self.target)
        return None

    def _completed(self, locked: Sequence[LockedFile], scratch: Path) -> Sequence[LockedFile]:
        """`locked`, with what the runtime needs besides."""
        if not _lacking(locked, self.requirements.file, self.target):
            return locked
        pins = tuple(item.pin for item in locked if item.name != PACKAGE)
        names = {item.name for item in locked}
        added = self._resolved(scratch, pins, is_runtime_alone=True)
        return [*locked, *(item for item in added if item.name not in names)]

    def _resolved(
        self, scratch: Path, pins: tuple[str, ...], *, is_runtime_alone: bool = False
    ) -> Sequence[LockedFile]:
        requirements = self.requirements
        is_empty = requirements.source is Source.PROJECT and not has_project(requirements)
        wanted = Wanted(
            requirements=requirements,
            runtime=write_runtime_stub(scratch),
            constraints=pins,
            is_runtime_alone=is_runtime_alone or is_empty,
        )
        return self._resolver().resolve(wanted, self.target)

    def _resolver(self) -> Resolver:
        uv = tool.found_uv(self.settings)
        if uv is not None:
            return UvResolver(uv, self.store, self.inputs, is_renewed=self.is_renewed)
        pip = tool.found_pip(self.settings)
        if pip is None:
            raise tool.neither()
        return PipResolver(pip)


def _lacking(locked: Sequence[LockedFile], file: Path, target: Target) -> list[str]:
    """The packages that the runtime needs and `locked` has not.

    Raises:
        RequirementsUnresolved: It has another version of one than the runtime takes.
    """
    versions = {item.name: item.version for item in locked}
    lacking = []
    for text in runtime_requirements():
        needed = Requirement(text)
        name = normalized(needed.name)
        if not target.applies(needed.marker):
            continue
        if name not in versions:
            lacking.append(name)
        elif not needed.specifier.contains(versions[name], prereleases=True):
            raise RequirementsUnresolved(
                f"{file}: locks {name} {versions[name]}, and the runtime needs "
                f"{name}{needed.specifier}",
                hint=f"lock {name}{needed.specifier}",
            )
    return lacking


def _built(
    files: Sequence[LockedFile], settings: IndexSettings, target: Target, progress: Progress
) -> tuple[LockedWheel, ...]:
    """`files`, with a wheel made of each source."""
    wheels = []
    for item in files:
        if isinstance(item, LockedSource):
            wheels.append(built_wheel(item, settings, target, progress))
        elif isinstance(item, LockedWheel):
            wheels.append(item)
    return tuple(wheels)
