"""The console as routes of a door, and the page for what is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from wherry.errors import RequestRefused
from wherry.problem import Problem, phrase
from wherry.reply import Reply
from wherry_local.console import static_files
from wherry_local.console.api import Api, ApiRefused
from wherry_local.console.call_pages import CallPages
from wherry_local.console.dead_letter_pages import DeadLetterPages
from wherry_local.console.event_pages import EventPages
from wherry_local.console.forms import Forms
from wherry_local.console.function_pages import FunctionPages
from wherry_local.console.log_page import LogPage
from wherry_local.console.rendering import Renderer, moved_to
from wherry_local.console.route_page import RoutePage
from wherry_local.front.asked import Asked
from wherry_local.front.route import Answer, Route


def routes(api: Api) -> Sequence[Route]:
    """The console of the platform whose admin API is `api`."""
    forms = Forms()
    renderer = Renderer(forms.token)
    pages = (
        *FunctionPages(api, renderer, forms).routes(),
        *EventPages(api, renderer, forms).routes(),
        *DeadLetterPages(api, renderer, forms).routes(),
        *CallPages(api, renderer, forms).routes(),
        *LogPage(api, renderer).routes(),
        *RoutePage(api, renderer).routes(),
        Route(methods=("GET",), pattern="/ui/static/{name}", answer=static_files.answer),
        Route(methods=("GET",), pattern="/ui/{rest...}", answer=_nothing),
    )
    return (
        Route(methods=("GET",), pattern="/", answer=_to_console, guarded=False),
        Route(methods=("GET",), pattern="/ui", answer=_to_console, guarded=False),
        *(dataclasses.replace(each, answer=_explained(each.answer, renderer)) for each in pages),
    )


async def _to_console(asked: Asked) -> Reply:  # noqa: ARG001 - wherever it was
    return moved_to("/ui/")


async def _nothing(asked: Asked) -> Reply:  # noqa: ARG001 - whatever it was
    raise RequestRefused(Problem(status=404, detail="the console has no such page"))


def _explained(answer: Answer, renderer: Renderer) -> Answer:
    """An answer whose refusals are pages, with the way back."""

    async def explained(asked: Asked) -> Reply:
        try:
            return await answer(asked)
        except ApiRefused as refused:
            status, detail = refused.status, refused.detail
        except RequestRefused as refused:
            status, detail = refused.problem.status, refused.problem.detail
        return await renderer.page(
            "refused.html",
            status=status,
            title=phrase(status),
            code=status,
            detail=detail or phrase(status),
        )

    return explained
