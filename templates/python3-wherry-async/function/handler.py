"""FUNCTION_NAME: waits for several things at once."""

import asyncio

from flask import Request


async def handle(request: Request) -> dict[str, list[str]]:
    """Greet everybody that `?name=` names, all at the same time.

    While it waits the server answers other calls; at its deadline it is cancelled where it waits.
    """
    names = request.args.getlist("name") or ["world"]
    return {"hello": await asyncio.gather(*(fetched(name) for name in names))}


async def fetched(name: str) -> str:
    """Stands for a call to another service, which takes its time."""
    await asyncio.sleep(0.05)
    return name.title()
