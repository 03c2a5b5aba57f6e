"""The route that Prometheus scrapes, where OpenFaaS has it on a port of its own."""

from __future__ import annotations

from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.metrics.meters import CONTENT_TYPE, Meters


def routes(meters: Meters) -> list[Route]:
    """`GET /metrics`, which a scraper asks without a password."""

    async def answer(_asked: Asked) -> Reply:
        return Reply(200, [(b"content-type", CONTENT_TYPE.encode())], meters.exposition())

    return [Route(methods=("GET",), pattern="/metrics", answer=answer, guarded=False)]
