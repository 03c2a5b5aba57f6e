"""Every function of the platform: deployed, changed, renewed and removed.

It knows which replicas belong to which function, and nothing of how a replica is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from wherry_local.deployment import Deployment, FunctionKey, ScalePolicy
from wherry_local.fleet.replica import Launcher
from wherry_local.fleet.replica_set import START_S, Changed, ReplicaSet
from wherry_local.fleet.sources import source_fault
from wherry_local.journal.store import JournalStore

_REMOVAL_S = 60.0


class Fleet:
    """A `wherry_local.fleet.replica.Functions`.

    Args:
        launcher_of: Who starts the replicas of a deployment.
        journal: Is told what happens, and has what replicas wrote.
        start_s: Seconds that a replica may take to get ready.
    """

    def __init__(
        self,
        launcher_of: Callable[[Deployment], Launcher],
        journal: JournalStore,
        *,
        start_s: float = START_S,
    ) -> None:
        self._launcher_of = launcher_of
        self._journal = journal
        self._start_s = start_s
        self._sets: dict[FunctionKey, ReplicaSet] = {}
        self._observers: list[Changed] = []
        self._removals: dict[asyncio.Task[None], ReplicaSet] = {}

    def find(self, key: FunctionKey) -> ReplicaSet | None:
        """See `Functions.find`."""
        return self._sets.get(key)

    def keys(self) -> Sequence[FunctionKey]:
        """See `Functions.keys`."""
        return sorted(self._sets)

    def observe(self, observer: Changed) -> None:
        """Have `observer` told of each change in the replicas of a function."""
        self._observers.append(observer)

    async def put(self, deployment: Deployment) -> None:
        """Serve a function, or serve it from now on in another way; its start is not awaited."""
        found = self._sets.get(deployment.key)
        if found is None:
            found = self._sets[deployment.key] = ReplicaSet(
                deployment,
                self._launcher_of(deployment),
                self._journal,
                changed=self._tell,
                start_s=self._start_s,
            )
            found.open()
            self._tell(found)
        elif _is_same_to_replica(found.deployment, deployment):
            found.adjust(deployment)
        else:
            found.renew(deployment, self._launcher_of(deployment))

    async def remove(self, key: FunctionKey) -> None:
        """Serve a function no more; what it has in flight is finished meanwhile."""
        found = self._sets.pop(key, None)
        if found is not None:
            found.close(404, "the function has been removed")
            removal = asyncio.get_running_loop().create_task(found.stop(_REMOVAL_S))
            self._removals[removal] = found
            removal.add_done_callback(self._removals.pop)
            self._tell(found)

    async def renew(self, key: FunctionKey, changed: Sequence[Path] = ()) -> None:
        """Serve the code of a function as it is now; `changed` are its files that have changed.

        A function that sleeps is not started for it: its files are compiled, to say what is wrong.
        """
        found = self._sets.get(key)
        if found is None:
            return
        if found.is_asleep:
            found.doubt(await asyncio.to_thread(source_fault, found.deployment.folder, changed))
        else:
            found.renew()

    async def settled(self) -> None:
        """Wait until no replica is on its way."""
        await asyncio.gather(*(each.settled() for each in self._sets.values()))

    async def stop(self, grace_s: float) -> None:
        """End every replica; what is not over after `grace_s` is killed."""
        ending = (*self._sets.values(), *self._removals.values())
        await asyncio.gather(*(each.stop(grace_s) for each in ending))

    def kill(self) -> None:
        """End every replica at once."""
        for each in (*self._sets.values(), *self._removals.values()):
            each.kill()

    def _tell(self, replicas: ReplicaSet) -> None:
        for observer in self._observers:
            observer(replicas)


def _is_same_to_replica(old: Deployment, new: Deployment) -> bool:
    """Whether two deployments differ in nothing that a replica is given."""

    def given(deployment: Deployment) -> Deployment:
        return replace(
            deployment,
            labels={},
            annotations={},
            limits=deployment.limits if deployment.container else {},
            requests={},
            scale=ScalePolicy(),
            concurrency=0,
            created_at=0.0,
            revision=0,
        )

    return given(old) == given(new)
