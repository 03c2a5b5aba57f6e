"""A replica that is a process of the runtime on a Unix socket.

It knows how the process is found ready and ended, and nothing of why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from wherry_local.fleet.replica import Address
from wherry_local.journal.intake import Intake
from wherry_local.readiness import said_ready

_LAST_WORDS_S = 0.5


class Process(Protocol):
    """A process, however it was started."""

    pid: int

    def terminate(self) -> None:
        """Tell it to finish and end."""
        ...

    def kill(self) -> None:
        """End it at once, with everything in its process group."""
        ...

    async def gone(self) -> None:
        """Wait until it has begun to end, and holds no descriptor any more."""
        ...

    async def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        ...


class ProcessReplica:
    """A `wherry_local.fleet.replica.Replica`.

    Args:
        name: Its name.
        path: The file of its socket.
        process: The process.
        ready: Reading end of the pipe by which it says that it is ready; ours from now on.
        intakes: Who takes what it writes.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        process: Process,
        ready: int,
        intakes: Sequence[Intake],
    ) -> None:
        self.name = name
        self.address: Address = str(path)
        self.in_flight = 0
        self.pid: int | None = process.pid
        self._path = path
        self._process = process
        self._ready = ready
        self._intakes = intakes
        self._end = asyncio.get_running_loop().create_task(self._mourn())

    async def ready(self, timeout_s: float) -> bool:
        """See `Replica.ready`; to be asked once."""
        is_ready = await said_ready(self._ready, timeout_s)
        if not is_ready:  # what it has to say of it is on its way
            await self._last_words()
        return is_ready

    async def gone(self) -> None:
        """See `Replica.gone`."""
        await self._process.gone()

    async def stop(self, grace_s: float) -> int:
        """See `Replica.stop`."""
        if not self._end.done():
            self._process.terminate()
            await asyncio.wait({self._end}, timeout=grace_s)
            if not self._end.done():
                self.kill()
        return await self.wait()

    def kill(self) -> None:
        """See `Replica.kill`."""
        self._process.kill()

    async def wait(self) -> int:
        """See `Replica.wait`."""
        return await asyncio.shield(self._end)

    async def _mourn(self) -> int:
        code = await self._process.wait()
        self._path.unlink(missing_ok=True)
        for intake in self._intakes:  # a program that has left its group may hold them for long
            intake.close()
        return code

    async def _last_words(self) -> None:
        ended = [each.ended for each in self._intakes]
        await asyncio.wait(ended, timeout=_LAST_WORDS_S)
