"""The triggers of a project: those that its file has, and those that follow from its handlers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wherry_build.project.model import Function
from wherry_build.project.specification.eventing import Filter, Trigger


def triggers(said: Mapping[str, Trigger], functions: Iterable[Function]) -> dict[str, Trigger]:
    """The triggers of `functions`, by name.

    A function that declares types of events and that no trigger names gets one of its own name,
    from the default broker. What goes to another function is left out.
    """
    known = {function.name: function for function in functions}
    found = {name: each for name, each in said.items() if each.function in known}
    triggered = {each.function for each in found.values()}
    for name, function in known.items():
        types = function.declarations.event_types
        if types and name not in triggered and name not in found:
            found[name] = Trigger(function=name, filters=(_of_types(types),))
    return found


def _of_types(types: tuple[str, ...]) -> Filter:
    exact = tuple(Filter(exact={"type": each}) for each in types)
    return exact[0] if len(exact) == 1 else Filter(any=exact)
