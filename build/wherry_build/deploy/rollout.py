"""How far a set of applied objects is, over time: what is waited for, and when that is in vain.

No I/O and no clock: whoever asks the cluster tells what it saw, and when.

A workload that says for `PATIENCE_S` that it fails has failed. What says so of anything else may
only be waiting for a workload, as a Trigger for its subscriber; so it has failed when all that is
not ready says so, and nothing has changed for that long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wherry_build.deploy.identity import ObjectKey
from wherry_build.deploy.readiness import Readiness, State, runs

PATIENCE_S = 10.0
"""Seconds that an object may say that it fails: controllers take it back when they try again."""


@dataclass(frozen=True, slots=True)
class _Seen:
    readiness: Readiness
    since_s: float


class Rollout:
    """The objects that are waited for, each with what it last said."""

    def __init__(self, keys: Iterable[ObjectKey], *, now_s: float) -> None:
        beginning = Readiness(state=State.WAITING, message="has not been asked yet")
        self._seen = {key: _Seen(beginning, now_s) for key in keys}
        self._changed_s = now_s

    def observe(self, key: ObjectKey, readiness: Readiness, *, now_s: float) -> bool:
        """Note what `key` says; whether it says something else than before."""
        before = self._seen[key]
        if readiness.state is before.readiness.state:
            self._seen[key] = _Seen(readiness, before.since_s)
        else:
            self._seen[key] = _Seen(readiness, now_s)
            self._changed_s = now_s
        return readiness != before.readiness

    def pending(self) -> list[ObjectKey]:
        """Those that are not ready, in their order."""
        return [key for key, seen in self._seen.items() if seen.readiness.state is not State.READY]

    def counts(self) -> tuple[int, int]:
        """How many are ready, and how many there are."""
        return len(self._seen) - len(self.pending()), len(self._seen)

    def unready(self) -> Mapping[ObjectKey, Readiness]:
        """What each says that is not ready."""
        return {key: self._seen[key].readiness for key in self.pending()}

    def failed(self, *, now_s: float) -> Mapping[ObjectKey, Readiness]:
        """Those that no waiting is going to help."""
        lasting = {
            key: self._seen[key].readiness
            for key in self.pending()
            if self._seen[key].readiness.state is State.FAILING
            and now_s - self._seen[key].since_s >= PATIENCE_S
        }
        is_still = now_s - self._changed_s >= PATIENCE_S
        is_stuck = is_still and len(lasting) == len(self.pending())
        return {key: each for key, each in lasting.items() if is_stuck or runs(key)}
