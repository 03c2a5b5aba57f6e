"""Starts replicas that are processes: makes their socket and pipes, and hands them over."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import wherry
from wherry_local.deployment import Deployment
from wherry_local.errors import LocalError
from wherry_local.fleet.environment import environment_of
from wherry_local.fleet.process import Process, ProcessReplica
from wherry_local.fleet.replica import Replica
from wherry_local.fleet.sockets import SocketFolder
from wherry_local.journal.intake import Intake
from wherry_local.journal.store import JournalStore
from wherry_local.state import StateFolder

_ROOT = str(Path(wherry.__file__).resolve().parent.parent)


class Starter(Protocol):
    """Starts a process."""

    async def start(
        self,
        environment: Mapping[str, str],
        *,
        folder: Path,
        stdout: int,
        stderr: int,
        listener: int,
        ready: int,
    ) -> Process:
        """Start `python -m wherry` in `folder`, with these descriptors, which stay the caller's.

        Raises:
            LocalError: It cannot be started.
        """
        ...


class ProcessLauncher:
    """A `wherry_local.fleet.replica.Launcher` of processes.

    Args:
        starter: Starts them.
        journal: Keeps what they write.
        state: The state folder.
    """

    def __init__(self, starter: Starter, journal: JournalStore, state: StateFolder) -> None:
        self._starter = starter
        self._journal = journal
        self._state = state
        self._sockets = SocketFolder(state.sockets)

    async def launch(self, deployment: Deployment, name: str) -> Replica:
        """See `Launcher.launch`."""
        try:
            return await self._launch(deployment, name)
        except OSError as error:
            raise LocalError(f"{name}: cannot be started: {error}") from error

    def close(self) -> None:
        """No replica is left."""
        self._sockets.close()

    async def _launch(self, deployment: Deployment, name: str) -> Replica:
        key = deployment.key
        sock, path = self._sockets.listen(name)
        pipes = [os.pipe() for _ in range(3)]
        (out, stdout), (err, stderr), (ready, told) = pipes
        try:
            process = await self._starter.start(
                environment_of(
                    deployment,
                    inherited=os.environ,
                    secrets=self._state.mounts / key.namespace / key.name,
                ),
                folder=deployment.folder or Path.cwd(),
                stdout=stdout,
                stderr=stderr,
                listener=sock.fileno(),
                ready=told,
            )
        except BaseException:
            for end in (out, err, ready):
                os.close(end)
            path.unlink(missing_ok=True)
            raise
        finally:
            sock.close()
            for end in (stdout, stderr, told):
                os.close(end)
        intakes = [
            Intake(
                end,
                replica=name,
                stream=stream,
                keep=lambda chunk: self._journal.add(key, chunk),
            )
            for end, stream in ((out, "stdout"), (err, "stderr"))
        ]
        return ProcessReplica(name, path, process, ready, intakes)


class PlainStarter:
    """Starts a fresh interpreter each time."""

    async def start(
        self,
        environment: Mapping[str, str],
        *,
        folder: Path,
        stdout: int,
        stderr: int,
        listener: int,
        ready: int,
    ) -> Process:
        """See `Starter.start`."""
        return _PlainProcess(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "wherry",
                env={
                    **environment,
                    "PYTHONPATH": _ROOT,
                    "WHERRY_LISTEN_FD": str(listener),
                    "WHERRY_READY_FD": str(ready),
                },
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(listener, ready),
                start_new_session=True,
            )
        )


class _PlainProcess:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._process = process

    def terminate(self) -> None:
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        return await self._process.wait()
