"""FUNCTION_NAME: answers piece by piece, each sent as soon as it is made."""

import asyncio
from collections.abc import AsyncIterator

from flask import Request

from wherry import sse

MOST = 100


async def handle(request: Request) -> AsyncIterator[str]:
    """Count to `?to=`, three unless told, as server-sent events."""
    for number in range(1, min(request.args.get("to", 3, type=int), MOST) + 1):
        yield sse({"count": number}, id=str(number))
        await asyncio.sleep(0.01)
