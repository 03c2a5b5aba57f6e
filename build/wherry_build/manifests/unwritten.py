"""What a wherry.yaml says and a target's manifests do not carry yet, so that nobody is misled.

Everything that is said and not listed here as written counts: a key that is new to the model is
told until an emitter writes it. It knows keys, and of values only those that a target
writes in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wherry_build.project.model import Project
from wherry_build.project.shape import fields_of
from wherry_build.project.specification import FunctionSpecification, ProjectSpecification
from wherry_build.project.specification.function import Metric
from wherry_build.project.specification.record import Record

_WRITTEN_OF_PROJECT = frozenset({"version", "namespace", "registry.prefix", "functions"})
_WRITTEN = frozenset(
    {
        "handler", "environment", "labels", "annotations", "timeout", "event_types",
        "resources.requests.cpu", "resources.requests.memory", "resources.limits.memory",
        "scale.min", "scale.max",
    }
)  # fmt: skip
_BY_TARGET: Mapping[str, frozenset[str]] = {
    "knative": frozenset({"concurrency", "scale.target", "scale.metric", "scale.zero"}),
    "openfaas": frozenset(),
}


def unwritten(project: Project, target: str) -> tuple[str, ...]:
    """Keys that the project's file says and `target` does not get, `routes`, in their order."""
    specification = project.specification
    if specification is None:
        return ()
    found = list(_of_project(specification, target))
    for function in project.functions:
        said = specification.functions.get(function.name)
        if said is not None:
            found += [f"functions.{function.name}.{key}" for key in _of_function(said, target)]
    return tuple(found)


def _of_project(specification: ProjectSpecification, target: str) -> Iterator[str]:
    # A stack file has no namespace: faas-cli is told.
    written = _WRITTEN_OF_PROJECT - ({"namespace"} if target == "openfaas" else frozenset())
    yield from (key for key in said_keys(specification) if key not in written)


def _of_function(specification: FunctionSpecification, target: str) -> Iterator[str]:
    written = _WRITTEN | _BY_TARGET[target]
    scale = specification.scale
    if scale is not None and scale.metric not in {None, Metric.CONCURRENCY}:
        written -= {"scale.metric", "scale.target"}
    if target == "openfaas" and scale is not None and scale.min == 0:
        written -= {"scale.min"}  # the stack has at least one instance
    if specification.read_only_root:
        written |= {"read_only_root"}
    yield from (key for key in said_keys(specification) if key not in written)


def said_keys(record: Record, prefix: str = "") -> Iterator[str]:
    """The keys of what `record` says; those of a record in it with its own before them.

    A required key is said even when it is empty: an empty list of callers is nobody.
    """
    for field in fields_of(type(record)):
        value = getattr(record, field.attribute)
        key = f"{prefix}{field.key}"
        if isinstance(value, Record):
            yield from said_keys(value, f"{key}.")
        elif field.required or (value is not None and value not in ((), {})):
            yield key
