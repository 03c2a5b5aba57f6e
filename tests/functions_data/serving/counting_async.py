"""Takes the body as an async stream and counts it."""

from collections.abc import AsyncIterator


async def handle(body: AsyncIterator[bytes]) -> str:
    total = 0
    async for chunk in body:
        total += len(chunk)
    return str(total)
