"""Resolves with uv: one lock for every platform where there is an index, kept for the next one.

It knows uv's command line; what is taken from the lock is decided in `pylock`.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wherry_build.errors import RequirementsUnresolved, WheelNotFound
from wherry_build.image.wheels.lock_store import LockStore
from wherry_build.image.wheels.locked import LockedFile, LockedSource, normalized
from wherry_build.image.wheels.pylock import selected
from wherry_build.image.wheels.requirements import Requirements, Source
from wherry_build.image.wheels.target import WAYS_OUT, Target
from wherry_build.image.wheels.tool import Tool, ToolFailed
from wherry_build.image.wheels.wanted import Wanted

_WITHOUT_WHEEL = re.compile(r"[Bb]uilding (?:from source|source distributions) is disabled")
_USER_INFORMATION = re.compile(r"(?<=://)[^/\s@\"']+@")
# The floors that uv has a name for; each takes wheels of the lower ones too.
_FLOORS = (17, 28, *range(31, 41))


@dataclass(frozen=True, slots=True)
class UvResolver:
    """A `Resolver` that runs uv.

    Attributes:
        tool: The program.
        store: Where the lock of every platform is kept.
        inputs: What stands for all that a lock is made of besides `Wanted` and the Python.
        is_renewed: Whether what is kept is not looked at.
    """

    tool: Tool
    store: LockStore
    inputs: str
    is_renewed: bool = False

    def resolve(self, wanted: Wanted, target: Target) -> tuple[LockedFile, ...]:
        """The files of `wanted` for `target`.

        Raises:
            RequirementsUnresolved: There are no versions that fit.
            WheelNotFound: A package has nothing that runs on `target`.
        """
        file = wanted.requirements.file
        hashes = _hashes(wanted)
        if self.tool.settings.has_index:
            try:
                found = selected(self._universal(wanted, target), file, target, hashes=hashes)
            except WheelNotFound:
                found = ()
            if found and not any(isinstance(item, LockedSource) for item in found):
                return found
        # What fits every platform may have no wheel for this one; an older version may.
        return selected(self._of_platform(wanted, target), file, target, hashes=hashes)

    def _universal(self, wanted: Wanted, target: Target) -> str:
        key = self.store.key(
            self.inputs, target.python, wanted.constraints, wanted.is_runtime_alone
        )
        kept = None if self.is_renewed else self.store.text(key)
        if kept is None:
            kept = self._compiled(wanted, target, "--universal")
            self.store.keep_text(key, kept)
        return kept

    def _of_platform(self, wanted: Wanted, target: Target) -> str:
        return self._compiled(wanted, target, "--python-platform", _python_platform(target))

    def _compiled(self, wanted: Wanted, target: Target, *platform: str) -> str:
        """Wheels alone if that can be; a package that has none is told apart only then."""
        if not self.tool.settings.builds:
            return self._compiled_of_wheels(wanted, target, *platform)
        try:
            return self._compile(wanted, target, *platform, "--only-binary", ":all:")
        except ToolFailed as without_sources:
            try:
                return self._compile(wanted, target, *platform)
            except ToolFailed:
                raise RequirementsUnresolved(
                    f"{wanted.requirements.file}: for {target}: {without_sources}",
                    hint="change the requirements so that one version of each package fits",
                ) from None

    def _compiled_of_wheels(self, wanted: Wanted, target: Target, *platform: str) -> str:
        """Without a second attempt, in which uv would run what it looks at."""
        try:
            return self._compile(wanted, target, *platform, "--no-build", "--no-sources")
        except ToolFailed as error:
            message = f"{wanted.requirements.file}: for {target}: {error}"
            if _WITHOUT_WHEEL.search(message):
                raise WheelNotFound(message, hint=WAYS_OUT) from None
            raise RequirementsUnresolved(
                message, hint="change the requirements so that one version of each package fits"
            ) from None

    def _compile(self, wanted: Wanted, target: Target, *options: str) -> str:
        requirements = wanted.requirements
        major, minor = target.python
        with tempfile.TemporaryDirectory(prefix="wherry-uv-") as scratch:
            arguments = [
                *("pip", "compile", "--quiet", "--no-header", "--no-python-downloads"),
                *("--python", sys.executable, "--python-version", f"{major}.{minor}"),
                *("--format", "pylock.toml"),
                *options,
            ]
            if not self.tool.settings.has_index:  # uv has no variable for it
                arguments.append("--no-index")
            if not wanted.has_dependencies:
                arguments.append("--no-deps")
            if wanted.constraints:
                arguments += ["--constraints", _written(scratch, "pins", wanted.constraints)]
            if not wanted.is_runtime_alone and requirements.source is not Source.NOTHING:
                arguments += self._files(requirements, scratch)
            if wanted.runtime is not None:
                arguments.append(_written(scratch, "runtime", (wanted.runtime_line(),)))
            try:
                lock = self.tool.run(arguments, folder=requirements.folder)
            except ToolFailed as error:
                raise ToolFailed(str(error).replace(f"{scratch}/", "")) from None
        return _USER_INFORMATION.sub("", lock)

    def _files(self, requirements: Requirements, scratch: str) -> list[str]:
        """The arguments that name the function's requirements.

        Of a stranger's text uv gets the lines that were read here, one by one, and nothing that it
        alone may see in it.
        """
        if self.tool.settings.builds or requirements.source is not Source.TEXT:
            return [requirements.source.value]
        lines = requirements.lines
        wanted = tuple(line.text for line in lines if not line.is_constraint)
        held = tuple(line.text for line in lines if line.is_constraint and not line.is_option)
        constraints = ["--constraints", _written(scratch, "constraints", held)] if held else []
        return [*constraints, _written(scratch, "requirements", wanted)]


def _written(scratch: str, name: str, lines: tuple[str, ...]) -> str:
    file = Path(scratch) / f"{name}.txt"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(file)


def _hashes(wanted: Wanted) -> Mapping[str, frozenset[str]] | None:
    """The hashes that hashed requirements allow: uv looks versions up, and files must be those."""
    if wanted.is_runtime_alone or not wanted.requirements.is_hashed:
        return None
    from packaging.requirements import InvalidRequirement, Requirement

    allowed: dict[str, frozenset[str]] = {}
    for line in wanted.requirements.lines:
        if line.is_option or line.is_constraint:
            continue
        try:
            name = normalized(Requirement(line.requirement).name)
        except InvalidRequirement:
            continue  # uv took it, as a path or a URL, and its hash is in the lock
        allowed[name] = allowed.get(name, frozenset()) | {item.lower() for item in line.hashes}
    return allowed


def _python_platform(target: Target) -> str:
    machine = target.machine.name
    if target.libc == "musl":
        return f"{machine}-unknown-linux-musl"
    floor = max((item for item in _FLOORS if item <= target.libc_version[1]), default=17)
    if machine in {"x86_64", "aarch64"}:
        return f"{machine}-manylinux_2_{floor}"
    return f"{machine}-unknown-linux"
