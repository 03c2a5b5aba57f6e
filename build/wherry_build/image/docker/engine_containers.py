"""Which way containers are run: the command line that answers, else the SDK."""

from __future__ import annotations

from wherry_build.image.docker.command_engine import CommandEngine
from wherry_build.image.docker.command_line import Kind
from wherry_build.image.docker.containers import CommandContainers, Containers
from wherry_build.image.docker.request import ContainerEngine


def containers_of(engine: ContainerEngine) -> Containers:
    """What runs the containers of `engine`."""
    if isinstance(engine, CommandEngine):
        return CommandContainers(engine.command)
    from wherry_build.image.docker.sdk_containers import SdkContainers
    from wherry_build.image.docker.sdk_engine import SdkEngine

    if not isinstance(engine, SdkEngine):
        raise TypeError(f"expected an engine of ours, got {type(engine).__name__}")
    return SdkContainers(engine)


def is_docker(engine: ContainerEngine) -> bool:
    """Whether `engine` is the one that a Docker client finds on this machine."""
    return not isinstance(engine, CommandEngine) or engine.command.kind is Kind.DOCKER
