"""The seam of the queue: who stores what was accepted, and who delivers it.

`wherry_local.queue.sqlite` is the one that every platform has; another passes the same tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from wherry.errors import WherryError
from wherry_local.queue.delivery import (
    Accepted,
    Attempt,
    Delivery,
    Kind,
    Lane,
    Leased,
    Message,
    Settlement,
    State,
)


class QueueFull(WherryError):  # noqa: N818 - named for the state
    """One more would be too many, too large or too old; nothing was stored. The caller gets 429."""


class KeyTaken(WherryError):  # noqa: N818
    """There is a message with this key already; nothing was stored. The caller gets 409."""


class StorageFailed(WherryError):  # noqa: N818
    """It could not be stored, as on a full disk; nothing was. The caller gets 507."""


Room = Callable[[Lane], int]
"""How many more deliveries a lane may be given now."""


class Queue(Protocol):
    """Stores messages and their deliveries. Every method is called on the event loop."""

    async def accept(self, accepted: Accepted) -> None:
        """Store a message with its deliveries; it is safe when this returns.

        Raises:
            QueueFull: It is beyond a bound.
            KeyTaken: There is one with its key.
            StorageFailed: It cannot be stored.
        """
        ...

    async def lease(
        self, most: int, lease_s: float, *, room: Room | None = None
    ) -> Sequence[Leased]:
        """Take deliveries that are due, or whose lease has run out, in the order of their dues.

        Of a lane no more than it has `room` for; where that is None, of each as many as there are.
        """
        ...

    async def extend(self, leased: Leased, lease_s: float) -> bool:
        """Keep a lease longer; False where somebody else has it by now."""
        ...

    async def settle(self, leased: Leased, settlement: Settlement) -> bool:
        """Store how a try ended and what follows; False, and nothing stored, for an old token.

        Raises:
            QueueFull, StorageFailed: What follows cannot be stored; the delivery stays leased.
        """
        ...

    async def next_due_s(self, *, room: Room | None = None) -> float | None:
        """Seconds until something is due, 0 where it is; None where nothing waits.

        Lanes without `room` are left out.
        """
        ...

    def on_due(self, wake: Callable[[], None]) -> None:
        """Have `wake` called on the loop whenever something was stored that is due at once."""
        ...

    def on_change(self, told: Callable[[str], None]) -> Callable[[], None]:
        """Have `told` called on the loop with the key of each message that was stored or changed.

        What is returned ends that.
        """
        ...

    async def messages(
        self,
        *,
        kind: Kind | None = None,
        scope: str = "",
        states: Sequence[State] = (),
        before: int | None = None,
        most: int = 100,
    ) -> Sequence[tuple[int, Message, Sequence[Delivery]]]:
        """The history, newest first: a position to go on from, the message, its deliveries.

        Of `states` a message has a delivery in one of them. Bodies of messages are not read, and
        are empty; `message` has them.
        """
        ...

    async def message(self, key: str) -> tuple[Message, Sequence[Delivery]] | None:
        """One message with its deliveries; None where it is not known (any more)."""
        ...

    async def delivery(self, number: int) -> Delivery | None:
        """One delivery."""
        ...

    async def cancel(self, key: str) -> int:
        """Give up what of a message is still due; how many deliveries that were."""
        ...

    async def discard(self, number: int) -> bool:
        """Forget a dead delivery; whether there was one."""
        ...

    async def counts(self) -> Mapping[tuple[Kind, State], int]:
        """How many deliveries there are, by kind and state."""
        ...

    async def close(self) -> None:
        """Store what is under way and let go of the file."""
        ...


class Courier(Protocol):
    """Tries deliveries of one kind."""

    async def deliver(self, leased: Leased) -> Settlement:
        """Try once; what came of it. Never raises on purpose."""
        ...

    def give_up(self, leased: Leased, attempt: Attempt) -> Settlement:
        """What follows from a delivery that is dead without being tried; `attempt` says why."""
        ...
