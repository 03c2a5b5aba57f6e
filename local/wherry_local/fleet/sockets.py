"""The Unix sockets that replicas listen on: a file each, in a folder that is the owner's alone."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

_LONGEST_PATH = 103
"""Bytes that every system takes as the address of a Unix socket: macOS 104 with the NUL behind."""

_LONGEST_NAME = 26
_BACKLOG = 1024


class SocketFolder:
    """Makes sockets in `folder`, or in a temporary one where addresses there would be too long."""

    def __init__(self, folder: Path) -> None:
        longest = len(os.fsencode(folder.resolve())) + 1 + _LONGEST_NAME
        self._temporary = longest > _LONGEST_PATH
        self.path = (
            Path(tempfile.mkdtemp(prefix="wherry-")) if self._temporary else folder.resolve()
        )
        self._count = 0
        if not self._temporary:
            self._sweep()

    def listen(self, name: str) -> tuple[socket.socket, Path]:
        """A listening socket and its address; `name` is in it as far as there is room."""
        self._count += 1
        path = self.path / f"{quote(name, safe='')[: _LONGEST_NAME - 12]}-{self._count}.sock"
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            path.unlink(missing_ok=True)
            sock.bind(str(path))
            path.chmod(0o600)
            sock.listen(_BACKLOG)
        except BaseException:
            sock.close()
            raise
        return sock, path

    def close(self) -> None:
        """Nobody listens any more."""
        if self._temporary:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            self._sweep()

    def _sweep(self) -> None:
        """Delete what a platform that was killed has left."""
        for path in self.path.glob("*.sock"):
            with suppress(OSError):
                path.unlink()
