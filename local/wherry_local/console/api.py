"""The seam between the console and the platform: the admin API as values. No I/O, no HTTP.

Pages ask by the paths of the admin API and get its JSON, so that they show what any other caller of
it would see, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wherry.errors import WherryError


class ApiRefused(WherryError):  # noqa: N818 - named for the answer
    """The admin API, or the function that was called, gave no answer that can be shown.

    Attributes:
        status: Its HTTP status.
        detail: Why, in its own words.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of a function, as a person asked for it.

    Attributes:
        function, namespace: Which function.
        method: Method.
        path: Path behind the function's name, beginning with a slash, encoded.
        query: Query without its `?`.
        headers: Names and values in order, without those of the connection.
        body: The body.
        call_id: What the call, and every line logged in it, is known by.
    """

    function: str
    namespace: str
    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoked:
    """What a function answered, and how long that took."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    took_s: float


class Api(Protocol):
    """The admin API of the platform that the console belongs to."""

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """What a GET of `path` gives: its JSON, or a list of what its NDJSON holds.

        Raises:
            ApiRefused: It answered with 400 or more.
        """
        ...

    async def send(self, method: str, path: str, document: object = None) -> Any:
        """What `method` of `path` with a JSON document gives; None where that is nothing.

        Raises:
            ApiRefused: It answered with 400 or more.
        """
        ...

    async def invoke(self, invocation: Invocation) -> Invoked:
        """Call a function; what it answered, whatever the status.

        Raises:
            ApiRefused: There is no such function, or none answered in time.
        """
        ...
