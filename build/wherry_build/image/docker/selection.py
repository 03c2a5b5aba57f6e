"""Which container engine a build goes to: the first command line that answers, else the SDK."""

from __future__ import annotations

from wherry_build.errors import EngineUnavailable
from wherry_build.image.docker.command_engine import find_command_engine
from wherry_build.image.docker.request import ContainerEngine


def container_engine() -> ContainerEngine:
    """The container engine of this machine.

    `WHERRY_CONTAINER_CLI` names the command line that is taken; otherwise docker, podman and
    nerdctl are asked in this order. Without any, the Docker SDK looks for an engine's socket.

    Raises:
        EngineUnavailable: None answers.
    """
    by_command = find_command_engine()
    if by_command is not None:
        return by_command
    from wherry_build.image.docker.sdk_engine import SdkEngine

    try:
        return SdkEngine()
    except EngineUnavailable as error:
        raise EngineUnavailable(
            f"there is neither docker, podman nor nerdctl on PATH; {error.message}",
            hint="install Docker or Podman; wherry doctor says what else is missing",
        ) from None
