"""The route that Prometheus scrapes, where OpenFaaS has it on a port of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.metrics.events import event_families
from wherry_local.metrics.meters import CONTENT_TYPE, Meters
from wherry_local.queue.contract import Queue


def routes(
    meters: Meters, queue: Queue, brokers: Callable[[], Sequence[Mapping[str, Any]]]
) -> list[Route]:
    """`GET /metrics`, which a scraper asks without a password.

    Args:
        meters: What is counted of functions.
        queue: The queue.
        brokers: Gives the brokers, as `/system/overview` shows them.
    """

    async def answer(_asked: Asked) -> Reply:
        events = event_families(await queue.counts(), brokers())
        return Reply(200, [(b"content-type", CONTENT_TYPE.encode())], meters.exposition(events))

    return [Route(methods=("GET",), pattern="/metrics", answer=answer, guarded=False)]
