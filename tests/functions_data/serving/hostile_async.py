"""An async function that does on each path what a function should not."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import flask


async def handle(request: flask.Request):
    deed = request.path.strip("/").replace("-", "_")
    return await globals().get(f"do_{deed}", ordinary)(request)


async def ordinary(_request):
    return f"{os.getpid()} 0"


async def do_exit(_request):
    os._exit(9)


async def do_cancel(_request):
    raise asyncio.CancelledError


async def do_generator_exit(_request):
    raise GeneratorExit


async def do_bare(_request):
    raise BaseException("secret 4711")  # noqa: TRY002 - that is the point


async def do_hold(_request):
    """Does not let itself be cancelled."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1)
    return "held"


async def do_fork(request):
    """The child comes back to the event loop as if it were its parent."""
    if os.fork() == 0:
        Path(request.args["note"]).write_text(str(os.getpid()))  # noqa: ASYNC240
    return "forked"


async def do_deaf(_request):
    """Takes the signal to stop away from the server."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return "deaf"
