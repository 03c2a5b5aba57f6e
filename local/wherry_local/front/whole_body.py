"""A request's body that a route wants whole, and no longer than the route allows."""

from __future__ import annotations

from collections.abc import Callable

from wherry.problem import Problem
from wherry.serving.body import BodyInterrupted, BodyStream


class WholeBody(BodyStream):
    """Collects a body as it arrives and tells when it is there, or will never be.

    Args:
        limit_bytes: Longest body.
    """

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(_nothing)
        self._limit_bytes = limit_bytes
        self._chunks: list[bytes] = []
        self._size = 0
        self._problem: Problem | None = None
        self._then: Callable[[bytes | Problem], object] | None = None

    def when_whole(self, then: Callable[[bytes | Problem], object]) -> None:
        """Call `then` once, with the body or with what is wrong with it."""
        self._then = then
        self._tell()

    def _put(self, item: bytes | BodyInterrupted) -> None:
        if self._problem is not None:
            return
        if isinstance(item, BodyInterrupted):
            self._problem = item.problem
        else:
            self._size += len(item)
            if self._size <= self._limit_bytes:
                if item:
                    self._chunks.append(item)
                self._taken(item)
            else:
                self._chunks.clear()
                self._problem = Problem(
                    status=413, detail=f"the body is over {self._limit_bytes} bytes"
                )
        self._tell()

    def _tell(self) -> None:
        if self._then is None or not (self.complete or self._problem is not None):
            return
        then, self._then = self._then, None
        then(self._problem if self._problem is not None else b"".join(self._chunks))


def _nothing() -> None:
    """It takes what comes at once, so nobody is ever held back."""
