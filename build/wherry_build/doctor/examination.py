"""All checks, in the order that a person reads them; each is another module's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wherry_build.doctor.engines import look_at_engines
from wherry_build.doctor.finding import Finding, State
from wherry_build.doctor.installation import look_at_extras, look_at_python
from wherry_build.doctor.machine import look_at_cache, look_at_ports
from wherry_build.doctor.project import look_at_project
from wherry_build.doctor.tools import look_at_tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be looked at.

    Attributes:
        path: The project.
        environment: Environment of its wherry.yaml.
        is_online: Whether package indexes may be asked.
    """

    path: Path
    environment: str = ""
    is_online: bool = False


def examine(asked: Asked) -> Iterator[Finding]:
    """Each finding as soon as it is known; nothing is changed."""
    yield from look_at_python()
    yield from look_at_extras()
    has_engine = False
    for each in look_at_engines():
        has_engine = has_engine or each.state is State.OK
        yield each
    yield from look_at_tools()
    yield from look_at_project(asked.path, environment=asked.environment, has_engine=has_engine)
    yield from look_at_cache()
    yield from look_at_ports()
    if asked.is_online:
        from wherry_build.doctor.network import look_at_indexes

        yield from look_at_indexes()
