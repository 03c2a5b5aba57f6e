"""What a resolver is asked for: requirements, and what they are held to. Values, and their text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wherry_build.image.wheels.locked import LockedFile
from wherry_build.image.wheels.requirements import Requirements
from wherry_build.image.wheels.runtime_stub import PACKAGE
from wherry_build.image.wheels.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be found.

    Attributes:
        requirements: What the function asks for; its lines are left out when `is_runtime_alone`.
        runtime: A wheel of the runtime, whose dependencies are wanted too; None leaves them out.
        constraints: Versions that are taken if the package is: `flask==3.1.0`.
        is_runtime_alone: Whether the function's requirements are settled already.
        has_dependencies: Whether what the requirements need in turn is wanted.
    """

    requirements: Requirements
    runtime: Path | None = None
    constraints: tuple[str, ...] = field(default=())
    is_runtime_alone: bool = False
    has_dependencies: bool = True

    def runtime_line(self, extras: Iterable[str] = ()) -> str:
        """The requirement that names the runtime's wheel, with `extras` of it."""
        if self.runtime is None:
            return ""
        chosen = f"[{','.join(sorted(extras))}]" if extras else ""
        return f"{PACKAGE}{chosen} @ {self.runtime.absolute().as_uri()}"


class Resolver(Protocol):
    """Finds versions that fit each other."""

    def resolve(self, wanted: Wanted, target: Target) -> tuple[LockedFile, ...]:
        """The files of `wanted` for `target`, sorted by name, with the runtime's own if asked for.

        Raises:
            RequirementsUnresolved: There are no such versions.
            WheelNotFound: There are, and one has nothing that runs there.
        """
        ...
