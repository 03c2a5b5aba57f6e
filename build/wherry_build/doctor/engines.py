"""Looks at container engines: their command lines, what these can build, whether one answers."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.doctor.finding import Finding, State
from wherry_build.errors import EngineUnavailable
from wherry_build.image.docker.command_line import BuildWay, CommandLine, Kind, find_command_lines

AREA = "Container engines"
_PURPOSE = "wherry run --image, wherry build --engine docker"


def look_at_engines() -> Iterator[Finding]:
    """Every command line that there is; one finding that there is none."""
    try:
        lines = find_command_lines()
    except EngineUnavailable as error:
        yield Finding(
            area=AREA,
            name="WHERRY_CONTAINER_CLI",
            state=State.FAULT,
            said=error.message,
            hint=error.hint,
        )
        return
    for line in lines:
        yield from _look_at(line)
    if not lines:
        yield Finding(
            area=AREA,
            name="/".join(kind.value for kind in Kind),
            state=State.ABSENT,
            said="none on PATH; building and publishing need none",
            purpose=_PURPOSE,
            hint="apt-get install podman, or https://docs.docker.com/engine/install",
        )


def _look_at(line: CommandLine) -> Iterator[Finding]:
    name = line.kind.value
    try:
        facts = line.facts()
    except EngineUnavailable as error:
        yield Finding(
            area=AREA,
            name=name,
            state=State.ABSENT,
            said=f"{line.path} {line.version}: {error.message.partition(': ')[2]}",
            purpose=_PURPOSE,
            hint=error.hint,
        )
        return
    said = [f"{line.path} {line.version}", f"engine {facts.version} on {facts.architecture}"]
    said += ["without root"] if facts.is_rootless else []
    said += ["containerd's image store"] if facts.keeps_contents and _has_store(line) else []
    yield Finding(area=AREA, name=name, state=State.OK, said=", ".join(said), purpose=_PURPOSE)
    yield _look_at_builder(line)


def _has_store(line: CommandLine) -> bool:
    return line.kind is Kind.DOCKER


def _look_at_builder(line: CommandLine) -> Finding:
    way = line.build_way
    is_classic = way is BuildWay.CLASSIC
    return Finding(
        area=AREA,
        name=f"{line.kind.value} build",
        state=State.ABSENT if is_classic else State.OK,
        said="the classic builder, without buildx" if is_classic else way.value,
        purpose="build secrets, other platforms and caches of wherry build --engine docker",
        hint="apt-get install docker-buildx, or docker-buildx-plugin of Docker's own packages"
        if is_classic
        else "",
    )
