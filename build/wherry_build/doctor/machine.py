"""Looks at what a build and a server need of the machine: the cache's folder, and free ports."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from wherry_build.doctor.finding import Finding, State
from wherry_build.image.cache_folder import cache_folder

AREA = "Machine"
PORTS = (8080, 8081)
_LOOPBACK = "127.0.0.1"
_PURPOSES = {8080: "wherry run", 8081: "metrics of wherry run"}
_MANY_BYTES = 10_000_000_000


def look_at_cache() -> Iterator[Finding]:
    """How large the cache is, and whether it can be written to."""
    folder = cache_folder("layers").parent
    refusal = _refusal(folder)
    size = _size_bytes(folder)
    said = f"{folder}, {size / 1e6:.0f} MB"
    if refusal:
        yield Finding(
            area=AREA,
            name="cache",
            state=State.FAULT,
            said=f"{said}: {refusal}",
            purpose="wherry build",
            hint="set WHERRY_CACHE to a folder that can be written to",
        )
        return
    yield Finding(
        area=AREA,
        name="cache",
        state=State.OK,
        said=said,
        purpose="wherry build",
        hint=f"rm -r {folder} frees it; the next build fills it again"
        if size > _MANY_BYTES
        else "",
    )


def look_at_ports(ports: Sequence[int] = PORTS) -> Iterator[Finding]:
    """Which of the ports that are taken by default are free."""
    for port in ports:
        refusal = _port_refusal(port)
        yield Finding(
            area=AREA,
            name=f"port {port}",
            state=State.ABSENT if refusal else State.OK,
            said=refusal or "free",
            purpose=_PURPOSES.get(port, ""),
            hint="wherry run --port 0 takes a free one" if refusal else "",
        )


def _refusal(folder: Path) -> str:
    """Why nothing can be written below `folder`; what is not there yet is not made."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return f"{there}: {error.strerror}"


def _size_bytes(folder: Path) -> int:
    total = 0
    for parent, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):  # it went meanwhile
                total += (Path(parent) / file).lstat().st_size
    return total


def _port_refusal(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((_LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "in use"
            return error.strerror or str(error)
    return ""
