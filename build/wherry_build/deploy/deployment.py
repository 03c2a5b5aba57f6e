"""How objects come onto a cluster: planned, applied in waves, and each wave waited for.

A plan asks the cluster itself what would change, so that what it would refuse is told before
anything is changed. Knows a cluster by its protocol alone; nothing of HTTP, credentials or the
terminal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wherry_build.deploy.comparison import Change, Difference, difference
from wherry_build.deploy.identity import KubernetesObject, ObjectKey
from wherry_build.deploy.readiness import Readiness, State, is_waited_for, readiness
from wherry_build.deploy.refusal import Refusal, refused
from wherry_build.deploy.rollout import Rollout
from wherry_build.deploy.waves import waves
from wherry_build.errors import DeployError, PlatformUnavailable
from wherry_build.manifests.document import Document

_ROUND_S = 1.0
"""Seconds between two rounds of asking, at least."""
_EACH_S = 0.02
"""Seconds that a round is longer for each object that is asked for."""


class Cluster(Protocol):
    """What is asked of a cluster."""

    def get(self, key: ObjectKey) -> KubernetesObject | Refusal | None:
        """The object as it is; None when it is not there.

        Raises:
            PlatformUnavailable: The cluster does not answer.
        """
        ...

    def apply(
        self, value: KubernetesObject, *, force: bool, dry_run: bool = False
    ) -> KubernetesObject | Refusal:
        """Apply one object; it as it is then, or would be.

        Raises:
            PlatformUnavailable: The cluster does not answer.
        """
        ...

    def inspection(self, key: ObjectKey) -> str:
        """The command that tells a person more of an object."""
        ...


class Observer(Protocol):
    """Who is told how a deployment goes on."""

    def applied(self, key: ObjectKey, change: Change) -> None:
        """An object has been applied."""

    def observed(self, key: ObjectKey, readiness: Readiness) -> None:
        """An object that is waited for says something new."""

    def waiting(self, rollout: Rollout, waited_s: float) -> None:
        """Another round of asking has ended, and not all are ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deployment is going to do.

    Attributes:
        waves: The objects, in apply order; each wave waits for its ready.
        differences: What that changes, in the same order.
    """

    waves: tuple[tuple[Document, ...], ...]
    differences: tuple[Difference, ...]

    @property
    def is_changing(self) -> bool:
        """Whether anything is going to be different."""
        return any(each.change is not Change.UNCHANGED for each in self.differences)


def plan(
    cluster: Cluster,
    documents: Sequence[Document],
    *,
    force: bool,
    new_namespaces: Collection[str] = (),
) -> Plan:
    """Ask the cluster what applying `documents` would change; nothing is changed.

    Args:
        cluster: Where to.
        documents: What was rendered; what is no object of Kubernetes is left out.
        force: Whether fields that belong to others are taken from them.
        new_namespaces: Namespaces that are not there yet, about which the cluster cannot be asked.

    Raises:
        DeployError: The cluster refuses objects; all of them are told.
        PlatformUnavailable: The cluster does not answer.
    """
    found = waves(documents)
    differences, refusals = [], []
    for document in (each for wave in found for each in wave):
        judged = _difference(cluster, document.value, force=force, new_namespaces=new_namespaces)
        if isinstance(judged, Refusal):
            refusals.append(judged)
        else:
            differences.append(judged)
    if refusals:
        raise refused(refusals, applied=None)
    return Plan(waves=found, differences=tuple(differences))


def _difference(
    cluster: Cluster, value: KubernetesObject, *, force: bool, new_namespaces: Collection[str]
) -> Difference | Refusal:
    key = ObjectKey.of(value)
    live = cluster.get(key)
    if isinstance(live, Refusal):
        return live
    if key.namespace in new_namespaces:
        return difference(key, None, value)
    after = cluster.apply(value, force=force, dry_run=True)
    return after if isinstance(after, Refusal) else difference(key, live, after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long readiness is waited for, and by which clock.

    Attributes:
        timeout_s: Seconds for all waves together; 0 waits for none.
    """

    timeout_s: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Deployment:
    """One run of a plan; `ready` and `applied` say how far it is, also after an error."""

    def __init__(self, cluster: Cluster, plan: Plan, *, observer: Observer, force: bool) -> None:
        self._cluster = cluster
        self._plan = plan
        self._observer = observer
        self._force = force
        self._changes = {each.key: each.change for each in plan.differences}
        self.applied: list[ObjectKey] = []
        self.readiness: dict[ObjectKey, Readiness] = {}

    def run(self, patience: Patience) -> None:
        """Apply every wave and wait until its objects are ready.

        Raises:
            DeployError: The cluster refuses an object, one has failed, or time is up.
            PlatformUnavailable: The cluster does not answer.
        """
        began_s = patience.clock()
        for wave in self._plan.waves:
            keys = [self._apply(document.value) for document in wave]
            waited = [key for key in keys if is_waited_for(key)]
            if waited and patience.timeout_s:
                self._wait(waited, patience, began_s)

    def _apply(self, value: KubernetesObject) -> ObjectKey:
        key = ObjectKey.of(value)
        answer = self._cluster.apply(value, force=self._force)
        if isinstance(answer, Refusal):
            raise refused([answer], applied=self.applied)
        self.applied.append(key)
        self._observer.applied(key, self._changes[key])
        return key

    def _wait(self, keys: list[ObjectKey], patience: Patience, began_s: float) -> None:
        rollout = Rollout(keys, now_s=patience.clock())
        while True:
            silence = self._ask(rollout, patience)
            pending = rollout.pending()
            if not pending:
                return
            now_s = patience.clock()
            if failed := rollout.failed(now_s=now_s):
                raise _unready("failed", failed, self._cluster)
            if now_s - began_s >= patience.timeout_s:
                if silence is not None:
                    raise silence
                what = f"not ready after {patience.timeout_s:g} s"
                raise _unready(what, rollout.unready(), self._cluster)
            self._observer.waiting(rollout, now_s - began_s)
            left_s = began_s + patience.timeout_s - now_s
            patience.sleep(min(max(_ROUND_S, _EACH_S * len(pending)), left_s))

    def _ask(self, rollout: Rollout, patience: Patience) -> PlatformUnavailable | None:
        """Ask for each that is not ready; why the cluster did not answer, if it did not.

        An API server that is replaced is away for a moment, which is no failure of what was
        applied.
        """
        for key in rollout.pending():
            try:
                answer = self._cluster.get(key)
            except PlatformUnavailable as error:
                return error
            seen = _seen(key, answer)
            self.readiness[key] = seen
            if rollout.observe(key, seen, now_s=patience.clock()):
                self._observer.observed(key, seen)
        return None


def _seen(key: ObjectKey, answer: KubernetesObject | Refusal | None) -> Readiness:
    if isinstance(answer, Refusal):
        return Readiness(state=State.FAILING, message=answer.message)
    if answer is None:
        return Readiness(state=State.FAILING, message="somebody has deleted it")
    return readiness(key, answer)


def _unready(what: str, unready: Mapping[ObjectKey, Readiness], cluster: Cluster) -> DeployError:
    lines = [f"  {key}: {each.message or each.state.value}" for key, each in unready.items()]
    return DeployError(
        "\n".join([f"{what}:", *lines]), hint=cluster.inspection(next(iter(unready)))
    )
