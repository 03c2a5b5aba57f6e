"""The page of logs: the lines of all functions or of some, searched, and followed as they come."""

from __future__ import annotations

from collections.abc import Sequence

from wherry.reply import Reply
from wherry_local.console.api import Api
from wherry_local.console.rendering import Renderer, address
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route

TAILS = ("100", "200", "500", "1000")
_USUAL = "200"


class LogPage:
    """Answers for the page of logs."""

    def __init__(self, api: Api, renderer: Renderer) -> None:
        self._api = api
        self._renderer = renderer

    def routes(self) -> Sequence[Route]:
        """The route of the page."""
        return (Route(methods=("GET",), pattern="/ui/logs", answer=self._all),)

    async def _all(self, asked: Asked) -> Reply:
        arguments = asked.arguments()
        # A function is chosen by both of its names, as in `hello.openfaas-fn`.
        name, _, namespace = arguments.get("function", "").strip().rpartition(".")
        tail = arguments.get("tail", _USUAL)
        chosen = {
            "function": f"{name}.{namespace}" if name else "",
            "instance": arguments.get("instance", "").strip(),
            "callId": arguments.get("callId", "").strip(),
            "contains": arguments.get("text", "").strip(),
            "tail": tail if tail in TAILS else _USUAL,
        }
        query = {each: text for each, text in chosen.items() if text and each != "function"}
        where = {"name": name, "namespace": namespace} if name else {}
        overview = await self._api.get("/system/overview")
        return await self._renderer.page(
            "logs.html",
            lines=await self._api.get("/system/logs", query | where),
            functions=overview["functions"],
            chosen=chosen,
            tails=TAILS,
            is_filtered=bool(where or query.keys() - {"tail"}),
            follow=address("/system/logs", follow="true", tail="1", **where),
        )
