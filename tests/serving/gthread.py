"""gunicorn's own gthread worker, at its defaults, as the judge of what may be accepted."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gunicorn.http.errors import ParseException


def application(environ, start_response):
    """Read the whole body, as every function does, and say so."""
    try:
        while environ["wsgi.input"].read(65536):
            continue
    except (
        OSError,
        ParseException,
    ):  # gunicorn finds faults of chunks and trailers while they are read
        start_response("400 Bad Request", [("Content-Length", "0"), ("Connection", "close")])
        return [b""]
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@contextmanager
def gthread() -> Iterator[int]:
    """The port of a running gunicorn; what comes before it listens waits in the backlog."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        descriptor = listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "8"]
        command += [
            "--bind",
            f"fd://{descriptor}",
            "--no-control-socket",
            "--log-level",
            "critical",
        ]
        process = subprocess.Popen(
            [*command, f"{Path(__file__).stem}:application"],
            cwd=Path(__file__).parent,
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
        )
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(40)
