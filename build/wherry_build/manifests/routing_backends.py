"""What a route's calls are divided among, by the name that each platform knows it by.

Knative knows a function and, by its tag, a revision of it; OpenFaaS a function for each revision;
plain Kubernetes a Service for the function and one for each revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wherry_build.errors import ManifestError
from wherry_build.manifests.topology import Revision, RouteRule, Topology, Workload, shares

_LABEL_LIMIT = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedShare:
    """A share of a route's calls.

    Attributes:
        name: Name of the Service, or of the function, that takes it.
        percent: How much; all shares of a route together are 100.
    """

    name: str
    percent: int


def revision_services(topology: Topology, rule: RouteRule) -> tuple[NamedShare, ...]:
    """The Service of each revision, `hello-v1`; the function's own where none is named.

    Raises:
        ManifestError: A name made of two is too long.
    """
    return tuple(
        NamedShare(name=revision_name(each.function, each.revision), percent=each.percent)
        for each in shares(topology, rule)
    )


def knative_services(topology: Topology, rule: RouteRule) -> tuple[NamedShare, ...]:
    """The function, or a tag of it where the route divides its calls in another way than it does.

    Raises:
        ManifestError: A name made of two is too long.
    """
    divided: dict[str, dict[str, int]] = {}
    for backend in rule.backends:
        of_function = divided.setdefault(backend.function, {})
        of_function[backend.revision] = of_function.get(backend.revision, 0) + backend.percent
    found: list[NamedShare] = []
    for name, percents in divided.items():
        workload = topology.workloads[name]
        if _is_own(workload, percents):
            found.append(NamedShare(name=name, percent=sum(percents.values())))
            continue
        tags = {each.name: _tag(each) for each in workload.revisions}
        found += [
            NamedShare(name=_joined(tags[revision], name) if revision else name, percent=percent)
            for revision, percent in percents.items()
        ]
    return tuple(each for each in found if each.percent)


def revision_name(function: str, revision: str) -> str:
    """Name of what runs a revision: `hello-v1`, or `hello` where the revision has none.

    Raises:
        ManifestError: It is too long.
    """
    return _joined(function, revision) if revision else function


def reached_as_a_whole(topology: Topology) -> frozenset[str]:
    """The functions that a route leads to without naming a revision of them."""
    return frozenset(
        backend.function
        for rule in topology.routes
        for backend in rule.backends
        if not backend.revision
    )


def _is_own(workload: Workload, percents: Mapping[str, int]) -> bool:
    """Whether `percents` divide the calls as the function itself does."""
    whole = sum(percents.values())
    if set(percents) == {""}:
        return True
    own = {each.name: each.percent * whole for each in workload.revisions if each.percent}
    return own == {name: percent * 100 for name, percent in percents.items() if percent}


def _tag(revision: Revision) -> str:
    return revision.tag or revision.name


def _joined(first: str, second: str) -> str:
    name = f"{first}-{second}"
    if len(name) > _LABEL_LIMIT:
        raise ManifestError(
            f"{name}: got a name of {len(name)} characters, expected at most {_LABEL_LIMIT}",
            hint="choose a shorter name of the function or the revision",
        )
    return name
