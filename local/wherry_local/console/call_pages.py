"""The pages of asynchronous calls: how far each has come, and what it was answered with."""

from __future__ import annotations

from collections.abc import Sequence

from wherry.reply import Reply
from wherry_local.console import content
from wherry_local.console.api import Api
from wherry_local.console.downloads import raw
from wherry_local.console.forms import Forms
from wherry_local.console.listing import STATES, Listing
from wherry_local.console.rendering import Renderer, address, notice, seen_at, segment
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route

MOST = 50


class CallPages:
    """Answers for the pages of asynchronous calls."""

    def __init__(self, api: Api, renderer: Renderer, forms: Forms) -> None:
        self._api = api
        self._renderer = renderer
        self._forms = forms

    def routes(self) -> Sequence[Route]:
        """The routes of the pages."""
        one = "/ui/calls/{id}"
        return (
            Route(methods=("GET",), pattern="/ui/calls", answer=self._all),
            Route(methods=("GET",), pattern=one, answer=self._one),
            Route(methods=("GET",), pattern=f"{one}/body", answer=self._body),
            Route(
                methods=("POST",), pattern=f"{one}/replay", answer=self._replay, takes_forms=True
            ),
            Route(
                methods=("POST",), pattern=f"{one}/cancel", answer=self._cancel, takes_forms=True
            ),
        )

    async def _all(self, asked: Asked) -> Reply:
        listing = Listing.of(asked, "/ui/calls", ("function", "state"))
        page = await self._api.get("/system/calls", listing.query(MOST))
        overview = await self._api.get("/system/overview")
        return await self._renderer.page(
            "calls.html",
            functions=overview["functions"],
            states=STATES,
            notice=notice(asked.arguments()),
            **listing.values(page),
        )

    async def _one(self, asked: Asked) -> Reply:
        call = await self._api.get(f"/async-function/{segment(asked.named['id'])}")
        arguments = {
            "name": call["function"],
            "namespace": call["namespace"],
            "callId": call["id"],
        }
        return await self._renderer.page(
            "call.html",
            call=call,
            lines=await self._api.get("/system/logs", arguments),
            notice=notice(asked.arguments()),
        )

    async def _body(self, asked: Asked) -> Reply:
        call = await self._api.get(f"/async-function/{segment(asked.named['id'])}")
        return raw(content.payload_bytes(call["body"] or {}), "answer")

    async def _replay(self, asked: Asked) -> Reply:
        self._forms.read(asked)
        path = f"/system/calls/{segment(asked.named['id'])}/replay"
        accepted = await self._api.send("POST", path, {})
        return seen_at(address(f"/ui/calls/{segment(accepted['id'])}", did="replayed"))

    async def _cancel(self, asked: Asked) -> Reply:
        self._forms.read(asked)
        call = segment(asked.named["id"])
        await self._api.send("DELETE", f"/async-function/{call}")
        return seen_at(address(f"/ui/calls/{call}", did="cancelled"))
