"""Rules over what a feature flag must allow: KNA006, KNA015.

Flags are settings of a cluster. Without its ConfigMap `config-features`, or the operator's
KnativeServing, nobody knows them, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle, Workload
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import http_entries, virtual_services
from wherry_build.lint.node import Keys, Node, entries, items, mapping, strings, text
from wherry_build.lint.rule import Fault, fault, rule

_ON = frozenset({"allowed", "enabled"})
_POD_FIELDS = {
    "affinity": "kubernetes.podspec-affinity",
    "dnsConfig": "kubernetes.podspec-dnsconfig",
    "dnsPolicy": "kubernetes.podspec-dnspolicy",
    "hostAliases": "kubernetes.podspec-hostaliases",
    "initContainers": "kubernetes.podspec-init-containers",
    "nodeSelector": "kubernetes.podspec-nodeselector",
    "priorityClassName": "kubernetes.podspec-priorityclassname",
    "runtimeClassName": "kubernetes.podspec-runtimeclassname",
    "schedulerName": "kubernetes.podspec-schedulername",
    "securityContext": "kubernetes.podspec-securitycontext",
    "tolerations": "kubernetes.podspec-tolerations",
    "topologySpreadConstraints": "kubernetes.podspec-topologyspreadconstraints",
}
_CLAIM = "kubernetes.podspec-persistent-volume-claim"
_FIELD_REF = "kubernetes.podspec-fieldref"
_TAG_ROUTING = "tag-header-based-routing"
_TAG_HEADER = "knative-serving-tag"


@rule("KNA006", Severity.ERROR, "a field needs a feature flag that this cluster has switched off")
def flagged_fields(bundle: Bundle) -> Iterator[Fault]:
    """Knative refuses the field until the flag allows it; all of these are off by default."""
    flags = _flags(bundle)
    if flags is None:
        return
    for service in bundle.knative_services:
        for keys, flag in _flagged(service):
            if flags.get(flag, "disabled").lower() not in _ON:
                yield fault(
                    service.document,
                    keys,
                    f"got {keys[-1]}, and {flag} is {flags.get(flag, 'not set, so disabled')}",
                    hint=f"set {flag}: enabled in config-features, or leave the field away",
                )


def _flags(bundle: Bundle) -> dict[str, str] | None:
    """The flags of Knative Serving; None where no file shows them."""
    for document in bundle.of_kind("ConfigMap"):
        if document.name == "config-features" and document.namespace in {"", "knative-serving"}:
            return strings(document.get("data"))
    for document in bundle.of_kind("KnativeServing", "operator.knative.dev"):
        config = mapping(document.get("spec", "config"))
        for name in ("features", "config-features"):
            if name in config:
                return strings(config[name])
    return None


def _flagged(service: Workload) -> Iterator[tuple[Keys, str]]:
    """Each field that needs a flag, with the flag."""
    for field, flag in _POD_FIELDS.items():
        if field in service.spec:
            yield (*service.spec_keys, field), flag
    for below, volume in entries(service.spec, "volumes"):
        if "persistentVolumeClaim" in mapping(volume):
            yield (*service.spec_keys, *below, "persistentVolumeClaim"), _CLAIM
    for keys, container in service.containers():
        for below, variable in entries(container, "env"):
            source = mapping(mapping(variable).get("valueFrom"))
            if "fieldRef" in source:
                yield (*keys, *below, "valueFrom", "fieldRef"), _FIELD_REF


@rule("KNA015", Severity.WARNING, "calls are routed by a tag header that this cluster passes over")
def tag_header(bundle: Bundle) -> Iterator[Fault]:
    """The header `Knative-Serving-Tag` counts only where the flag is on; by default it is off."""
    flags = _flags(bundle)
    if flags is None or flags.get(_TAG_ROUTING, "disabled").lower() in _ON:
        return
    routes = (*virtual_services(bundle), *bundle.of_kind("HTTPRoute", "gateway.networking.k8s.io"))
    for document in routes:
        for keys in _tag_headers(document):
            yield fault(
                document,
                keys,
                f"got the header Knative-Serving-Tag, and {_TAG_ROUTING} is off",
                hint=f"set {_TAG_ROUTING}: enabled in config-features, or call the tag's own host",
            )


def _tag_headers(document: Document) -> Iterator[Keys]:
    for keys, route in http_entries(document):
        below = [(*keys, *item) for item, _ in entries(route, "route")]
        for base in (keys, *below):
            for verb in ("add", "set"):
                yield from _named(document, (*base, "headers", "request", verb))
    for keys, rule_ in entries(document.node, "spec", "rules"):
        for below_rule, each in entries(rule_, "filters"):
            modifier = mapping(mapping(each).get("requestHeaderModifier"))
            if any(
                _is_tag(header) for verb in ("add", "set") for header in _headers(modifier, verb)
            ):
                yield (*keys, *below_rule)


def _named(document: Document, keys: Keys) -> Iterator[Keys]:
    for name in mapping(document.get(*keys)):
        if isinstance(name, str) and name.lower() == _TAG_HEADER:
            yield (*keys, name)


def _headers(modifier: Node, verb: str) -> list[Node]:
    return [mapping(each) for each in items(modifier.get(verb))]


def _is_tag(header: Node) -> bool:
    return text(header.get("name")).lower() == _TAG_HEADER
