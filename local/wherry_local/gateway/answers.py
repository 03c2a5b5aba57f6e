"""Answers of the gateway's API, and how a refusal becomes one.

OpenFaaS's own routes answer with plain text, which its clients print; the routes that are ours
answer with problem details. It knows no route.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

import orjson

from wherry.errors import RequestRefused, WherryError
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Answer

NDJSON = b"application/x-ndjson"


class Refused(WherryError):  # noqa: N818 - it is an answer as much as an error
    """The caller asked for what cannot be; `message` is for it to read.

    Attributes:
        status: 400 to 499, 507 where nothing can be stored, 508 for a call that loops.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def text(status: int, body: str = "") -> Reply:
    """An answer of one line of text, or of none."""
    if not body:
        return Reply(status, [])
    return Reply(status, [(b"content-type", b"text/plain; charset=utf-8")], f"{body}\n".encode())


def document(status: int, value: object) -> Reply:
    """An answer in JSON."""
    return Reply(status, [(b"content-type", b"application/json")], orjson.dumps(value))


def in_text(answer: Answer) -> Answer:
    """`answer`, its refusals as OpenFaaS words them: the status and a text."""

    @wraps(answer)
    async def answered(asked: Asked) -> Reply:
        try:
            return await answer(asked)
        except Refused as refused:
            return text(refused.status, refused.message)
        except RequestRefused as refused:
            return text(refused.problem.status, refused.problem.detail)

    return answered


def in_problems(answer: Answer) -> Answer:
    """`answer`, its refusals as problem details."""

    @wraps(answer)
    async def answered(asked: Asked) -> Reply:
        try:
            return await answer(asked)
        except Refused as refused:
            problem = Problem(status=refused.status, detail=refused.message)
            raise RequestRefused(problem) from None

    return answered


def object_of(asked: Asked) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        RequestRefused: The body is no JSON.
        Refused: It is no object.
    """
    said = asked.json()
    if not isinstance(said, dict):
        raise Refused(400, "the body: expected a JSON object")
    return said


def number_in(arguments: dict[str, str], name: str, default: int, *, most: int) -> int:
    """A whole number of the query, `default` where it is not said.

    Raises:
        Refused: It is none from 0 to `most`.
    """
    said = arguments.get(name, "")
    if not said:
        return default
    is_number = said.isascii() and said.isdigit() and len(said) <= len(str(most))
    if not is_number or int(said) > most:
        raise Refused(400, f"{name}: got {said[:40]!a}, expected a number from 0 to {most}")
    return int(said)
