"""The platform's side of the zygote: starts it, orders births, and hears of deaths."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import wherry
import wherry_local
from wherry_local.errors import LocalError
from wherry_local.zygote.frame import Frames, Order, ancillary

_WARM_S = 60.0
_TRIES = 3
_READ_BYTES = 65_536
_WRITE_BYTES = 4096
_WELL_S = 5.0
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
        self._is_cut = self._is_orphan = False
        self._loop.add_reader(lifeline.fileno(), self._on_cut)

    def terminate(self) -> None:
        """See `Process.terminate`."""
        self._signal(os.kill, signal.SIGTERM)

    def kill(self) -> None:
        """See `Process.kill`."""
        self._signal(os.killpg, signal.SIGKILL)
        self._signal(os.kill, signal.SIGKILL)  # it may not have made its group yet

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

    def _signal(self, send: Any, number: int) -> None:
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
        self._look()

    def _cut(self) -> None:
        if not self._is_cut:
            self._is_cut = True
            self._loop.remove_reader(self._lifeline.fileno())
            self._lifeline.close()

    def _look(self) -> None:
        if self._is_orphan and self._is_cut and not self._code.done():
            self.kill()  # what it has started, or itself, if it has only closed the lifeline
            self.on_death(UNKNOWN_CODE)


class _Zygote:
    """One zygote's process, from its start to its end."""

    def __init__(self, sock: socket.socket, process: asyncio.subprocess.Process) -> None:
        self._sock = sock
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._sending = asyncio.Lock()
        self._number = 0
        self._births: dict[int, tuple[asyncio.Future[Child], socket.socket]] = {}
        self._children: dict[int, Child] = {}
        self.warm: asyncio.Future[int] = self._loop.create_future()
        self.is_over = False
        self.over = asyncio.Event()
        self._loop.add_reader(sock.fileno(), self._hear)

    @classmethod
    async def start(cls) -> _Zygote:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "wherry_local.zygote",
                str(theirs.fileno()),
                env={**os.environ, "PYTHONPATH": _search_path(), "PYTHONSAFEPATH": "1"},
                cwd="/",  # what lies in the project's folder must not pass for a module
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return cls(ours, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def bear(self, order: Order, descriptors: Sequence[int]) -> Child:
        """A child of `order`; LocalError where there cannot be one."""
        self._number += 1
        number = self._number
        born: asyncio.Future[Child] = self._loop.create_future()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._births[number] = (born, ours)
        try:
            await self._send(
                replace(order, number=number).encode(), [*descriptors, theirs.fileno()]
            )
        except OSError as error:
            del self._births[number]
            ours.close()
            raise LocalError(f"the zygote takes no orders: {error}") from error
        finally:
            theirs.close()
        try:
            return await asyncio.shield(born)
        except asyncio.CancelledError:
            born.add_done_callback(_kill_unwanted)
            raise

    async def end(self) -> None:
        """Let go of it; it ends, and ends what is left of its children."""
        self._end()
        await self._process.wait()

    async def _send(self, content: bytes, descriptors: Sequence[int]) -> None:
        async with self._sending:
            # The descriptors go with the first byte; a frame may be longer than the socket takes.
            sent = 0
            while sent < len(content):
                await self._writable()
                told = [] if sent else ancillary(descriptors)
                sent += self._sock.sendmsg([content[sent : sent + _WRITE_BYTES]], told)

    async def _writable(self) -> None:
        writable = asyncio.Event()
        self._loop.add_writer(self._sock.fileno(), writable.set)
        try:
            await writable.wait()
        finally:
            self._loop.remove_writer(self._sock.fileno())

    def _hear(self) -> None:
        try:
            content = self._sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        if not content:
            self._end()
            return
        for said in self._frames.feed(content):
            self._on_report(said)

    def _on_report(self, said: Mapping[str, Any]) -> None:
        if "warm" in said:
            if not self.warm.done():
                self.warm.set_result(said["warm"])
        elif "born" in said:
            born, lifeline = self._births.pop(said["born"])
            child = self._children[said["pid"]] = Child(said["pid"], lifeline)
            born.set_result(child)
        elif "failed" in said:
            born, lifeline = self._births.pop(said["failed"])
            lifeline.close()
            born.set_exception(LocalError(f"no process can be forked: {said['reason']}"))
        elif "died" in said:
            self._children.pop(said["died"]).on_death(said["code"])

    def _end(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        for born, lifeline in self._births.values():
            lifeline.close()
            born.set_exception(LocalError("the zygote has ended"))
        self._births.clear()
        for child in list(self._children.values()):
            child.on_orphaned()
        if not self.warm.done():
            self.warm.set_exception(LocalError("the zygote did not start"))
            self.warm.exception()  # whoever waits hears of it, and nobody may
        self.over.set()


class Nursery:
    """Has processes born, by a zygote that is started anew when it dies.

    A `wherry_local.fleet.launching.Starter`.
    """

    def __init__(self) -> None:
        self._zygote: _Zygote | None = None
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
            try:
                return await zygote.bear(order, [stdout, stderr, listener, ready])
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

    async def _warm_zygote(self) -> _Zygote:
        async with self._starting:
            if self._is_closed:
                raise LocalError("the platform ends")
            if self._zygote is None or self._zygote.is_over:
                self._zygote = await _Zygote.start()
                self._renewal = asyncio.get_running_loop().create_task(self._renew(self._zygote))
            zygote = self._zygote
        try:
            await asyncio.wait_for(asyncio.shield(zygote.warm), _WARM_S)
        except (asyncio.TimeoutError, TimeoutError):
            raise LocalError(f"the zygote did not start within {_WARM_S:g} s") from None
        return zygote

    async def _renew(self, zygote: _Zygote) -> None:
        """Have another zygote ready soon after this one has died, if it was well for a time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await zygote.over.wait()
        await zygote.end()
        if loop.time() - began > _WELL_S and not self._is_closed:
            with suppress(LocalError):
                await self._warm_zygote()


def _search_path() -> str:
    """Where the zygote finds its modules: as the platform does, whatever its working folder."""
    packages = (wherry.__path__[0], wherry_local.__path__[0])
    roots = [str(Path(each).resolve().parent) for each in packages]
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(
        [*dict.fromkeys(roots), *(str(Path(p).absolute()) for p in inherited if p)]
    )


def _kill_unwanted(born: asyncio.Future[Child]) -> None:
    if born.exception() is None:
        born.result().kill()
