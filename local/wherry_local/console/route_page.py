"""The page of routes: what of the project is reached where, and what feeds what."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from wherry.reply import Reply
from wherry_local.console.api import Api
from wherry_local.console.rendering import Renderer
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route


class RoutePage:
    """Answers for the page of routes."""

    def __init__(self, api: Api, renderer: Renderer) -> None:
        self._api = api
        self._renderer = renderer

    def routes(self) -> Sequence[Route]:
        """The route of the page."""
        return (Route(methods=("GET",), pattern="/ui/routes", answer=self._all),)

    async def _all(self, asked: Asked) -> Reply:  # noqa: ARG002 - it has no arguments
        overview, routes, triggers = await asyncio.gather(
            self._api.get("/system/overview"),
            self._api.get("/system/routes"),
            self._api.get("/system/triggers"),
        )
        spaces = {each["name"]: each["namespace"] for each in reversed(overview["functions"])}
        return await self._renderer.page(
            "routes.html",
            functions=overview["functions"],
            brokers=overview["brokers"],
            routes=routes,
            triggers=triggers,
            spaces=spaces,
        )
