"""What wherry.yaml says of a function, together with what its handler says of itself. No I/O.

The file wins where it may choose: it may narrow the types of events or the methods that a handler
takes. What it asks of a handler that the handler refuses is a contradiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from wherry_build.project.model import Declarations, Function, Resources, Scale
from wherry_build.project.reading.fault import Fault, nearest
from wherry_build.project.reading.tree import Table, position_at
from wherry_build.project.specification import FunctionSpecification, ProjectSpecification
from wherry_build.project.specification.amounts import Memory
from wherry_build.project.specification.eventing import Filter
from wherry_build.project.specification.function import Amounts, Metric, ResourceLimits, Scaling
from wherry_build.values import replaced

Way = tuple[str | int, ...]


def merged(
    function: Function,
    specification: FunctionSpecification,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Function:
    """`function` with what `specification` says of it.

    Args:
        function: What its folder says.
        specification: What wherry.yaml says.
        variables: What files of variables say; wherry.yaml's own win.
    """
    said = specification
    return replaced(
        function,
        declarations=_declarations(function.declarations, said),
        environment={**variables, **said.environment},
        labels=dict(said.labels),
        annotations=dict(said.annotations),
        resources=_resources(said.resources or ResourceLimits()),
        scale=_scale(said.scale or Scaling()),
        timeout_s=said.timeout.seconds if said.timeout is not None else function.timeout_s,
        concurrency=said.concurrency if said.concurrency is not None else function.concurrency,
        said=said,
    )


def contradictions(
    function: Function, specification: FunctionSpecification, tree: Table
) -> list[Fault]:
    """What `specification` asks of the handler that the handler refuses."""
    declared = function.declarations
    way: Way = ("functions", function.name)
    faults: list[Fault] = []
    if specification.event_types and not _takes_events(declared):
        faults.append(
            Fault(
                position=position_at(tree, (*way, "event_types")),
                what="event_types",
                got=f"types of events, and {function.handler} takes plain requests only",
                expected=f"none, or @cloud_event in {function.handler}",
            )
        )
    elif declared.event_types and not declared.unclear:
        faults += [
            _not_declared(function, name, (*way, "event_types", at), tree)
            for at, name in enumerate(specification.event_types)
            if name not in declared.event_types
        ]
    if declared.methods:
        faults += [
            Fault(
                position=position_at(tree, (*way, "methods", at)),
                what="methods",
                got=f"{method.value}, which {function.handler} does not answer",
                expected=f"one of {', '.join(declared.methods)}",
            )
            for at, method in enumerate(specification.methods)
            if method.value not in declared.methods
        ]
    return faults


def trigger_contradictions(
    functions: Iterable[Function], project: ProjectSpecification, tree: Table
) -> list[Fault]:
    """Types of events that a trigger sends to a handler that does not take them."""
    known = {function.name: function for function in functions}
    faults: list[Fault] = []
    for name, trigger in project.triggers.items():
        function = known.get(trigger.function)
        if function is None or function.declarations.unclear:
            continue
        way: Way = ("triggers", name)
        methods = function.declarations.methods
        if methods and "POST" not in methods and not _takes_events(function.declarations):
            faults.append(
                Fault(
                    position=position_at(tree, (*way, "function")),
                    what=f"trigger {name!r}",
                    got=f"{trigger.function!r}, which answers {', '.join(methods)} only",
                    expected="a function that answers POST, which is how events are sent",
                )
            )
        elif function.declarations.event_types:
            faults += [
                _not_declared(function, wanted, place, tree)
                for place, wanted in _exact_types((*way, "filters"), trigger.filters)
                if wanted not in function.declarations.event_types
            ]
    return faults


def _declarations(declared: Declarations, said: FunctionSpecification) -> Declarations:
    return replaced(
        declared,
        event_types=said.event_types or declared.event_types,
        methods=tuple(method.value for method in said.methods) or declared.methods,
    )


def _resources(said: ResourceLimits) -> Resources:
    """What is not said follows what is: a limit is never under a request."""
    requests, limits = said.requests or Amounts(), said.limits or Amounts()
    usual = Resources()
    asked = requests.memory or Memory(text=usual.memory_request)
    held = limits.memory or Memory(text=usual.memory_limit)
    if asked.bytes > held.bytes:
        if limits.memory is None:
            held = asked
        else:
            asked = held
    return Resources(
        cpu_request=_cpu(requests, limits, usual.cpu_request),
        memory_request=str(asked),
        memory_limit=str(held),
    )


def _cpu(requests: Amounts, limits: Amounts, usual: str) -> str:
    """The request of CPU, which Kubernetes too takes from the limit when only that is said."""
    return str(requests.cpu or limits.cpu or usual)


def _scale(said: Scaling) -> Scale:
    usual = Scale()
    least = said.min if said.min is not None else int(said.zero is False)
    most = said.max if said.max is not None else max(usual.most, least)
    counts_calls = said.metric in {None, Metric.CONCURRENCY}
    target = said.target if said.target is not None and counts_calls else usual.target
    return Scale(least=min(least, most), most=most, target=target)


def _takes_events(declared: Declarations) -> bool:
    return bool(declared.event_types or declared.unclear) or not declared.http


def _exact_types(way: Way, filters: Iterable[Filter]) -> Iterator[tuple[Way, str]]:
    """Types of events that alone let an event through; `not` is no such thing."""
    for at, each in enumerate(filters):
        here = (*way, at)
        if "type" in each.exact:
            yield (*here, "exact", "type"), each.exact["type"]
        yield from _exact_types((*here, "all"), each.all)
        yield from _exact_types((*here, "any"), each.any)


def _not_declared(function: Function, wanted: str, way: Way, tree: Table) -> Fault:
    types = function.declarations.event_types
    return Fault(
        position=position_at(tree, way),
        what="type of event",
        got=f"{wanted!a}, which {function.handler} of {function.name!r} does not take",
        expected=f"one of {', '.join(types)}",
        nearest=nearest(wanted, types),
    )
