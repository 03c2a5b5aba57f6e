"""Count aloud: server-sent events that reach the caller as they are made."""

import asyncio
from collections.abc import AsyncIterator

from flask import Request

from wherry import sse

MOST = 100
LONGEST_S = 10.0


async def handle(request: Request) -> tuple[AsyncIterator[str], dict[str, str]]:
    """Count to `?to=`, three unless told, one number every `?every=` seconds."""
    last = min(MOST, request.args.get("to", 3, type=int))
    pause_s = max(0.0, min(LONGEST_S, request.args.get("every", 0.2, type=float)))
    return count(last, pause_s), {"Content-Type": "text/event-stream"}


async def count(last: int, pause_s: float) -> AsyncIterator[str]:
    """Yield one event a number; a caller who hangs up cancels this where it waits."""
    for number in range(1, last + 1):
        if number > 1:
            await asyncio.sleep(pause_s)
        yield sse({"count": number}, event="tick", id=str(number))
    yield sse("done", event="end")
