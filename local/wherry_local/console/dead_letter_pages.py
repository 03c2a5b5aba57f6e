"""The pages of dead letters: what was given up and why, to be edited, tried again or discarded."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.console import content
from wherry_local.console.api import Api
from wherry_local.console.forms import LIMIT_BYTES, Form, FormFault, Forms, pairs
from wherry_local.console.listing import Listing
from wherry_local.console.rendering import Renderer, address, notice, seen_at, segment
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route

MOST = 50


class DeadLetterPages:
    """Answers for the pages of dead letters."""

    def __init__(self, api: Api, renderer: Renderer, forms: Forms) -> None:
        self._api = api
        self._renderer = renderer
        self._forms = forms

    def routes(self) -> Sequence[Route]:
        """The routes of the pages."""
        one = "/ui/events/{key}/dead-letters/{number}"
        return (
            Route(methods=("GET",), pattern="/ui/dead-letters", answer=self._all),
            Route(methods=("GET",), pattern=one, answer=self._page),
            Route(
                methods=("POST",),
                pattern=f"{one}/replay",
                answer=self._replay,
                limit_bytes=LIMIT_BYTES,
                takes_forms=True,
            ),
            Route(
                methods=("POST",), pattern=f"{one}/discard", answer=self._discard, takes_forms=True
            ),
        )

    async def _all(self, asked: Asked) -> Reply:
        listing = Listing.of(asked, "/ui/dead-letters", ("trigger",))
        page = await self._api.get("/system/dead-letters", listing.query(MOST))
        return await self._renderer.page(
            "dead_letters.html",
            triggers=await self._api.get("/system/triggers"),
            notice=notice(asked.arguments()),
            **listing.values(page),
        )

    async def _page(
        self, asked: Asked, *, form: Form | None = None, fault: str = "", status: int = 200
    ) -> Reply:
        event, delivery = await self._found(asked)
        data = content.shown_payload(event["data"])
        return await self._renderer.page(
            "dead_letter.html",
            status=status,
            event=event,
            delivery=delivery,
            data=data,
            attributes=form.lines("event-attributes") if form else _lines(event["attributes"]),
            body=form.lines("body") if form and "body" in form.fields else _editable(event),
            fault=fault,
        )

    async def _replay(self, asked: Asked) -> Reply:
        form = self._forms.read(asked)
        event, delivery = await self._found(asked)
        try:
            document = _edits(form, event)
        except FormFault as fault:
            return await self._page(asked, form=form, fault=str(fault), status=400)
        path = f"/system/dead-letters/{segment(delivery['number'])}/replay"
        accepted = await self._api.send("POST", path, document)
        return seen_at(address(f"/ui/events/{segment(accepted['key'])}", did="replayed"))

    async def _discard(self, asked: Asked) -> Reply:
        self._forms.read(asked)
        path = f"/system/dead-letters/{segment(asked.named['number'])}"
        await self._api.send("DELETE", path)
        return seen_at(address("/ui/dead-letters", did="discarded"))

    async def _found(self, asked: Asked) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        event = await self._api.get(f"/system/events/{segment(asked.named['key'])}")
        for delivery in event["deliveries"]:
            if str(delivery["number"]) == asked.named["number"] and delivery["state"] == "dead":
                return event, delivery
        raise RequestRefused(
            Problem(status=404, detail="this dead letter was replayed or discarded before")
        )


def _edits(form: Form, event: Mapping[str, Any]) -> dict[str, Any]:
    """What of the event is to be another; what was left as it is travels as it came."""
    document: dict[str, Any] = {}
    typed = form.lines("event-attributes")
    if "event-attributes" in form.fields and typed.strip() != _lines(event["attributes"]).strip():
        document["attributes"] = dict(pairs(typed, what="attributes"))
    body, was = form.lines("body"), _editable(event)
    # Browsers write each end of a line in their own way; that alone is no edit.
    if "body" in form.fields and was is not None and body != was.replace("\r\n", "\n"):
        document["dataBase64"] = base64.b64encode(body.encode()).decode("ascii")
    return document


def _editable(event: Mapping[str, Any]) -> str | None:
    """The data as text that can be edited; None where it is none, or not all of it is here."""
    payload = event["data"] or {}
    if payload.get("truncated"):
        return None
    text = content.payload_bytes(payload)
    try:
        found = text.decode()
    except UnicodeDecodeError:
        return None
    typed = found.replace("\r\n", "\n")
    return found if content.printable(typed) == typed else None


def _lines(attributes: Mapping[str, Any]) -> str:
    """Attributes as lines of `name: value`."""
    return "".join(f"{name}: {_text(value)}\n" for name, value in attributes.items())


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
