"""Starts replicas that are containers.

What a platform that was killed has left behind is found by its label, which names the state folder.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from wherry_local.containers.engine import Engine, EngineAbsent, EngineRefused
from wherry_local.containers.replica import ContainerReplica, container_name, discard
from wherry_local.containers.words import (
    LABEL,
    check_image,
    environment_of,
    handed_on,
    run_words,
    variable_lines,
)
from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.errors import LocalError
from wherry_local.fleet.output import open_output
from wherry_local.fleet.replica import Replica
from wherry_local.journal.chunk import Chunk
from wherry_local.state import StateFolder


class ContainerJournal(Protocol):
    """Takes what containers write, and what is to be said of them."""

    def add(self, function: FunctionKey, chunk: Chunk) -> None:
        """Keep lines."""
        ...

    def tell(self, function: FunctionKey, text: str) -> None:
        """Keep what the platform has to say of a function."""
        ...


class ContainerLauncher:
    """A `wherry_local.fleet.replica.Launcher` of containers.

    Args:
        journal: Keeps what they write.
        state: The state folder; it names the platform that containers belong to.
        find: Finds the engine.
    """

    def __init__(
        self,
        journal: ContainerJournal,
        state: StateFolder,
        *,
        find: Callable[[], Engine] = Engine.find,
    ) -> None:
        self._journal = journal
        self._owner = str(state.path)
        self._mounts = state.mounts
        self._folders = state.path / "containers"
        self._find = find
        self._tasks: set[asyncio.Task[Any]] = set()

    def available(self) -> str | None:
        """None where an engine is there; else why not, and what to do. Takes no time."""
        try:
            self._find()
        except EngineAbsent as absent:
            return f"{absent.message} (hint: {absent.hint})"
        return None

    async def launch(self, deployment: Deployment, name: str) -> Replica:
        """See `Launcher.launch`; an image that the engine does not have is fetched first.

        Raises:
            LocalError: No engine is there, or no such image, or it cannot be started.
        """
        engine = self._find()
        check_image(deployment.image)
        image = await engine.image(deployment.image)
        if image is None:
            self._journal.tell(deployment.key, f"fetching the image {deployment.image}")
            await engine.pull(deployment.image)
            image = await engine.image(deployment.image)
            if image is None:
                raise EngineRefused(f"{deployment.image}: fetched, and the engine has it not")
        secrets = self._mounts / deployment.key.namespace / deployment.key.name
        folder = self._folders / name
        folder.mkdir(mode=0o700, parents=True)
        try:
            words = run_words(
                deployment,
                container=container_name(name),
                owner=self._owner,
                user=image.user,
                secrets=secrets,
                variables=_write_variables(deployment, folder),
            )
            return await self._start(engine, words, deployment, name, folder, secrets)
        except BaseException as error:
            discard(folder)
            if isinstance(error, OSError):
                raise LocalError(f"{name}: cannot be started: {error}") from error
            raise

    async def remove_leftovers(self) -> int:
        """Remove the containers of a platform of this folder that ended too soon; how many.

        To be called before any is launched. Where none has left its folder no engine is asked, and
        an engine that is not there any more has none.
        """
        if not self._folders.is_dir() or not any(self._folders.iterdir()):
            return 0
        found: Sequence[str] = ()
        with suppress(EngineAbsent, EngineRefused):
            engine = self._find()
            found = await engine.labelled(f"{LABEL}={self._owner}")
            await engine.remove(*found)
        discard(self._folders)
        return len(found)

    async def close(self) -> None:
        """Wait for what is being removed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _start(
        self,
        engine: Engine,
        words: list[str],
        deployment: Deployment,
        name: str,
        folder: Path,
        secrets: Path,
    ) -> Replica:
        with ExitStack() as theirs, ExitStack() as ours:
            output = open_output(
                ours,
                theirs,
                replica=name,
                keep=partial(self._journal.add, deployment.key),
                secrets=secrets,
            )
            process = await asyncio.create_subprocess_exec(
                *_ended_with_us(),
                engine.command,
                *words,
                env={**os.environ, **handed_on(environment_of(deployment))},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.stdout,
                stderr=output.stderr,
                start_new_session=True,
            )
            ours.pop_all()
        return ContainerReplica(name, engine, process, output.intakes, folder, self._spawn)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _ended_with_us() -> list[str]:
    """Words that have `run` told to end when this process is killed, where the system can."""
    command = shutil.which("setpriv")
    return [command, "--pdeathsig", "TERM", "--"] if command is not None else []


def _write_variables(deployment: Deployment, folder: Path) -> Path:
    file = folder / "variables"
    file.touch(mode=0o600)
    file.write_text(variable_lines(environment_of(deployment)), encoding="utf-8")
    return file
