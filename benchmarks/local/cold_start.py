"""How long the first answer takes after idle: from the call to the answer, replica forked between.

    milliseconds = cold_starts(50)

A fleet of its own with one function, called on its replica's socket without a gateway.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from wherry_local.deployment import Deployment, FunctionKey, ScalePolicy
from wherry_local.fleet.fleet import Fleet
from wherry_local.fleet.launching import ProcessLauncher
from wherry_local.fleet.replica_set import ReplicaSet
from wherry_local.journal.store import JournalStore
from wherry_local.state import StateFolder
from wherry_local.zygote.client import Nursery

HANDLER = """
def handle(request):
    return request.args.get("name", "world")
"""
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_KEY = FunctionKey("cold")
_END_S = 10.0


def cold_starts(times: int, handler: str = HANDLER) -> list[float]:
    """Milliseconds of each of so many first answers; every replica has ended before the next."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), times, handler))


async def _measure(folder: Path, times: int, handler: str) -> list[float]:
    function = folder / _KEY.name
    function.mkdir()
    (function / "handler.py").write_text(handler, encoding="utf-8")
    state = StateFolder.of(folder)
    state.make()
    journal, nursery = JournalStore(state.logs), Nursery()
    launcher = ProcessLauncher(nursery, journal, state)
    fleet = Fleet(lambda _: launcher, journal)
    await nursery.open()
    try:
        scale = ScalePolicy(initial=0)
        await fleet.put(Deployment(key=_KEY, handler=str(function), folder=function, scale=scale))
        replicas = fleet.find(_KEY)
        assert replicas is not None
        return [await _once(replicas) for _ in range(times)]
    finally:
        await fleet.stop(_END_S)
        await nursery.close()
        launcher.close()
        journal.close()


async def _once(replicas: ReplicaSet) -> float:
    began = time.perf_counter()
    replica = await replicas.claim()
    try:
        reader, writer = await asyncio.open_unix_connection(str(replica.address))
        writer.write(_REQUEST)
        answer = await reader.read()
        took_ms = (time.perf_counter() - began) * 1000
        writer.close()
    finally:
        replicas.release(replica)
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]
    replicas.scale_to(0, "measured")
    await replica.wait()
    return took_ms
