"""The seams of the fleet: one replica, who launches it, and what callers see of a function's.

Values and protocols only; it knows no process and no socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from wherry.errors import WherryError
from wherry_local.deployment import Deployment, FunctionKey

Address: TypeAlias = "str | tuple[str, int]"
"""Where a replica answers HTTP/1.1: the path of a Unix socket, or a host and a port."""


class NoReplica(WherryError):  # noqa: N818 - named for the state
    """No replica can take a call.

    Attributes:
        status: 404 where there is no such function, 429 or 503 where too many wait, 502 where it
            does not start.
        reason: Why, for the caller; no text of an exception.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Replica(Protocol):
    """One replica: a process, or a container.

    Attributes:
        name: Its name, of the function's and a word of its own; log lines carry it.
        address: Where it answers.
        in_flight: Calls that it has now; the replica set counts.
        pid: Its process, or None.
    """

    name: str
    address: Address
    in_flight: int
    pid: int | None

    async def ready(self, timeout_s: float) -> bool:
        """Wait until it takes calls; False when it ends, or does not in time."""
        ...

    async def gone(self) -> None:
        """Wait until it can take no more calls; at the latest that is its end."""
        ...

    async def stop(self, grace_s: float) -> int:
        """Let it finish what it has and end; after `grace_s` it is killed. The exit code."""
        ...

    def kill(self) -> None:
        """End it at once, and every process that it has started."""
        ...

    async def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        ...


class Launcher(Protocol):
    """Makes replicas of one kind."""

    async def launch(self, deployment: Deployment, name: str) -> Replica:
        """Start a replica, which is not ready yet.

        Raises:
            LocalError: It cannot be started at all.
        """
        ...


class Replicas(Protocol):
    """The replicas of one function, as those who call it see them."""

    @property
    def deployment(self) -> Deployment:
        """What is served now."""
        ...

    def claim_now(self) -> Replica | None:
        """A ready replica with room for one more call, counted as its own; or None."""
        ...

    async def claim(self) -> Replica:
        """The same, waiting for one to start or to have room.

        Raises:
            NoReplica: None will take it.
        """
        ...

    def release(self, replica: Replica) -> None:
        """The call is over."""
        ...


class Functions(Protocol):
    """Every function that is served."""

    def find(self, key: FunctionKey) -> Replicas | None:
        """The replicas of a function, or None where there is no such function."""
        ...

    def keys(self) -> Sequence[FunctionKey]:
        """Which functions there are, sorted."""
        ...
