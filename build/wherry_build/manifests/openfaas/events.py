"""What brings a function its events: the annotations that OpenFaaS's connectors read.

A connector calls every function whose `topic` names the topic of a message, and the cron connector
those with the topic `cron-function`, at the times of `schedule`. A topic is a type of events here.
There is nothing else to choose by, and no share: each function of a topic gets every event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.options import Edition
from wherry_build.manifests.topology import Topology, Workload
from wherry_build.project.specification.eventing import Filter, Trigger

CRON_TOPIC = "cron-function"
_DIVIDER = ","


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """What brings calls to the functions of a project.

    Attributes:
        topics: Types of events by function.
        crons: Times by function.
        losses: What the connectors cannot do.
    """

    topics: Mapping[str, tuple[str, ...]]
    crons: Mapping[str, str]
    losses: tuple[Loss, ...] = ()

    def annotations(self, function: str) -> dict[str, str]:
        """The annotations of `function`; none when nothing brings it anything."""
        topics = self.topics.get(function, ())
        cron = self.crons.get(function)
        if cron is None:
            return {"topic": _DIVIDER.join(topics)} if topics else {}
        return {"topic": _DIVIDER.join([*topics, CRON_TOPIC]), "schedule": cron}


def subscriptions(topology: Topology, edition: Edition) -> Subscriptions:
    """What the triggers and schedules of `topology` become."""
    losses: list[Loss] = []
    topics: dict[str, dict[str, None]] = {}
    for name, trigger in topology.triggers.items():
        workload = topology.workloads[trigger.function]
        types, lost = _chosen(name, trigger.filters, workload)
        losses += lost
        losses += [_divided(name, trigger, each) for each in types if _DIVIDER in each]
        if whole := [each for each in types if _DIVIDER not in each]:
            topics.setdefault(workload.name, {}).update(dict.fromkeys(whole))
    losses += _unbrought(topology, topics)
    of_functions: dict[str, list[str]] = {}
    for name, schedule in topology.schedules.items():
        of_functions.setdefault(schedule.function, []).append(name)
    crons: dict[str, str] = {}
    for function, named in of_functions.items():
        reason = _not_scheduled(function, named, has_topics=function in topics, edition=edition)
        if reason is None:
            crons[function] = topology.schedules[named[0]].cron
            continue
        losses += [
            Loss(
                key=f"schedules.{name}.{key}",
                reason=reason,
                instead="a CronJob of Kubernetes that calls the function",
            )
            for name in named
            for key in ("cron", "function")
        ]
    return Subscriptions(
        topics={function: tuple(types) for function, types in topics.items()},
        crons=crons,
        losses=tuple(losses),
    )


def _divided(name: str, trigger: Trigger, event_type: str) -> Loss:
    """What is said of a type that would be two topics."""
    is_generated = trigger == Trigger(function=name, filters=trigger.filters)
    return Loss(
        key=f"functions.{name}.event_types" if is_generated else f"triggers.{name}.filters",
        reason=f"topics are divided by commas: events of {event_type!r} do not come",
        instead="a type without commas",
    )


def _unbrought(topology: Topology, topics: Mapping[str, Iterable[str]]) -> list[Loss]:
    """Types that the file gives to a function and that none of its triggers brings."""
    return [
        Loss(
            key=f"functions.{name}.event_types",
            reason="its triggers say which events it is sent",
            instead="filters of its triggers",
        )
        for name, workload in topology.workloads.items()
        if not {each for each in workload.said.event_types if _DIVIDER not in each}
        <= {*topics.get(name, ())}
    ]


def _chosen(
    trigger: str, filters: tuple[Filter, ...], workload: Workload
) -> tuple[tuple[str, ...], list[Loss]]:
    """The types that a trigger lets through, and what of its filters is lost."""
    keys = [f"triggers.{trigger}.{key}" for key in ("filters", "function")][not filters :]
    types, is_all = _types(filters)
    if is_all:
        return types, []
    declared = workload.function.declarations.event_types
    if not types and not declared:
        reason = "a connector brings the events of topics, and no type of event is named"
        instead = "event_types of the function, or a filter `exact: {type: ...}`"
        return (), [Loss(key=key, reason=reason, instead=instead) for key in keys]
    come = ", ".join(types or declared)
    return types or declared, [
        Loss(
            key=keys[0],
            reason=f"a connector chooses by topic alone: all events of {come} come",
            instead="choose in the function",
        )
    ]


def _types(filters: tuple[Filter, ...]) -> tuple[tuple[str, ...], bool]:
    """The types that `filters` together let through, and whether that is all that they ask."""
    for each in filters:
        types, is_all = _types_of(each)
        if types:
            return types, is_all and len(filters) == 1
    return (), False


def _types_of(said: Filter) -> tuple[tuple[str, ...], bool]:
    if "type" in said.exact:
        return (said.exact["type"],), len(said.exact) == 1
    if said.all:
        return _types(said.all)
    found = [_types_of(each) for each in said.any]
    if found and all(types for types, _ in found):
        together = dict.fromkeys(each for types, _ in found for each in types)
        return tuple(together), all(is_all for _, is_all in found)
    return (), False


def _not_scheduled(
    function: str, named: list[str], *, has_topics: bool, edition: Edition
) -> str | None:
    """Why the schedules of a function are not written; None when they are."""
    if len(named) > 1:
        return f"OpenFaaS has one schedule a function, and {len(named)} name {function!r}"
    if has_topics and edition is Edition.CE:
        return "a function of the Community Edition has one connector, and this one takes events"
    return None
