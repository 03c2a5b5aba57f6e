"""`GET /system/logs`: what functions wrote, a JSON object a line, and on request what they write.

OpenFaaS's arguments are `name`, `namespace`, `instance`, `since`, `tail` and `follow`; ours beside
them are `callId` and `contains`. An answer that follows ends with its caller, or after a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timezone

import orjson

from wherry.cloudevents.timestamps import moment_of
from wherry.reply import Reply
from wherry_local.deployment import FunctionKey
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway import names
from wherry_local.gateway.answers import NDJSON, Refused, in_text
from wherry_local.gateway.deployments import Deployments
from wherry_local.gateway.function_routes import namespace_of
from wherry_local.journal.line import Journal, LogLine

FOLLOW_S = 3600.0
"""How long an answer follows; who wants more asks again."""
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"", "0", "f", "F", "false", "FALSE", "False"})
_LIMIT_TEXT = 1_000
_LINES_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines a caller wants.

    Attributes:
        name: Of which function; empty for all.
        namespace: Of which namespace, as it was said.
        instance: Of which replica; empty for all.
        since: Seconds since the epoch, or None.
        tail: How many of the newest, or None for all.
        follow: Whether those that come are wanted as well.
        call_id: Of which call; empty for all.
        containing: What they contain.
    """

    name: str = ""
    namespace: str = ""
    instance: str = ""
    since: float | None = None
    tail: int | None = None
    follow: bool = False
    call_id: str = ""
    containing: str = ""

    def fits(self, line: LogLine) -> bool:
        """Whether `line` is one of them, but for its function and age."""
        return (
            (not self.instance or line.replica == self.instance)
            and (not self.call_id or line.call_id == self.call_id)
            and (not self.containing or self.containing in line.text)
        )


def read_query(asked: Asked) -> LogQuery:
    """Read what a caller wants.

    Raises:
        Refused: An argument is not as it must be (422).
    """
    said = asked.arguments()
    name = said.get("name", "")
    try:
        return LogQuery(
            name=names.function_name(name, where="name") if name else "",
            namespace=namespace_of(asked, {}),
            instance=_text(said, "instance"),
            since=_since(said.get("since", "")),
            tail=_tail(said.get("tail", "")),
            follow=_truth(said.get("follow", "")),
            call_id=_text(said, "callId"),
            containing=_text(said, "contains"),
        )
    except Refused as refused:
        raise Refused(422, refused.message) from None


class LogRoutes:
    """The logs of one platform.

    Args:
        journal: Who has the lines.
        deployments: Which functions there are.
        follow_s: How long an answer follows.
    """

    def __init__(
        self, journal: Journal, deployments: Deployments, *, follow_s: float = FOLLOW_S
    ) -> None:
        self._journal = journal
        self._deployments = deployments
        self._follow_s = follow_s

    def routes(self) -> list[Route]:
        """The route."""
        return [Route(methods=("GET",), pattern="/system/logs", answer=in_text(self._answer))]

    async def _answer(self, asked: Asked) -> Reply:
        query = read_query(asked)
        function = None
        if query.name:
            function = self._deployments.locate(query.name, query.namespace)
        headers = [(b"content-type", NDJSON), (b"cache-control", b"no-store")]
        if query.follow:
            return Reply(200, headers, self._follow(query, function))
        lines = self._kept(query, function)
        return Reply(200, headers, b"".join(map(_written, lines)))

    def _kept(self, query: LogQuery, function: FunctionKey | None) -> list[LogLine]:
        found = self._journal.read(
            function,
            since=query.since,
            tail=query.tail,
            replica=query.instance,
            call_id=query.call_id,
            containing=query.containing,
        )
        return list(found)

    async def _follow(self, query: LogQuery, function: FunctionKey | None) -> AsyncIterator[bytes]:
        # Following begins before the kept lines are read, on one turn of the loop: no line is lost
        # between the two, and none comes twice.
        followed = self._journal.follow(function)
        kept = self._kept(query, function)
        until = asyncio.get_running_loop().time() + self._follow_s
        async with aclosing(followed):
            for at in range(0, len(kept), _LINES_AT_ONCE):
                yield b"".join(map(_written, kept[at : at + _LINES_AT_ONCE]))
            while (left_s := until - asyncio.get_running_loop().time()) > 0:
                try:
                    line = await asyncio.wait_for(anext(followed), left_s)
                except (StopAsyncIteration, TimeoutError, asyncio.TimeoutError):
                    return
                if query.fits(line):
                    yield _written(line)


def _written(line: LogLine) -> bytes:
    at = datetime.fromtimestamp(line.at, tz=timezone.utc).isoformat(timespec="microseconds")
    document = {
        "name": line.function.name,
        "namespace": line.function.namespace,
        "instance": line.replica,
        "timestamp": at.replace("+00:00", "Z"),
        "text": line.text,
        "stream": line.stream,
    }
    if line.call_id:
        document["callId"] = line.call_id
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _text(said: dict[str, str], name: str) -> str:
    text = said.get(name, "")
    if len(text) > _LIMIT_TEXT:
        raise Refused(422, f"{name}: expected at most {_LIMIT_TEXT} characters")
    return text


def _truth(text: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise Refused(422, f"follow: got {text[:40]!a}, expected true or false")
    return text in _TRUE


def _tail(text: str) -> int | None:
    """How many lines; 0 and less are all, as faas-cli says it."""
    digits = text.removeprefix("-")
    if not text:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Refused(422, f"tail: got {text[:40]!a}, expected a number")
    return int(text) if int(text) > 0 else None


def _since(text: str) -> float | None:
    if not text:
        return None
    try:
        # A `+` of the zone is a blank in a query that is not encoded with care.
        return moment_of(text.replace(" ", "+")).timestamp()
    except ValueError:
        wanted = "a time such as 2026-11-23T12:00:00Z"
        raise Refused(422, f"since: got {text[:40]!a}, expected {wanted}") from None
