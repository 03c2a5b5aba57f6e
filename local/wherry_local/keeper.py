"""Keeps one function served: starts it, replaces it after an edit, starts it again after a crash.

The socket is ours and stays open, so callers wait and are never refused. A new process takes over
when it is ready and not before; the old one then finishes what it has. One that does not get
ready is ended, and the old one goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from wherry_local.fleet.recovery import Backoff
from wherry_local.instance import Instance, Served

Tell: TypeAlias = Callable[[str], None]
"""Is told what happens, a line at a time."""

_READY_S = 60.0


class Keeper:
    """Keeps `function` served."""

    def __init__(self, function: Served, tell: Tell) -> None:
        self.function = function
        self._tell = tell
        self._current: Instance | None = None
        self._coming: Instance | None = None
        self._renewal: asyncio.Task[bool] | None = None
        self._backoff = Backoff()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_stopping = False

    async def start(self) -> bool:
        """Start the function; whether it got ready."""
        return await self._begin_renewal()

    def renew(self) -> None:
        """Start a new process in place of the one there is; one that is on its way is given up."""
        if not self._is_stopping:
            self._begin_renewal()

    async def stop(self) -> None:
        """End the function's processes, each after what it has in hand."""
        self._is_stopping = True
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)
        if self._current is not None:
            await self._current.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        """End the function's processes at once."""
        for instance in (self._current, self._coming):
            if instance is not None:
                instance.kill()

    def _begin_renewal(self) -> asyncio.Task[bool]:
        if self._renewal is not None:
            self._renewal.cancel()
        self._renewal = self._spawn(self._renew())
        return self._renewal

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _renew(self) -> bool:
        coming = await Instance.start(self.function)
        self._coming = coming
        try:
            is_ready = await coming.is_ready(_READY_S)
        except asyncio.CancelledError:
            coming.kill()
            await coming.wait()
            raise
        finally:
            if self._coming is coming:
                self._coming = None
        if not is_ready:
            coming.kill()
            code = await coming.wait()
            served = self._current is not None
            self._tell(
                f"{self.function.name}: did not start (exit code {code}); "
                + ("the one before goes on" if served else "nothing is served")
            )
            return False
        before, self._current = self._current, coming
        self._spawn(self._mourn(coming))
        if before is not None:
            self._tell(f"{self.function.name}: renewed")
            self._spawn(before.stop())
        return True

    async def _mourn(self, instance: Instance) -> None:
        """Wait for an end that nobody asked for, and start the function again after a while."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        code = await instance.wait()
        if self._is_stopping or self._current is not instance:
            return
        self._current = None
        pause_s = self._backoff.fail(loop.time(), well_s=loop.time() - began)
        self._tell(f"{self.function.name}: ended (exit code {code}); again in {pause_s:g} s")
        await asyncio.sleep(pause_s)
        if self._current is None and not self._is_stopping:
            self._begin_renewal()
