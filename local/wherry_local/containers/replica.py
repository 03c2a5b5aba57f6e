"""A replica that is a container: found ready over HTTP, ended by the engine.

A container is a `run` in the foreground: one process of this machine stands for it, has its output
and ends with its exit code.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from wherry_local.containers.engine import Engine
from wherry_local.containers.readiness import until_ready
from wherry_local.containers.words import PORT
from wherry_local.fleet.replica import Address
from wherry_local.journal.intake import Intake

_HOST = "127.0.0.1"
_PORT_PAUSE_S = 0.05
_REMOVALS = 10
_REMOVAL_S = 0.5
_LAST_WORDS_S = 0.5
_IDLE_GRACE_S = 10.0
"""As docker itself has it: many a program that is the first process hears no SIGTERM."""


class ContainerReplica:
    """A `wherry_local.fleet.replica.Replica` that is a container."""

    def __init__(
        self,
        name: str,
        engine: Engine,
        process: asyncio.subprocess.Process,
        intakes: Sequence[Intake],
        folder: Path,
        spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]],
    ) -> None:
        self.name = name
        self.address: Address = (_HOST, 0)
        self.in_flight = 0
        self.pid: int | None = None
        self._engine = engine
        self._process = process
        self._intakes = intakes
        self._folder = folder
        self._spawn = spawn
        self._end = spawn(self._mourn())

    async def ready(self, timeout_s: float) -> bool:
        """See `Replica.ready`."""
        work = self._spawn(self._reached())
        try:
            await asyncio.wait(
                {work, self._end}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if work.done() and not self._end.done():
                work.result()
                return True
            return False
        finally:  # a start may be given up, and then nobody else ends the asking
            work.cancel()

    async def gone(self) -> None:
        """See `Replica.gone`."""
        await asyncio.wait({self._end})

    async def stop(self, grace_s: float) -> int:
        """See `Replica.stop`; one that has nothing to finish is not waited for that long."""
        if not self._end.done():
            patience_s = grace_s if self.in_flight else min(grace_s, _IDLE_GRACE_S)
            await self._engine.stop(container_name(self.name), patience_s)
        if not self._end.done():
            await asyncio.wait({self._end}, timeout=_LAST_WORDS_S)
            self.kill()
        return await self.wait()

    def kill(self) -> None:
        """See `Replica.kill`."""
        if not self._end.done():
            self._spawn(self._remove())

    async def wait(self) -> int:
        """See `Replica.wait`."""
        return int(await asyncio.shield(self._end))

    async def _reached(self) -> None:
        """Wait until the port is there and the server behind it takes calls."""
        port = None
        while port is None:
            port = await self._engine.port(container_name(self.name), PORT)
            await asyncio.sleep(0 if port else _PORT_PAUSE_S)
        self.address = (_HOST, port)
        await until_ready(_HOST, port)

    async def _remove(self) -> None:
        for _ in range(_REMOVALS):
            await self._engine.remove(container_name(self.name))
            # A `run` that had not made its container yet had nothing to remove, and must not make
            # it; one that was just making it has something to remove at the next try.
            if self._process.returncode is None:
                self._process.terminate()
            await asyncio.wait({self._end}, timeout=_REMOVAL_S)
            if self._end.done():
                return
        if self._process.returncode is None:
            self._process.kill()

    async def _mourn(self) -> int:
        code = await self._process.wait()
        await asyncio.wait({each.ended for each in self._intakes}, timeout=_LAST_WORDS_S)
        for intake in self._intakes:
            intake.close()
        discard(self._folder)
        return code


def container_name(replica: str) -> str:
    """The name of the container of a replica."""
    return f"wherry-{replica}"


def discard(folder: Path) -> None:
    """Remove what was made for a container."""
    shutil.rmtree(folder, ignore_errors=True)
