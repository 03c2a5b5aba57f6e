"""The rule over the kinds and versions of Knative's API: KNA001, and the kinds themselves."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.rule import Fault, fault, rule

SERVING = "serving.knative.dev"
EVENTING = "eventing.knative.dev"
SOURCES = "sources.knative.dev"

_V1 = frozenset({"v1"})
_KINDS: dict[str, dict[str, frozenset[str]]] = {
    SERVING: {
        "Configuration": _V1,
        "DomainMapping": frozenset({"v1beta1"}),
        "Revision": _V1,
        "Route": _V1,
        "Service": _V1,
    },
    EVENTING: {
        "Broker": _V1,
        "EventPolicy": frozenset({"v1alpha1"}),
        "EventTransform": frozenset({"v1alpha1"}),
        "EventType": frozenset({"v1beta1", "v1beta2", "v1beta3"}),
        "RequestReply": frozenset({"v1alpha1"}),
        "Trigger": _V1,
    },
    "messaging.knative.dev": {"Channel": _V1, "InMemoryChannel": _V1, "Subscription": _V1},
    "flows.knative.dev": {"Parallel": _V1, "Sequence": _V1},
    SOURCES: {
        "ApiServerSource": _V1,
        "ContainerSource": _V1,
        "PingSource": frozenset({"v1", "v1beta2"}),
        "SinkBinding": _V1,
    },
}
"""Kinds with the versions that are served (Serving 1.23, Eventing 1.22)."""

_ENDED = frozenset({"v1alpha1", "v1alpha2", "v1beta1", "v1beta2"})
_LIKE = 0.85


def of_knative(bundle: Bundle, kind: str, group: str) -> tuple[Document, ...]:
    """Every object of a kind, also where the kind is written in other letters (KNA001 says so)."""
    return tuple(
        document
        for document in bundle.objects
        if document.group == group and document.kind.lower() == kind.lower()
    )


@rule("KNA001", Severity.ERROR, "there is no such kind, or not in this version, in Knative's API")
def unknown_kind(bundle: Bundle) -> Iterator[Fault]:
    """A kind of an extension that is unlike any of Knative's own is left alone."""
    for document in bundle.objects:
        known = _KINDS.get(document.group)
        if known is None:
            continue
        if document.kind not in known:
            meant = _nearest(document.kind, known)
            if meant:
                yield fault(
                    document,
                    ("kind",),
                    f"got kind {document.kind!r}, expected {meant!r}",
                    hint=f"write kind: {meant}",
                )
            continue
        versions = known[document.kind]
        version = document.api_version.rpartition("/")[2]
        if version not in versions and (version in _ENDED or version == "v1"):
            expected = " or ".join(f"{document.group}/{each}" for each in sorted(versions))
            yield fault(
                document,
                ("apiVersion",),
                f"got {document.api_version} for a {document.kind}, expected {expected}",
                hint=f"write apiVersion: {document.group}/{min(versions)}",
            )


def _nearest(kind: str, known: dict[str, frozenset[str]]) -> str:
    for name in known:
        if name.lower() == kind.lower():
            return name
    return next(iter(difflib.get_close_matches(kind, known, n=1, cutoff=_LIKE)), "")
