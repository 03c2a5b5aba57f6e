"""Runs one command for one call: its input, its output, and its end, whatever happens.

A command is a list of words and never a line for a shell. It leads a session of its own, so that
all that it has started ends with it when the call does.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import BinaryIO

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
    # Pipes of ours: of those that asyncio makes for a process it waits for each one's end before it
    # tells of the process's, and what has left the group may hold one for ever.
    with ExitStack() as ends:
        their_input, our_input = _pipe(ends)
        our_output, their_output = _pipe(ends)
        our_errors, their_errors = _pipe(ends)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=their_input,
            stdout=their_output,
            stderr=their_errors,
            env=environment,
            start_new_session=True,
        )
        try:
            for each in (their_input, their_output, their_errors):
                each.close()
            output, errors = await _reader(ends, our_output), await _reader(ends, our_errors)
            await _write(ends, our_input, body)
            return await _followed(process, output, errors, complain, limit_bytes)
        finally:
            # The group may outlive its leader, so it is ended in any case.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _followed(
    process: Process,
    output: asyncio.StreamReader,
    errors: asyncio.StreamReader,
    complain: Callable[[str], object],
    limit_bytes: int,
) -> Ended:
    complaints = asyncio.ensure_future(_complaints(errors, complain))
    try:
        found = await _read(output, limit_bytes)
        if found is None:
            return Ended(code=-signal.SIGKILL, output=b"", is_cut=True)
        await complaints
        return Ended(code=await process.wait(), output=found)
    finally:
        complaints.cancel()
        await asyncio.gather(complaints, return_exceptions=True)


def _pipe(ends: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """Where one reads, and where one writes; both are closed at the end."""
    read, write = os.pipe()
    return (
        ends.enter_context(os.fdopen(read, "rb", buffering=0)),
        ends.enter_context(os.fdopen(write, "wb", buffering=0)),
    )


async def _reader(ends: ExitStack, pipe: BinaryIO) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK_BYTES, loop=loop)
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader, loop=loop), pipe
    )
    ends.callback(transport.close)
    return reader


async def _write(ends: ExitStack, pipe: BinaryIO, body: bytes) -> None:
    """Write it all and close, without waiting: a command may end before it has read it."""
    transport, _ = await asyncio.get_running_loop().connect_write_pipe(asyncio.BaseProtocol, pipe)
    ends.callback(_cut, transport)
    if not transport.is_closing():  # a command may have closed its input by now
        transport.write(body)
        transport.close()


def _cut(pipe: asyncio.WriteTransport) -> None:
    """Drop what waits to be written; a transport that is over can be cut no more."""
    if pipe.get_write_buffer_size():
        pipe.abort()


async def _read(stream: asyncio.StreamReader, limit_bytes: int) -> bytes | None:
    found = bytearray()
    while chunk := await stream.read(_CHUNK_BYTES):
        found += chunk
        if len(found) > limit_bytes:
            return None
    return bytes(found)


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
