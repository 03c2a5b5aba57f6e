"""Has processes born: the platform's way to the zygote, whichever there is at the time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from wherry_local.errors import LocalError
from wherry_local.zygote.child import Child
from wherry_local.zygote.connection import Zygote
from wherry_local.zygote.frame import Order

_WARM_S = 60.0
_WELL_S = 5.0
_BIRTH_S = 30.0
_TRIES = 3


class Nursery:
    """Has processes born, by a zygote that is started anew when it dies.

    A `wherry_local.fleet.launching.Starter`.
    """

    def __init__(self) -> None:
        self._zygote: Zygote | None = None
        self._starting = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The zygote's process, or None while there is none."""
        return None if self._zygote is None or self._zygote.is_over else self._zygote.pid

    async def open(self) -> None:
        """Start the zygote, and wait until it can fork.

        Raises:
            LocalError: It does not start.
        """
        await self._warm_zygote()

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
    ) -> Child:
        """See `Starter.start`."""
        order = Order(number=0, environment=environment, folder=str(folder), program=tuple(program))
        for left in reversed(range(_TRIES)):
            zygote = await self._warm_zygote()
            birth = zygote.bear(order, [stdout, stderr, listener, ready])
            try:
                return await asyncio.wait_for(birth, _BIRTH_S)
            except (asyncio.TimeoutError, TimeoutError):
                zygote.kill()
                await zygote.over.wait()
                if not left:
                    raise LocalError(f"no zygote has answered within {_BIRTH_S:g} s") from None
            except LocalError:
                if not zygote.is_over or not left:
                    raise
        raise AssertionError

    async def close(self) -> None:
        """End the zygote; to be called when no child of it is left, or all are to be killed."""
        self._is_closed = True
        if self._renewal is not None:
            self._renewal.cancel()
        if self._zygote is not None:
            await self._zygote.end()

    async def begin(self) -> Zygote:
        """Start the zygote, unless there is one; it warms up by itself.

        Raises:
            LocalError: It cannot be started.
        """
        async with self._starting:
            if self._is_closed:
                raise LocalError("the platform ends")
            if self._zygote is None or self._zygote.is_over:
                self._zygote = await Zygote.start()
                self._renewal = asyncio.get_running_loop().create_task(self._renew(self._zygote))
            return self._zygote

    async def _warm_zygote(self) -> Zygote:
        zygote = await self.begin()
        try:
            await asyncio.wait_for(asyncio.shield(zygote.warm), _WARM_S)
        except (asyncio.TimeoutError, TimeoutError):
            raise LocalError(f"the zygote did not start within {_WARM_S:g} s") from None
        return zygote

    async def _renew(self, zygote: Zygote) -> None:
        """Have another zygote ready soon after this one has died, if it was well for a time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await zygote.over.wait()
        await zygote.end()
        if loop.time() - began > _WELL_S and not self._is_closed:
            with suppress(LocalError):
                await self._warm_zygote()
