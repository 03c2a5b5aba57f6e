"""One answer as whoever received the request sends it.

Made from what a handler returned (`wherry.response`) or from a Problem; sent by the server or by
`create_app`. It knows no socket and no framework.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from wherry.problem import Problem

Headers = list[tuple[bytes, bytes]]


class Reply:
    """Status, headers and body, ready to be framed.

    Attributes:
        status: 200 to 599.
        headers: Validated names and values; never `content-length`, `transfer-encoding`,
            `connection`, `date` or `keep-alive`, which belong to the connection.
        body: Bytes, or an iterator of chunks to be sent as they come; an async iterator only
            from an async handler. Whoever sends it calls `close` or `aclose` where it has one.
        length: Length of a streamed body in bytes when it is known beforehand, else None.
    """

    __slots__ = ("body", "headers", "length", "status")

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: bytes | Iterator[bytes] | AsyncIterator[bytes] = b"",
        *,
        length: int | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.length = length

    @classmethod
    def of_problem(cls, problem: Problem, call_id: str | None = None) -> Reply:
        """The answer that carries `problem`."""
        return cls(problem.status, problem.headers(), problem.body(call_id))
