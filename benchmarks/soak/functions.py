"""The functions that are served during the run: one of each kind, in one module and one process.

They know nothing of the load; what they answer is written down once more in `requests.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Request

from wherry import CloudEvent, Context, cloud_event, http

CHUNKS = 32
CHUNK = b"x" * 1024
_LINES_EACH = 8  # calls of `blocking` between two that print


@dataclass(frozen=True, kw_only=True)
class Order:
    """What `typed` takes."""

    id: int
    items: list[str]


@http(path="/text")
def text(request: Request) -> str:
    return f"hello {request.args.get('name', 'world')}"


@http(path="/typed")
def typed(order: Order) -> dict[str, int]:
    return {"id": order.id, "count": len(order.items)}


@cloud_event(type="com.example.soak")
def echo(event: CloudEvent) -> CloudEvent:
    return event


@http(path="/stream")
def stream() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@http(path="/async")
async def later() -> str:
    await asyncio.sleep(0.005)
    return "later"


@http(path="/fails")
def fails(request: Request) -> str:
    raise LookupError(f"no order {request.args['id']}")


@http(path="/blocking")
def blocking(request: Request, context: Context) -> str:
    """Waits as for a database, and says so now and then, by both ways there are."""
    wait_ms = int(request.args["ms"])
    if wait_ms % _LINES_EACH == 0:
        print(f"waiting for {wait_ms} ms")
        context.logger.info("waiting")
    time.sleep(wait_ms / 1000)
    return "waited"


@http(path="/body")
def body(body: bytes) -> bytes:
    return body
