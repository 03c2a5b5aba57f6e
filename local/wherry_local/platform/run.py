"""The whole life of a platform: from its sockets to the last replica's end.

The edge of `wherry up`: it owns the process, the event loop and the signals.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import socket
import sys
import time
from collections.abc import Coroutine
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Any

import wherry
from wherry_local.errors import NoFreePort
from wherry_local.platform.announcement import places, transcripts
from wherry_local.platform.declared import Addresses, unused_here
from wherry_local.platform.endpoint import Endpoint, Lock, password_of
from wherry_local.platform.settings import Settings
from wherry_local.ports import base_url, listening
from wherry_local.state import StateFolder
from wherry_local.stopping import on_signals
from wherry_local.zygote.client import Nursery

if TYPE_CHECKING:
    from wherry_local.platform.composition import Platform

_DRAIN_S = 30.0
_DESCRIPTORS = 65_536
_COLLECTED_AFTER = 20_000
"""Objects made before the collector looks for garbage. What waits in the queue is many objects and
no garbage; nearly all of it is over before such a look, which else is a tenth of the time."""


def run(settings: Settings) -> int:
    """Serve a project until told to stop; the exit code.

    Raises:
        AlreadyRuns: A platform serves this project.
        NoFreePort: A port cannot be listened on.
        LocalError: Something of the project cannot be served, or the state folder cannot be used.
    """
    state = StateFolder.of(settings.root)
    state.make()
    lock = Lock(state)
    lock.take()
    try:
        sockets = _sockets(settings)
        with closing(sockets[0]), closing(sockets[1]):
            return _looped(_serve(settings, state, sockets))
    finally:
        lock.release()


def _looped(life: Coroutine[Any, Any, int]) -> int:
    import uvloop

    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(life)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


def _sockets(settings: Settings) -> list[socket.socket]:
    """The sockets of the gateway and of the broker."""
    wanted = {"--port": settings.port, "--broker-port": settings.broker_port}
    made: list[socket.socket] = []
    taken: list[str] = []
    with ExitStack() as opened:
        for option, port in wanted.items():
            found = listening(settings.host, port, option="--listen")
            if found is None:
                taken.append(option)
            else:
                made.append(opened.enter_context(found))
        if taken:
            said = ", ".join(f"port {wanted[option]} is in use" for option in taken)
            free = " ".join(f"{option} 0" for option in taken)
            raise NoFreePort(
                f"{settings.host}: {said}", hint=f"wherry up {free} takes what is free"
            )
        opened.pop_all()
    return made


async def _serve(settings: Settings, state: StateFolder, sockets: list[socket.socket]) -> int:
    nursery = Nursery()
    await nursery.begin()  # it warms up beside our own imports
    _allow_descriptors()
    try:
        await _serve_with(nursery, settings, state, sockets)
    finally:
        await nursery.close()
    return 0


async def _serve_with(
    nursery: Nursery, settings: Settings, state: StateFolder, sockets: list[socket.socket]
) -> None:
    from wherry_local.platform.composition import Platform

    gateway, broker = map(base_url, sockets)
    addresses = Addresses(gateway=gateway, broker=broker)
    password = password_of(state, settings.password)
    platform = Platform(settings, state, addresses, password=password, nursery=nursery, tell=_tell)
    stopping = on_signals(platform.kill)
    try:
        await platform.start(sockets)
        Endpoint(
            pid=os.getpid(),
            gateway=gateway,
            broker=broker,
            startedAt=time.time(),
            version=wherry.__version__,
            project=str(settings.root.resolve()),
        ).keep(state)
        _announce(settings, state, platform, gateway)
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECTED_AFTER)
        await stopping.wait()
    finally:
        state.endpoint.unlink(missing_ok=True)
        await platform.stop(_DRAIN_S)


def _allow_descriptors() -> None:
    """Callers and replicas take one each; functions keep the limit that the shell gave."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):  # macOS has a lower one of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _announce(settings: Settings, state: StateFolder, platform: Platform, gateway: str) -> None:
    for line in unused_here(settings.project):
        _tell(f"not used here: {line}")
    functions = platform.served()
    lines = places(
        gateway=gateway,
        brokers=platform.broker_urls(),
        password=state.password,
        functions=functions,
    )
    print("\n".join([*lines, *transcripts(functions)]), flush=True)  # noqa: T201 - what it is for


def _tell(line: str) -> None:
    """What a person at the terminal should know."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the same
