"""One request to a route of the platform, as its handler sees it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from wherry.cloudevents.content import media_type
from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry_local.front.fields import first_value


class Asked(NamedTuple):
    """A request.

    Attributes:
        method: Its method.
        path: Its path, percent-encoding as sent.
        query: Its query, as sent, without the `?`.
        headers: Names as sent, values without surrounding blanks, in order.
        body: The whole body.
        peer: Address of the other end.
        call_id: What it is known by.
        named: What stands at the named places of the route's pattern, decoded.
    """

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    peer: str = ""
    call_id: str = ""
    named: Mapping[str, str] = MappingProxyType({})

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; None where there is none."""
        return first_value(self.headers, name)

    @property
    def media_type(self) -> str:
        """What the body is said to be, in lower case and without parameters; else empty."""
        return media_type(self.header("content-type") or "")

    def arguments(self) -> dict[str, str]:
        """The query's arguments; of one that is repeated the last.

        Raises:
            RequestRefused: There are more than 100.
        """
        try:
            return dict(parse_qsl(self.query, keep_blank_values=True, max_num_fields=100))
        except ValueError:
            raise RequestRefused(Problem(status=400, detail="too many arguments")) from None

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            RequestRefused: It is none.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise RequestRefused(Problem(status=400, detail="the body is no JSON")) from None
