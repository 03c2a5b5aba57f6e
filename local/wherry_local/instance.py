"""One process that serves one function, on a socket that it inherits.

It knows how a process is started, found ready and ended, and nothing of why.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import wherry
from wherry_local.ports import base_url
from wherry_local.readiness import said_ready

_DRAIN_S = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A function that is served.

    Attributes:
        name: Its name.
        handler: Its handler, as `WHERRY_HANDLER` takes it.
        folder: The folder whose changes are changes of the function.
        listener: The socket that it is served on, listening.
        environment: More variables, by name.
    """

    name: str
    handler: str
    folder: Path
    listener: socket.socket
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{base_url(self.listener)}/"


class Instance:
    """One process; `start` makes it."""

    def __init__(self, process: asyncio.subprocess.Process, ready: int) -> None:
        self._process = process
        self._ready = ready

    @classmethod
    async def start(cls, function: Served) -> Instance:
        """Start a process for `function`; it is not ready yet."""
        ready, told = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "wherry",
                env=_environment(function, told),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(function.listener.fileno(), told),
                # Ctrl-C at the terminal is ours: we end each process in its turn.
                start_new_session=True,
            )
        except BaseException:
            os.close(ready)
            raise
        finally:
            os.close(told)
        return cls(process, ready)

    async def is_ready(self, timeout_s: float) -> bool:
        """Wait until it says that it is ready; False when it ends, or does not in time."""
        return await said_ready(self._ready, timeout_s)

    async def wait(self) -> int:
        """Wait for its end; the exit code."""
        return await self._process.wait()

    async def stop(self) -> int:
        """Let it finish what it has and end; the exit code."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), _DRAIN_S)
            except (asyncio.TimeoutError, TimeoutError):
                self.kill()
        return await self._process.wait()

    def kill(self) -> None:
        """End it and its workers at once."""
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return


def _environment(function: Served, told: int) -> dict[str, str]:
    root = str(Path(wherry.__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH", "")
    return {
        # Cached code would pass for that of an edit of the same size in the same second.
        "PYTHONDONTWRITEBYTECODE": "1",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [root, inherited])),
        # Old and new serve side by side for a moment, and several functions for long.
        "WHERRY_METRICS_PORT": "0",
        **function.environment,
        "WHERRY_HANDLER": function.handler,
        "WHERRY_FUNCTION": function.name,
        "WHERRY_LISTEN_FD": str(function.listener.fileno()),
        "WHERRY_READY_FD": str(told),
    }
