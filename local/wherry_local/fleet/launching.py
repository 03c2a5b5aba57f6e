"""Starts replicas that are processes: makes their socket and pipes, and hands them over."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

from wherry_local.deployment import Deployment
from wherry_local.errors import LocalError
from wherry_local.fleet.environment import environment_of
from wherry_local.fleet.output import open_output
from wherry_local.fleet.process import Process, ProcessReplica
from wherry_local.fleet.program import program_of
from wherry_local.fleet.replica import Replica
from wherry_local.fleet.sockets import SocketFolder
from wherry_local.journal.store import JournalStore
from wherry_local.state import StateFolder


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
        program: Sequence[str] = (),
    ) -> Process:
        """Start `python -m wherry` in `folder`, with these descriptors, which stay the caller's.

        `program` is executed in its place, where there is one.

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
        secrets = self._state.mounts / key.namespace / key.name
        environment = environment_of(deployment, inherited=os.environ, secrets=secrets)
        program = program_of(deployment.folder, environment, os.environ)
        with ExitStack() as theirs, ExitStack() as ours:
            sock, path = self._sockets.listen(name)
            theirs.callback(sock.close)
            ours.callback(path.unlink, missing_ok=True)
            output = open_output(
                ours,
                theirs,
                replica=name,
                keep=partial(self._journal.add, key),
                secrets=secrets,
            )
            ready, told = os.pipe()
            ours.callback(os.close, ready)
            theirs.callback(os.close, told)
            process = await self._starter.start(
                environment,
                folder=deployment.folder or Path.cwd(),
                stdout=output.stdout,
                stderr=output.stderr,
                listener=sock.fileno(),
                ready=told,
                program=program,
            )
            ours.pop_all()
        return ProcessReplica(name, path, process, ready, output.intakes)
