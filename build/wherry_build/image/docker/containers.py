"""What runs containers: a protocol, and the way by a command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Protocol

from wherry_build.errors import ContainerFailed
from wherry_build.image.docker.command_line import CommandLine, Kind
from wherry_build.image.docker.container import Container, run_words

_START_S = 600
"""For an image that the engine has to pull first."""
_MOUNT_OPTIONS = {Kind.PODMAN: ",relabel=shared"}
"""Where SELinux is enforcing, podman leaves a folder as it is labelled unless it is told."""
_SLACK_S = 30
"""For an engine to do what it was asked, beyond the time that a container has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a container ended.

    Attributes:
        code: Exit code of its process.
        is_out_of_memory: Whether it was killed because it wanted more memory than it may have.
    """

    code: int
    is_out_of_memory: bool = False


class Containers(Protocol):
    """Runs containers of an engine; each is known by the id that `start` gave it."""

    @property
    def name(self) -> str:
        """The engine, as a person would say."""
        ...

    def start(self, container: Container) -> str:
        """Start `container`; its id.

        Raises:
            ContainerFailed: The engine refused.
        """
        ...

    def follow(self, container_id: str, tell: Callable[[str], None]) -> None:
        """Tell each line that it prints, until it ends."""
        ...

    def wait(self, container_id: str) -> Ending:
        """Wait until it ends."""
        ...

    def stop(self, container_id: str, grace_s: int) -> None:
        """Send it SIGTERM, and end it after `grace_s`."""
        ...

    def remove(self, container_id: str) -> None:
        """Remove it, whether it runs or not."""
        ...


class CommandContainers:
    """Containers by a command line."""

    def __init__(self, command: CommandLine) -> None:
        self.command = command

    @property
    def name(self) -> str:
        """The engine, as a person would say."""
        return self.command.name

    def start(self, container: Container) -> str:
        """Start `container`; its id.

        Raises:
            ContainerFailed: The engine refused.
        """
        name = f"wherry-{container.name}-{token_hex(4)}"
        words = run_words(container, mount_options=_MOUNT_OPTIONS.get(self.command.kind, ""))
        said = self.command.ask("run", "--name", name, *words, timeout_s=_START_S)
        if said.code:
            self.remove(name)  # it may have been made before it did not start
            raise start_failed(container, said.reason)
        return said.out.strip().splitlines()[-1]

    def follow(self, container_id: str, tell: Callable[[str], None]) -> None:
        """Tell each line that it prints, until it ends."""
        self.command.follow(["logs", "--follow", container_id], tell, is_apart=True)

    def wait(self, container_id: str) -> Ending:
        """Wait until it ends."""
        self.command.follow(["wait", container_id], lambda _: None, is_apart=True)
        said = self.command.ask("inspect", "--format", "{{json .State}}", container_id)
        try:
            state = json.loads(said.out)
        except ValueError:
            return Ending(code=1)  # it was removed by somebody else
        return Ending(
            code=int(state.get("ExitCode", 1)), is_out_of_memory=bool(state.get("OOMKilled"))
        )

    def stop(self, container_id: str, grace_s: int) -> None:
        """Send it SIGTERM, and end it after `grace_s`."""
        self.command.ask("stop", "-t", str(grace_s), container_id, timeout_s=grace_s + _SLACK_S)

    def remove(self, container_id: str) -> None:
        """Remove it, whether it runs or not."""
        self.command.ask("rm", "--force", "--volumes", container_id)


def start_failed(container: Container, reason: str) -> ContainerFailed:
    """A container that did not start, and what to try."""
    hint = ""
    lowered = reason.lower()
    if "already allocated" in lowered or "address already in use" in lowered:
        hint = "--port 0 takes a free one"
    elif "not found" in lowered or "no such image" in lowered or "pull access denied" in lowered:
        hint = "is the image's name right? without a name, --image builds it"
    elif "cgroup" in lowered:
        hint = "an engine without root needs cgroups v2 that are delegated to the user"
    return ContainerFailed(f"{container.name}: {container.image}: {reason}", hint=hint)
