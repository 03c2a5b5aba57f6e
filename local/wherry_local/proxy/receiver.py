"""The seam between a connection to a replica and who asks on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wherry_local.proxy.response_head import ResponseHead


class Receiver(Protocol):
    """Who has asked."""

    def on_answer(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """The head of the answer, and what has come of its body; `complete` where that is all."""
        ...

    def on_body(self, body: bytes, *, complete: bool) -> None:
        """More of the body."""
        ...

    def on_broken(self) -> None:
        """There will be no (more of the) answer; the connection is closed."""
        ...

    def on_room(self) -> None:
        """What was to be sent has been taken; there is room for more."""
        ...
