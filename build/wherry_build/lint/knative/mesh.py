"""The rule over a mesh that routes into a Knative Service: KNA012."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import (
    cluster_host,
    subset_hosts,
)
from wherry_build.lint.istio.registry import Registry
from wherry_build.lint.rule import Fault, fault, rule


@rule("KNA012", Severity.WARNING, "subsets of a Knative Service, whose versions are revisions")
def knative_subsets(bundle: Bundle) -> Iterator[Fault]:
    """Its host leads to Knative's gateway, so no subset of pods is behind it."""
    registry = Registry(bundle=bundle)
    for document, keys, written in subset_hosts(bundle):
        host = cluster_host(written, document.namespace)
        service = registry.knative_service(host) if host else None
        if host and service is not None and registry.service(host) is None:
            yield fault(
                document,
                keys,
                f"got subsets of {written}, which is {service.document.subject} of Knative",
                hint="split between revisions with spec.traffic of the Service",
            )
