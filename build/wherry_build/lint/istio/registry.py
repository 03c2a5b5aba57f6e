"""What of a bundle answers to a host of the cluster, each looked up by its name.

Istio calls the list of all Services its registry. This one is made of files, so it may lack what
others apply; `shows` says whether a namespace is in it at all. Registers no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from wherry_build.lint.bundle import Bundle, Workload, grouped
from wherry_build.lint.document import Document
from wherry_build.lint.istio.names import NETWORKING, ClusterHost, cluster_host, destination_rules
from wherry_build.lint.node import items, mapping, text


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The Services of a bundle, and what is said about them; made once for each rule."""

    bundle: Bundle

    def serves(self, host: ClusterHost) -> bool:
        """Whether there is what answers to `host`, or an object that may make it."""
        made = (*self._plain.get(host.name, ()), *self._other.get(host.name, ()))
        return any(map(host.is_named_by, made)) or any(
            entered.may_be(host) for entered in self._entered.get(host.name, ())
        )

    def shows(self, namespace: str) -> bool:
        """Whether there are Services of just this namespace, so that a missing one is missed."""
        return namespace in self._namespaces

    def service(self, host: ClusterHost) -> Document | None:
        """The plain Service that `host` is."""
        return next(filter(host.is_named_by, self._plain.get(host.name, ())), None)

    def knative_service(self, host: ClusterHost) -> Workload | None:
        """The Knative Service that `host` is, or may be beside a plain one."""
        for service in self._knative.get(host.name, ()):
            if host.is_named_by(service.document):
                return service
        return None

    def rules(self, host: ClusterHost) -> list[Document]:
        """The DestinationRules that may be for `host`."""
        named = [
            rule
            for rule in self._rules.get(host.name, ())
            if (own := cluster_host(text(rule.get("spec", "host")), rule.namespace))
            and own.may_be(host)
        ]
        wide = self._rules.get("*", ())
        return named + [
            rule for rule in wide if host.full.endswith(text(rule.get("spec", "host"))[1:])
        ]

    def is_entered(self, written: str) -> bool:
        """Whether a ServiceEntry names the host just as it is written."""
        return written in self._entered_as_written

    def routes(self, host: ClusterHost) -> Iterator[Document]:
        """The HTTPRoutes whose parent may be the Service `host`."""
        for parent, route in self._routes.get(host.name, ()):
            if parent.may_be(host):
                yield route

    @cached_property
    def _plain(self) -> dict[str, list[Document]]:
        return _by_name(self.bundle.services)

    @cached_property
    def _other(self) -> dict[str, list[Document]]:
        knative = (service.document for service in self.bundle.knative_services)
        return _by_name((*knative, *self.bundle.of_kind("Function", "openfaas.com")))

    @cached_property
    def _knative(self) -> dict[str, list[Workload]]:
        return grouped((each.document.name, each) for each in self.bundle.knative_services)

    @cached_property
    def _namespaces(self) -> frozenset[str]:
        return frozenset(service.namespace for service in self.bundle.services)

    @cached_property
    def _entered_as_written(self) -> frozenset[str]:
        return frozenset(
            text(host)
            for entry in self.bundle.of_kind("ServiceEntry", NETWORKING)
            for host in items(entry.get("spec", "hosts"))
        )

    @cached_property
    def _routes(self) -> dict[str, list[tuple[ClusterHost, Document]]]:
        made: dict[str, list[tuple[ClusterHost, Document]]] = {}
        for route in self.bundle.of_kind("HTTPRoute", "gateway.networking.k8s.io"):
            for parent in items(route.get("spec", "parentRefs")):
                reference = mapping(parent)
                if reference.get("kind") == "Service":
                    name = text(reference.get("name"))
                    namespace = text(reference.get("namespace")) or route.namespace
                    of = ClusterHost(name=name, namespace=namespace)
                    made.setdefault(name, []).append((of, route))
        return made

    @cached_property
    def _entered(self) -> dict[str, list[ClusterHost]]:
        made: dict[str, list[ClusterHost]] = {}
        for entry in self.bundle.of_kind("ServiceEntry", NETWORKING):
            for listed in items(entry.get("spec", "hosts")):
                host = cluster_host(text(listed), entry.namespace)
                if host is not None:
                    made.setdefault(host.name, []).append(host)
        return made

    @cached_property
    def _rules(self) -> dict[str, list[Document]]:
        made: dict[str, list[Document]] = {}
        for rule in destination_rules(self.bundle):
            written = text(rule.get("spec", "host"))
            host = cluster_host(written, rule.namespace)
            name = "*" if written.startswith("*") else host.name if host else ""
            made.setdefault(name, []).append(rule)
        return made


def _by_name(documents: Iterable[Document]) -> dict[str, list[Document]]:
    return grouped((document.name, document) for document in documents)
