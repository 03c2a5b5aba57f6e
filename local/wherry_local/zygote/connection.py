"""The platform's connection to one zygote: orders go out, births and deaths come back."""

from __future__ import annotations

import asyncio
import os
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
from wherry_local.zygote.child import Child
from wherry_local.zygote.frame import Frames, Order, ancillary

_READ_BYTES = 65_536
_WRITE_BYTES = 4096


class Zygote:
    """One zygote's process, from its start to its end.

    Args:
        sock: The socket to it.
        process: The process.

    Attributes:
        warm: Done when it can fork.
        over: Is set when it is gone.
    """

    def __init__(self, sock: socket.socket, process: asyncio.subprocess.Process) -> None:
        self._sock = sock
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._sending = asyncio.Lock()
        self._room = asyncio.Event()
        self._number = 0
        self._births: dict[int, tuple[asyncio.Future[Child], socket.socket]] = {}
        self._children: dict[int, Child] = {}
        self.warm: asyncio.Future[None] = self._loop.create_future()
        self.over = asyncio.Event()
        self._loop.add_reader(sock.fileno(), self._hear)

    @classmethod
    async def start(cls) -> Zygote:
        """Start one; it is not warm yet."""
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
        """Its process."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it is gone."""
        return self.over.is_set()

    async def bear(self, order: Order, descriptors: Sequence[int]) -> Child:
        """A child of `order`; LocalError where there cannot be one."""
        self._number += 1
        number = self._number
        born: asyncio.Future[Child] = self._loop.create_future()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._births[number] = (born, ours)
        try:
            rest = await self._begin(
                replace(order, number=number).encode(), [*descriptors, theirs.fileno()]
            )
        except BaseException as error:
            self._births.pop(number, None)
            ours.close()
            if isinstance(error, OSError):
                raise LocalError(f"the zygote takes no orders: {error}") from error
            raise
        finally:
            theirs.close()
        try:
            await asyncio.shield(rest)
            return await asyncio.shield(born)
        except OSError as error:
            raise LocalError(f"the zygote takes no orders: {error}") from error
        except asyncio.CancelledError:
            born.add_done_callback(_kill_unwanted)
            raise

    def kill(self) -> None:
        """End it at once; its children serve on."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Let go of it; it ends, and ends what is left of its children."""
        self._end()
        await self._process.wait()

    async def _begin(self, content: bytes, descriptors: Sequence[int]) -> asyncio.Task[None]:
        """Send the beginning of a frame, with its descriptors; who sends the rest.

        The rest is sent whoever is cancelled, for what follows would be taken for it.
        """
        await self._sending.acquire()
        try:
            await self._writable()
            sent = self._sock.sendmsg([content[:_WRITE_BYTES]], ancillary(descriptors))
        except BaseException:
            self._sending.release()
            raise
        return self._loop.create_task(self._finish(content[sent:]))

    async def _finish(self, rest: bytes) -> None:
        """Send what is left of a frame, which may be longer than the socket takes."""
        try:
            while rest:
                await self._writable()
                rest = rest[self._sock.send(rest[:_WRITE_BYTES]) :]
        finally:
            self._sending.release()

    async def _writable(self) -> None:
        self._room.clear()
        self._loop.add_writer(self._sock.fileno(), self._room.set)
        try:
            await self._room.wait()
        finally:
            if not self.is_over:
                self._loop.remove_writer(self._sock.fileno())
        if self.is_over:
            raise BrokenPipeError

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
                self.warm.set_result(None)
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
        self.over.set()
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        self._room.set()
        for born, lifeline in self._births.values():
            lifeline.close()
            born.set_exception(LocalError("the zygote has ended"))
            born.exception()  # as below
        self._births.clear()
        for child in list(self._children.values()):
            child.on_orphaned()
        if not self.warm.done():
            self.warm.set_exception(LocalError("the zygote did not start"))
            self.warm.exception()  # whoever waits hears of it, and nobody may


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
