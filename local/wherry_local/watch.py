"""Serves functions side by side in processes of their own, and renews them as their files change.

The edge of `wherry run` for `--watch` and for a folder of functions: it owns the event loop and
the signals, and knows nothing of how a function is served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from wherry_local.edits import changes, check_watcher
from wherry_local.errors import NothingServed
from wherry_local.instance import Served
from wherry_local.keeper import Keeper, Tell
from wherry_local.stopping import on_signals


def serve(
    functions: Sequence[Served],
    *,
    watch: bool,
    tell: Tell,
    served: Callable[[Sequence[tuple[Served, bool]]], None],
) -> int:
    """Serve `functions` until told to stop; the exit code.

    Args:
        functions: The functions, their sockets listening.
        watch: Whether to renew a function when its files change.
        tell: Is told what happens.
        served: Is called once with each function and whether it got ready.

    Raises:
        NothingServed: None got ready, and nothing is watched that could help.
        WatcherUnavailable: `watch`, and the package for it is not installed.
    """
    if watch:
        check_watcher()
    return asyncio.run(_serve(functions, watch=watch, tell=tell, served=served))


async def _serve(
    functions: Sequence[Served],
    *,
    watch: bool,
    tell: Tell,
    served: Callable[[Sequence[tuple[Served, bool]]], None],
) -> int:
    keepers = [Keeper(function, tell) for function in functions]

    def kill() -> None:
        for keeper in keepers:
            keeper.kill()

    stopping = on_signals(kill)
    starting = asyncio.gather(*(keeper.start() for keeper in keepers), return_exceptions=True)
    watching = asyncio.ensure_future(_watch(keepers, stopping)) if watch else None
    try:
        # A signal while they start ends them; `starting` then comes to its end too.
        ready = await _unless(starting, stopping)
        if ready is None:
            return 0
        served([(item, done is True) for item, done in zip(functions, ready, strict=True)])
        if not watch and not any(done is True for done in ready):
            raise NothingServed("no function got ready; why is above")
        await stopping.wait()
    finally:
        stopping.set()
        await asyncio.gather(*(keeper.stop() for keeper in keepers))
        if watching is not None:
            await asyncio.gather(watching, return_exceptions=True)
    return 0


async def _unless(
    work: asyncio.Future[list[bool | BaseException]], stopping: asyncio.Event
) -> list[bool | BaseException] | None:
    """The result of `work`, or None when it is time to stop before."""
    stop = asyncio.ensure_future(stopping.wait())
    both: list[asyncio.Future[Any]] = [work, stop]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    return work.result() if work.done() and not stopping.is_set() else None


async def _watch(keepers: Sequence[Keeper], stopping: asyncio.Event) -> None:
    folders = {keeper: keeper.function.folder.resolve() for keeper in keepers}
    async for changed in changes(list(folders.values()), stopping):
        for keeper, folder in folders.items():
            if any(path.is_relative_to(folder) for path in changed):
                keeper.renew()
