"""The fleet as the gateway sees it: functions that are put, removed and scaled. Protocols only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.fleet.replica import Replica, Replicas


class Scaled(Replicas, Protocol):
    """The replicas of one function, counted."""

    @property
    def desired(self) -> int:
        """How many are meant to be there."""
        ...

    @property
    def available(self) -> int:
        """How many take calls."""
        ...

    @property
    def replicas(self) -> Sequence[Replica]:
        """Those that take calls."""
        ...

    @property
    def waiting(self) -> int:
        """How many calls wait for one."""
        ...

    @property
    def in_flight(self) -> int:
        """How many calls they have."""
        ...

    @property
    def fault(self) -> str | None:
        """Why none starts, where none does."""
        ...

    def scale_to(self, replicas: int, why: str) -> None:
        """Have so many from now on, until the autoscaler thinks otherwise."""
        ...


class Fleet(Protocol):
    """Every function that is served; a `wherry_local.fleet.replica.Functions`."""

    def find(self, key: FunctionKey) -> Scaled | None:
        """The replicas of a function, or None where there is no such function."""
        ...

    async def put(self, deployment: Deployment) -> None:
        """Serve `deployment`, in the place of what is served under its key."""
        ...

    async def remove(self, key: FunctionKey) -> None:
        """Serve a function no more, after what is in flight."""
        ...
