"""The pages of functions: all of them, one of them, and what it answers to a call made here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from wherry.call_ids import CallIds
from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.console import content, invocations, lineage
from wherry_local.console.answers import Answered, Answers
from wherry_local.console.api import Api, ApiRefused, Invocation
from wherry_local.console.downloads import raw
from wherry_local.console.forms import LIMIT_BYTES, Form, FormFault, Forms
from wherry_local.console.rendering import Renderer, address, seen_at, segment
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route

_LINES = 100
_EXAMPLE_FIELDS = ("type", "source", "subject")


class FunctionPages:
    """Answers for the pages of functions."""

    def __init__(self, api: Api, renderer: Renderer, forms: Forms) -> None:
        self._api = api
        self._renderer = renderer
        self._forms = forms
        self._answers = Answers()
        self._call_ids = CallIds()

    def routes(self) -> Sequence[Route]:
        """The routes of the pages."""
        one = "/ui/functions/{namespace}/{name}"
        return (
            Route(methods=("GET",), pattern="/ui/", answer=self._all),
            Route(methods=("GET",), pattern=one, answer=self._one),
            Route(
                methods=("POST",),
                pattern=f"{one}/invoke",
                answer=self._invoke,
                limit_bytes=LIMIT_BYTES,
                takes_forms=True,
            ),
            Route(methods=("GET",), pattern="/ui/answers/{call}", answer=self._answer_body),
        )

    async def _all(self, asked: Asked) -> Reply:  # noqa: ARG002 - it has no arguments
        overview = await self._api.get("/system/overview")
        return await self._renderer.page("functions.html", overview=overview)

    async def _one(self, asked: Asked) -> Reply:
        call_id = asked.arguments().get("answer", "")
        kept = self._answers.find(call_id)
        return await self._page(asked, kept=kept, is_gone=bool(call_id) and kept is None)

    async def _invoke(self, asked: Asked) -> Reply:
        form = self._forms.read(asked)
        name, namespace = asked.named["name"], asked.named["namespace"]
        call_id = self._call_ids.take()
        try:
            made = invocations.invocation(form, function=name, namespace=namespace, call_id=call_id)
        except FormFault as fault:
            return await self._page(asked, form=form, fault=str(fault), status=400)
        if form.text("do") == "curl":
            return await self._page(asked, form=form, shown=made)
        self._answers.keep(await self._answered(form, made))
        page = f"/ui/functions/{segment(namespace)}/{segment(name)}"
        return seen_at(f"{address(page, answer=call_id)}#answer")

    async def _answered(self, form: Form, made: Invocation) -> Answered:
        at, invoked, fault = time.time(), None, ""
        try:
            invoked = await self._api.invoke(made)
        except ApiRefused as refused:
            fault = f"{refused.status}: {refused.detail}"
        fields = {name: text for name, text in form.fields.items() if name != "token"}
        return Answered(fields=fields, invocation=made, invoked=invoked, fault=fault, at=at)

    async def _answer_body(self, asked: Asked) -> Reply:
        kept = self._answers.find(asked.named["call"])
        if kept is None or kept.invoked is None:
            raise RequestRefused(Problem(status=404, detail="this answer is not kept any more"))
        return raw(kept.invoked.body, "answer")

    async def _page(
        self,
        asked: Asked,
        *,
        kept: Answered | None = None,
        is_gone: bool = False,
        form: Form | None = None,
        shown: Invocation | None = None,
        fault: str = "",
        status: int = 200,
    ) -> Reply:
        name, namespace = asked.named["name"], asked.named["namespace"]
        overview = await self._api.get("/system/overview")
        row = _row(overview, name, namespace)
        detail = await self._api.get(f"/system/function/{segment(name)}", {"namespace": namespace})
        triggers = [
            each
            for each in await self._api.get("/system/triggers")
            if each["function"] in (name, f"{name}.{namespace}")
        ]
        routes = [
            each for each in await self._api.get("/system/routes") if each["function"] == name
        ]
        logs = {"name": name, "namespace": namespace, "tail": str(_LINES)}
        call = kept.invocation if kept else shown
        sent = form.fields if form else kept.fields if kept else None
        return await self._renderer.page(
            "function.html",
            status=status,
            row=row,
            detail=detail,
            triggers=triggers,
            routes=routes,
            lines=await self._api.get("/system/logs", logs),
            kept=kept,
            kept_body=content.shown(kept.invoked.body) if kept and kept.invoked else None,
            kept_lines=await self._lines_of(kept) if kept else [],
            is_gone=is_gone,
            fields=invocations.example(None, sent) if sent else await self._example(triggers),
            methods=invocations.METHODS,
            curl=invocations.as_curl(call, row["url"]) if call else "",
            is_curl=shown is not None,
            fault=fault,
        )

    async def _lines_of(self, kept: Answered) -> Sequence[Mapping[str, Any]]:
        made = kept.invocation
        arguments = {"name": made.function, "namespace": made.namespace, "callId": made.call_id}
        found: Sequence[Mapping[str, Any]] = await self._api.get("/system/logs", arguments)
        return found

    async def _example(self, triggers: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
        """Fields to begin with: the last event that a trigger had for the function, if any."""
        if not triggers:
            return invocations.example(None, None)
        arguments = {"trigger": triggers[0]["name"], "limit": "1"}
        page = await self._api.get("/system/events", arguments)
        event = (
            await lineage.event_of(self._api, page["events"][0]["key"]) if page["events"] else None
        )
        if event is None:
            return invocations.example(triggers[0], None)
        latest = {f"event-{each}": event["attributes"].get(each) or "" for each in _EXAMPLE_FIELDS}
        body = content.shown_payload(event["data"])
        if body.form in ("json", "text") and not body.is_cut:
            latest["body"] = body.text
        return invocations.example(triggers[0], latest)


def _row(overview: Mapping[str, Any], name: str, namespace: str) -> Mapping[str, Any]:
    found: Mapping[str, Any]
    for found in overview["functions"]:
        if (found["name"], found["namespace"]) == (name, namespace):
            return found
    raise RequestRefused(
        Problem(status=404, detail=f"there is no function {name} in the namespace {namespace}")
    )
