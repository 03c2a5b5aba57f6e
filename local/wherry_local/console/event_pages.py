"""The pages of events: their flow, one with all that is known of it, and a form to emit one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from wherry.reply import Reply
from wherry_local.console import content, event_fields, invocations, lineage
from wherry_local.console.api import Api
from wherry_local.console.downloads import raw
from wherry_local.console.explanations import Explanations
from wherry_local.console.forms import LIMIT_BYTES, Form, FormFault, Forms
from wherry_local.console.listing import STATES, Listing
from wherry_local.console.rendering import Renderer, address, notice, seen_at, segment
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route

MOST = 25


class EventPages:
    """Answers for the pages of events."""

    def __init__(self, api: Api, renderer: Renderer, forms: Forms) -> None:
        self._api = api
        self._renderer = renderer
        self._forms = forms
        self._explanations = Explanations(api)

    def routes(self) -> Sequence[Route]:
        """The routes of the pages."""
        one = "/ui/events/{key}"
        return (
            Route(
                methods=("GET", "POST"),
                pattern="/ui/events",
                answer=self._all,
                limit_bytes=LIMIT_BYTES,
                takes_forms=True,
            ),
            Route(methods=("GET",), pattern=one, answer=self._one),
            Route(methods=("GET",), pattern=f"{one}/data", answer=self._data),
            Route(
                methods=("POST",), pattern=f"{one}/replay", answer=self._replay, takes_forms=True
            ),
        )

    async def _all(self, asked: Asked) -> Reply:
        return await (self._emit if asked.method == "POST" else self._page)(asked)

    async def _page(
        self, asked: Asked, *, form: Form | None = None, fault: str = "", status: int = 200
    ) -> Reply:
        listing = Listing.of(asked, "/ui/events", ("type", "source", "state", "trigger"))
        page, triggers, overview = await asyncio.gather(
            self._api.get("/system/events", listing.query(MOST)),
            self._api.get("/system/triggers"),
            self._api.get("/system/overview"),
        )
        first = triggers[0] if triggers else None
        return await self._renderer.page(
            "events.html",
            status=status,
            explanations=await self._explanations.of(page["events"]),
            triggers=triggers,
            brokers=overview["brokers"],
            states=STATES,
            fields=invocations.example(first, dict(form.fields) if form else None)
            | {"broker": form.text("broker") if form else ""},
            fault=fault,
            **listing.values(page),
        )

    async def _one(self, asked: Asked) -> Reply:
        event = await self._api.get(f"/system/events/{segment(asked.named['key'])}")
        before, after = await asyncio.gather(
            lineage.before(self._api, event), lineage.after(self._api, event)
        )
        by_trigger = {each["trigger"]: each for each in event["deliveries"]}
        judged = {each["trigger"] for each in event["triggers"]}
        return await self._renderer.page(
            "event.html",
            event=event,
            before=before,
            after=after,
            by_trigger=by_trigger,
            others=[each for each in event["deliveries"] if each["trigger"] not in judged],
            notice=notice(asked.arguments()),
        )

    async def _data(self, asked: Asked) -> Reply:
        path = f"/system/events/{segment(asked.named['key'])}"
        event = await self._api.get(path, {"data": "all"})
        return raw(content.payload_bytes(event["data"] or {}), "event-data")

    async def _emit(self, asked: Asked) -> Reply:
        form = self._forms.read(asked)
        try:
            event = event_fields.event_of(form)
        except FormFault as fault:
            return await self._page(asked, form=form, fault=str(fault), status=400)
        document = event_fields.emission(event, form.text("broker"))
        accepted = await self._api.send("POST", "/system/events", document)
        return seen_at(address(f"/ui/events/{segment(accepted['key'])}", did="emitted"))

    async def _replay(self, asked: Asked) -> Reply:
        form = self._forms.read(asked)
        trigger = form.text("trigger")
        path = f"/system/events/{segment(asked.named['key'])}/replay"
        accepted = await self._api.send("POST", path, {"trigger": trigger} if trigger else {})
        return seen_at(address(f"/ui/events/{segment(accepted['key'])}", did="replayed"))
