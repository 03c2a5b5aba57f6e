"""Runs one command for one call: its input, its output, and its end, whatever happens.

A command is a list of words and never a line for a shell. It leads a session of its own, so that
all that it has started ends with it when the call does.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

LIMIT_BYTES = 64 * 1024 * 1024
"""The longest output of a command; it is kept until the exit code is known."""

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Its exit code, negative for a signal.
        output: What it wrote to its standard output.
        is_cut: Whether it wrote more than it may, and was ended for that.
    """

    code: int
    output: bytes
    is_cut: bool = False


async def run(
    command: Sequence[str],
    body: bytes,
    environment: Mapping[str, str],
    complain: Callable[[str], object],
    *,
    limit_bytes: int = LIMIT_BYTES,
) -> Ended:
    """Run `command` with `body` as its standard input until it ends; cancelled, it is ended.

    Args:
        command: The program and its arguments.
        body: Its standard input.
        environment: All its variables.
        complain: Takes each line that it writes to its standard error.
        limit_bytes: The longest output.

    Raises:
        OSError: It cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError("a process with three pipes has three pipes")
    work = [
        asyncio.ensure_future(_read(process.stdout, limit_bytes)),
        asyncio.ensure_future(_write(process.stdin, body)),
        asyncio.ensure_future(_complaints(process.stderr, complain)),
    ]
    try:
        output = await work[0]
        if output is None:
            return Ended(code=-signal.SIGKILL, output=b"", is_cut=True)
        await asyncio.gather(*work[1:])
        return Ended(code=await process.wait(), output=output)
    finally:
        for task in work:
            task.cancel()
        # The group may outlive its leader, so it is ended in any case.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.gather(*work, return_exceptions=True)
        # asyncio tells of an end when each pipe has been read to its own, and reads none that is
        # full of what nobody takes.
        emptying = [
            asyncio.ensure_future(_empty(each)) for each in (process.stdout, process.stderr)
        ]
        try:
            await process.wait()
        finally:
            for task in emptying:
                task.cancel()


async def _empty(stream: asyncio.StreamReader) -> None:
    while await stream.read(_CHUNK_BYTES):
        continue


async def _read(stream: asyncio.StreamReader, limit_bytes: int) -> bytes | None:
    found = bytearray()
    while chunk := await stream.read(_CHUNK_BYTES):
        found += chunk
        if len(found) > limit_bytes:
            return None
    return bytes(found)


async def _write(stream: asyncio.StreamWriter, body: bytes) -> None:
    # A command may end, or close its input, without having read it all; of a pipe that is closed
    # already uvloop says RuntimeError.
    with suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
        stream.write(body)
        await stream.drain()
    stream.close()


async def _complaints(stream: asyncio.StreamReader, complain: Callable[[str], object]) -> None:
    rest = b""
    while chunk := await stream.read(_CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            complain(line.decode(errors="replace"))
        if len(rest) >= _CHUNK_BYTES:
            complain(rest.decode(errors="replace"))
            rest = b""
    if rest:
        complain(rest.decode(errors="replace"))
