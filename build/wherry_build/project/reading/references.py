"""What one part of a project says of another: names that must be there, and hosts and revisions.

Names are looked up among those that the text has, right or wrong, so that a function with a fault
is not told to be missing as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wherry_build.project.reading.fault import Fault, nearest
from wherry_build.project.reading.tree import Table, Tree, position_at, quoted
from wherry_build.project.specification import ProjectSpecification
from wherry_build.project.specification.eventing import Delivery
from wherry_build.project.specification.routing import Route

Way = tuple[str | int, ...]
DEFAULT_BROKER = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    """A name where it is used.

    Attributes:
        kind: What it must be the name of.
        known: Names that there are; None when nobody knows.
    """

    way: Way
    kind: str
    name: str
    known: Iterable[str] | None


def reference_faults(
    project: ProjectSpecification, tree: Table, *, functions: Iterable[str] | None
) -> list[Fault]:
    """Every name that is used and not there.

    Args:
        project: The project, as far as it could be read.
        tree: What it was read from.
        functions: Names of the functions; None when the file does not say them.
    """
    return [
        Fault(
            position=position_at(tree, reference.way),
            what=f"unknown {reference.kind} {quoted(reference.name)}",
            expected=f"one of {', '.join(reference.known)}" if reference.known else "",
            nearest=nearest(reference.name, reference.known),
        )
        for reference in _references(project, tree, functions)
        if reference.known is not None and reference.name not in reference.known
    ]


def keys_at(tree: Table, way: Way) -> tuple[str, ...]:
    """The keys of the map at `way`; none when there is none."""
    node: Tree = tree
    for step in way:
        if not isinstance(node, Table) or step not in node.entries:
            return ()
        node = node.entries[str(step)].value
    return tuple(node.entries) if isinstance(node, Table) else ()


def _references(
    project: ProjectSpecification, tree: Table, functions: Iterable[str] | None
) -> Iterator[_Reference]:
    known = None if functions is None else tuple(functions)
    brokers = (*keys_at(tree, ("brokers",)), DEFAULT_BROKER)

    def function(way: Way, name: str) -> _Reference:
        return _Reference(way=way, kind="function", name=name, known=known)

    for name, said in project.functions.items():
        if said.sink is not None and said.sink.broker is not None:
            place: Way = ("functions", name, "sink", "broker")
            yield _Reference(way=place, kind="broker", name=said.sink.broker, known=brokers)
    for name, route in project.routes.items():
        yield from _of_route(("routes", name), route, tree, known)
    for name, trigger in project.triggers.items():
        yield function(("triggers", name, "function"), trigger.function)
        if trigger.broker is not None:
            way: Way = ("triggers", name, "broker")
            yield _Reference(way=way, kind="broker", name=trigger.broker, known=brokers)
        yield from _dead_letters(("triggers", name), trigger.delivery, known)
    for name, broker in project.brokers.items():
        yield from _dead_letters(("brokers", name), broker.delivery, known)
    for name, schedule in project.schedules.items():
        yield function(("schedules", name, "function"), schedule.function)


def _of_route(
    way: Way, route: Route, tree: Table, known: tuple[str, ...] | None
) -> Iterator[_Reference]:
    for place, target in _route_targets(route):
        yield _Reference(way=(*way, *place), kind="function", name=target, known=known)
    for at, backend in enumerate(route.split):
        if backend.revision is not None:
            revisions = keys_at(tree, ("functions", backend.function, "revisions"))
            place = (*way, "split", at, "revision")
            yield _Reference(way=place, kind="revision", name=backend.revision, known=revisions)
    hosts = keys_at(tree, ("hosts",))
    if route.host is not None and hosts and f"*.{route.host.partition('.')[2]}" not in hosts:
        yield _Reference(way=(*way, "host"), kind="host", name=route.host, known=hosts)


def _route_targets(route: Route) -> Iterator[tuple[Way, str]]:
    if route.function is not None:
        yield ("function",), route.function
    if route.mirror is not None:
        yield ("mirror", "function"), route.mirror.function
    for at, backend in enumerate(route.split):
        yield ("split", at, "function"), backend.function


def _dead_letters(
    way: Way, delivery: Delivery | None, known: tuple[str, ...] | None
) -> Iterator[_Reference]:
    letter = delivery.dead_letter if delivery is not None else None
    if letter is not None and letter.function is not None:
        place = (*way, "delivery", "dead_letter", "function")
        yield _Reference(way=place, kind="function", name=letter.function, known=known)
