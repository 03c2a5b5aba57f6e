"""What the platform and its zygote say to each other: JSON behind its length, and descriptors.

Orders go one way and reports the other. Both ends are ours and of one version, so a frame that is
none is an error in the program.
"""

from __future__ import annotations

import array
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

_LENGTH_BYTES = 4
_DESCRIPTORS = 5
_READ_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A process is to be born.

    With it come five descriptors: standard output, standard error, the listening socket, the pipe
    for readiness, and the lifeline, whose other end the platform holds as long as it lives.

    Attributes:
        number: Which order.
        environment: Its environment.
        folder: Its working folder.
        program: What it executes instead of serving as it is; empty for that.
    """

    number: int
    environment: Mapping[str, str]
    folder: str
    program: Sequence[str] = ()

    def encode(self) -> bytes:
        """The frame."""
        # A variable may hold any bytes, and text that stands for such is none to orjson.
        return _framed(json.dumps(asdict(self)).encode())


def encoded(said: Mapping[str, Any]) -> bytes:
    """The frame of a report: `warm`; `born`, `pid`; `failed`, `reason`; `died`, `code`."""
    return _framed(orjson.dumps(said))


class Frames:
    """Takes a stream of bytes apart into frames."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, content: bytes) -> Iterator[dict[str, Any]]:
        """The frames that are whole with `content`."""
        self._buffer += content
        while len(self._buffer) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
            if len(self._buffer) < end:
                return
            frame, self._buffer = self._buffer[_LENGTH_BYTES:end], self._buffer[end:]
            yield orjson.loads(frame)


def ancillary(descriptors: Sequence[int]) -> list[tuple[int, int, array.array[int]]]:
    """What `sendmsg` takes to hand over descriptors."""
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]


def receive_order(sock: socket.socket) -> tuple[Order, list[int]] | None:
    """Wait for an order and its descriptors; None when the other end is gone."""
    descriptors = array.array("i")
    space = socket.CMSG_SPACE(_DESCRIPTORS * descriptors.itemsize)
    head, told, _flags, _address = sock.recvmsg(_LENGTH_BYTES, space)
    for level, kind, content in told:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            whole = len(content) - len(content) % descriptors.itemsize
            descriptors.frombytes(content[:whole])
    head += _exactly(sock, _LENGTH_BYTES - len(head)) if head else b""
    if not head:
        return None
    return Order(**json.loads(_exactly(sock, int.from_bytes(head, "big")))), list(descriptors)


def _framed(content: bytes) -> bytes:
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


def _exactly(sock: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = sock.recv(min(_READ_BYTES, size - len(content)))
        if not part:
            raise EOFError
        content += part
    return content
