"""One line of a function's log, and the seam of those who keep and read them. No I/O."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from wherry_local.deployment import FunctionKey


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line.

    Attributes:
        at: Seconds since the epoch.
        function: Who wrote it.
        replica: Which of its replicas.
        text: The line, without its end.
        call_id: The call that it was written in, or empty.
        stream: `stdout`, `stderr`, or `platform` for what the platform itself says of the function.
    """

    at: float
    function: FunctionKey
    replica: str
    text: str
    call_id: str = ""
    stream: str = "stdout"


class Following(Protocol):
    """Lines as they come; an async iterator."""

    def __aiter__(self) -> AsyncIterator[LogLine]:
        """Itself."""
        ...

    async def __anext__(self) -> LogLine:
        """The next line."""
        ...

    async def aclose(self) -> None:
        """No more lines are wanted."""
        ...


class Journal(Protocol):
    """Keeps lines, and gives them back."""

    def append(self, line: LogLine) -> None:
        """Keep a line."""
        ...

    def read(
        self,
        function: FunctionKey | None = None,
        *,
        since: float | None = None,
        tail: int | None = None,
        replica: str = "",
        call_id: str = "",
        containing: str = "",
    ) -> Sequence[LogLine]:
        """The lines that fit, oldest first; of more than `tail` the newest."""
        ...

    def follow(self, function: FunctionKey | None = None) -> Following:
        """Lines from now on, as they come; a reader that is too slow loses the oldest."""
        ...
