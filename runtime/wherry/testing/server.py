"""A function behind the real server, on a free port of this machine, until a test is done.

This module must not know handlers: the server finds them.
"""

from __future__ import annotations

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from wherry.cloudevents import CloudEvent
from wherry.testing.answer import Answer
from wherry.testing.message import Headers, message_of

_START_S = 30.0
_STOP_S = 40.0


class Running:
    """A function behind the real server, in a process of its own.

    Attributes:
        url: Where it answers, `http://127.0.0.1:PORT`.
        port: Its port.
        process: The server's process.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it has written to standard output and error so far."""
        log = self._log.fileno()
        # The place in the file is the server's, too: to seek would have it write over its lines.
        return os.pread(log, os.fstat(log).st_size, 0).decode("utf-8", "replace")

    @property
    def metrics_url(self) -> str:
        """Where it is scraped, as its log line says."""
        return self.log.split("metrics on ", 1)[1].split(" ", 1)[0]

    def invoke(
        self,
        *,
        method: str | None = None,
        path: str = "/",
        headers: Headers | None = None,
        body: bytes = b"",
        json: Any = None,
        event: CloudEvent | Sequence[CloudEvent] | None = None,
        structured: bool = False,
        timeout_s: float = 30.0,
    ) -> Answer:
        """Send a request and wait for its whole answer; otherwise as `wherry.testing.invoke`.

        Redirects are not followed, and an error of the function is the 500 that a caller gets.

        Raises:
            OSError: Nothing answered in time.
        """
        message = message_of(
            method, headers=headers, body=body, json=json, event=event, structured=structured
        )
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout_s)) as connection:
            connection.putrequest(message.method, path)
            for name, value in message.pairs:
                connection.putheader(name.decode("latin-1"), value)
            if message.body or message.method != "GET":
                connection.putheader("Content-Length", str(len(message.body)))
            connection.endheaders(message.body or None)
            answer = connection.getresponse()
            pairs = [(k.encode(), v.encode("latin-1")) for k, v in answer.getheaders()]
            return Answer(answer.status, pairs, answer.read())

    def terminate(self) -> int:
        """Send SIGTERM and wait for the end; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_S)


@contextmanager
def running(source: str | os.PathLike[str], **environment: str) -> Iterator[Running]:
    """Serve a handler on a free port of 127.0.0.1 until the block ends.

    Args:
        source: The handler, as `WHERRY_HANDLER` takes it.
        environment: More variables, by name.

    Raises:
        RuntimeError: It did not get ready; the message has its log.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    ready, told = os.pipe()
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in the `finally` below
    package_root = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH", "")
    process = subprocess.Popen(
        [sys.executable, "-m", "wherry"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [package_root, inherited])),
            "WHERRY_HANDLER": os.fspath(source),
            "WHERRY_LISTEN_FD": str(listener.fileno()),
            "WHERRY_READY_FD": str(told),
            "WHERRY_METRICS_PORT": "0",
            "WHERRY_LOG_FORMAT": "console",
            **environment,
        },
        pass_fds=[listener.fileno(), told],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    os.close(told)
    function = Running(listener.getsockname()[1], process, log)
    listener.close()
    try:
        readable, _, _ = select.select([ready], [], [], _START_S)
        if not readable or os.read(ready, 1) != b"1":
            process.wait(_STOP_S)
            raise RuntimeError(f"the function did not get ready:\n{function.log}")
        yield function
    finally:
        os.close(ready)
        _end(process)
        log.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group, the workers of a master included."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP_S)
