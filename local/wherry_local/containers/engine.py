"""A container engine by its command line: docker, or podman.

It knows commands and their answers, and nothing of functions.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from wherry_local.errors import LocalError

_COMMANDS = ("docker", "podman")
_DOCKER_SOCKET = "/var/run/docker.sock"
_ROOTS = frozenset({"", "0", "root"})
_LONGEST_FAULT = 300


class EngineAbsent(LocalError):  # noqa: N818 - named for the state
    """No container engine is there, or it does not answer."""


class EngineRefused(LocalError):  # noqa: N818
    """A container engine did not do what was asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that the engine has.

    Attributes:
        user: Whom its processes run as; empty where that is root.
    """

    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A container engine.

    Attributes:
        command: The path of its program.
    """

    command: str

    @classmethod
    def find(cls, *, path: str | None = None) -> Engine:
        """The engine of this machine; a look at files, which takes no time.

        Args:
            path: Where programs are looked for; `PATH` when not said.

        Raises:
            EngineAbsent: There is none, or its socket does not answer.
        """
        for name in _COMMANDS:
            command = shutil.which(name, path=path)
            if command is not None and (name != "docker" or _docker_answers()):
                return cls(command=command)
            if command is not None:
                raise EngineAbsent(
                    f"{command} is there, and no engine answers behind it",
                    hint="start it (`systemctl start docker`), or deploy a project's function",
                )
        raise EngineAbsent(
            f"no container engine is there: got none of {', '.join(_COMMANDS)} on PATH",
            hint="install one, or deploy a project's function or a command (fprocess)",
        )

    async def image(self, reference: str) -> Image | None:
        """What is known of an image; None where the engine has no such image."""
        code, output, _ = await self._run("image", "inspect", reference)
        if code != 0:
            return None
        try:
            user = orjson.loads(output)[0].get("Config", {}).get("User") or ""
        except (ValueError, LookupError, AttributeError):
            raise EngineRefused(f"{self.command} image inspect: got no JSON of an image") from None
        return Image(user="" if user.partition(":")[0] in _ROOTS else user)

    async def pull(self, reference: str) -> None:
        """Fetch an image from its registry.

        Raises:
            EngineRefused: It cannot be had; in the engine's words.
        """
        await self._asked("pull", "--quiet", reference)

    async def port(self, container: str, inner: int) -> int | None:
        """Where on this machine a container's port is; None where it is not, or not yet."""
        code, output, _ = await self._run("port", container, f"{inner}/tcp")
        found = output.decode().split("\n", 1)[0].rpartition(":")[2].strip()
        return int(found) if code == 0 and found.isascii() and found.isdigit() else None

    async def stop(self, container: str, grace_s: float) -> None:
        """Tell a container to end; the engine kills it after `grace_s`."""
        await self._run("stop", "--time", str(max(1, round(grace_s))), container)

    async def remove(self, *containers: str) -> None:
        """End containers at once, and forget them."""
        if containers:
            await self._run("rm", "--force", *containers)

    async def labelled(self, label: str) -> Sequence[str]:
        """Containers with a label `name=value`, those that have ended included.

        Raises:
            EngineRefused: The engine does not answer.
        """
        output = await self._asked("ps", "--all", "--quiet", "--filter", f"label={label}")
        return output.decode().split()

    async def _asked(self, *words: str) -> bytes:
        code, output, fault = await self._run(*words)
        if code != 0:
            said = fault.decode("utf-8", "backslashreplace").strip()[-_LONGEST_FAULT:]
            raise EngineRefused(f"{Path(self.command).name} {words[0]}: {said or f'exit {code}'}")
        return output

    async def _run(self, *words: str) -> tuple[int, bytes, bytes]:
        try:
            process = await asyncio.create_subprocess_exec(
                self.command,
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineAbsent(f"{self.command}: cannot be started: {error.strerror}") from error
        try:
            output, fault = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        return process.returncode or 0, output, fault


def _docker_answers() -> bool:
    """Whether somebody listens behind docker's command; where that cannot be seen, yes."""
    host = os.environ.get("DOCKER_HOST", "")
    if os.environ.get("DOCKER_CONTEXT") or (host and not host.startswith("unix://")):
        return True
    if not host and _has_own_context():
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(host.removeprefix("unix://") or _DOCKER_SOCKET)
        except OSError:
            return False
    return True


def _has_own_context() -> bool:
    """Whether docker's configuration says another place than the usual one."""
    folder = os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
    try:
        said = orjson.loads((Path(folder) / "config.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("currentContext", "default") != "default"
