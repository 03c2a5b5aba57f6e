"""Rules over the API versions of Istio's objects: IST001."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import NETWORKING, SECURITY
from wherry_build.lint.rule import Fault, fault, fix, rule

_OLD = frozenset({"v1alpha1", "v1alpha3", "v1beta1"})
_STABLE: dict[str, frozenset[str]] = {
    NETWORKING: frozenset(
        {
            "DestinationRule",
            "Gateway",
            "ServiceEntry",
            "Sidecar",
            "VirtualService",
            "WorkloadEntry",
            "WorkloadGroup",
        }
    ),
    SECURITY: frozenset({"AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"}),
    "telemetry.istio.io": frozenset({"Telemetry"}),
}
"""The kinds that have a `v1`; EnvoyFilter and ProxyConfig have none."""


@rule("IST001", Severity.WARNING, "an Istio object is of an older apiVersion than v1")
def old_version(bundle: Bundle) -> Iterator[Fault]:
    """`v1alpha3` and `v1beta1` are still served, and are not what is stored."""
    for document in bundle.objects:
        version = document.api_version.rpartition("/")[2]
        if document.kind in _STABLE.get(document.group, ()) and version in _OLD:
            yield fault(
                document,
                ("apiVersion",),
                f"got {document.api_version}, expected {document.group}/v1",
                hint=f"write apiVersion: {document.group}/v1",
            )


@fix("IST001")
def to_version_1(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """The fields of all three versions are the same."""
    found.document.node["apiVersion"] = f"{found.document.group}/v1"
