"""What a replica wrote at a time: whole lines as they came, and what they say. No I/O.

Lines are kept as bytes and read when somebody asks for them, because most are never read. A replica
writes the runtime's JSON lines, which become readable text again here, and whatever its code writes
past the runtime, which stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import orjson

from wherry_local.deployment import FunctionKey
from wherry_local.journal.line import LogLine

_OURS = b'{"ts":"'
_PRINTED = frozenset({"stdout", "stderr", "platform"})
# What a terminal would obey is written out.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(0x7F, 0xA0))}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines.

    Attributes:
        at: Seconds since the epoch at which they were read.
        replica: Who wrote them.
        stream: As of `LogLine`.
        content: The lines, each with its end.
    """

    at: float
    replica: str
    stream: str
    content: bytes


def lines_of(function: FunctionKey, chunk: Chunk) -> Iterator[LogLine]:
    """The lines of `chunk`, in order."""
    for raw in chunk.content.split(b"\n")[:-1]:
        said = _record(raw) if raw.startswith(_OURS) else None
        if said is None:
            yield LogLine(
                at=chunk.at,
                function=function,
                replica=chunk.replica,
                text=_text(raw),
                stream=chunk.stream,
            )
        else:
            yield from _of_runtime(function, chunk, said)


def chunk_of(line: LogLine) -> Chunk:
    """One line as a chunk, from which `lines_of` makes it again."""
    stamp = datetime.fromtimestamp(line.at, timezone.utc).isoformat(timespec="milliseconds")
    said = {
        "ts": stamp.replace("+00:00", "Z"),
        "logger": line.stream,
        # A file's name may hold any bytes, and text that stands for such is none to orjson.
        "message": line.text.replace("\n", " ").encode("utf-8", "backslashreplace").decode(),
        "call_id": line.call_id,
    }
    return Chunk(line.at, line.replica, line.stream, orjson.dumps(said) + b"\n")


def _record(raw: bytes) -> dict[str, Any] | None:
    """A line of the runtime's as what it says; None where it only looks like one."""
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    is_ours = isinstance(said, dict) and isinstance(said.get("logger"), str)
    return said if is_ours and isinstance(said.get("ts"), str) else None


def _of_runtime(function: FunctionKey, chunk: Chunk, said: dict[str, Any]) -> Iterator[LogLine]:
    """One line, and one more for each line of its traceback."""
    logger = said["logger"]
    for text in _said(logger, said).split("\n"):
        yield LogLine(
            at=_seconds(said["ts"], chunk.at),
            function=function,
            replica=chunk.replica,
            text=text.translate(_CONTROLS),
            call_id=str(said.get("call_id", "")),
            stream=logger if logger in _PRINTED else chunk.stream,
        )


def _said(logger: str, said: dict[str, Any]) -> str:
    if logger == "wherry.access":
        seconds = said.get("seconds")
        took = f"{seconds:.6f}" if isinstance(seconds, float) else seconds
        return (
            f"{said.get('method')} {said.get('path')} {said.get('status')} "
            f"{said.get('bytes')} B {took} s"
        )
    message = str(said.get("message", ""))
    if logger in _PRINTED:
        return message
    exception = said.get("exception")
    text = f"{str(said.get('level', 'info')).upper()} {message}"
    return text if not exception else f"{text}\n{exception}"


def _seconds(stamp: str, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(stamp.removesuffix("Z") + "+00:00").timestamp()
    except ValueError:
        return otherwise


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\r").decode("utf-8", "backslashreplace").translate(_CONTROLS)
