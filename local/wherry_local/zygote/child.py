"""One process that a zygote has forked, as the platform sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

UNKNOWN_CODE = 255
"""Exit code of a process whose end nobody has seen, because the zygote was gone."""


class Child:
    """A process that a zygote has forked; a `wherry_local.fleet.process.Process`.

    Args:
        pid: Its number.
        lifeline: The platform's end of its lifeline; ours from now on.
    """

    def __init__(self, pid: int, lifeline: socket.socket) -> None:
        self.pid = pid
        self._lifeline = lifeline
        self._loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._is_orphan = False
        self._loop.add_reader(lifeline.fileno(), self._on_cut)

    def terminate(self) -> None:
        """See `Process.terminate`."""
        self._signal(os.kill, signal.SIGTERM)

    def kill(self) -> None:
        """See `Process.kill`."""
        self._signal(os.killpg, signal.SIGKILL)
        self._signal(os.kill, signal.SIGKILL)  # it may not have made its group yet

    async def gone(self) -> None:
        """See `Process.gone`."""
        await asyncio.shield(self._gone)

    async def wait(self) -> int:
        """See `Process.wait`."""
        return await asyncio.shield(self._code)

    def on_death(self, code: int) -> None:
        """The zygote has seen its end."""
        self._cut()
        if not self._code.done():
            self._code.set_result(code)

    def on_orphaned(self) -> None:
        """The zygote is gone: from now on the lifeline alone tells of the end."""
        self._is_orphan = True
        self._look()

    def _signal(self, send: Callable[[int, int], None], number: int) -> None:
        if not self._code.done():
            with suppress(ProcessLookupError, PermissionError):
                send(self.pid, number)

    def _on_cut(self) -> None:
        try:
            if self._lifeline.recv(1):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._cut()
        # It is ending, or has closed what it must not: then nothing could tell of its end.
        self.kill()
        self._look()

    def _cut(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)
            self._loop.remove_reader(self._lifeline.fileno())
            self._lifeline.close()

    def _look(self) -> None:
        if self._is_orphan and self._gone.done() and not self._code.done():
            self.on_death(UNKNOWN_CODE)
