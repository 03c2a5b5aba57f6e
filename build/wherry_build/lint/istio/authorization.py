"""Rules over Istio's AuthorizationPolicy: IST009, IST017."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter

from wherry_build.lint.bundle import Bundle, Workload, grouped, may_share_namespace
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import SECURITY
from wherry_build.lint.node import Keys, Node, items, mapping, strings, text, walk
from wherry_build.lint.rule import Fault, fault, rule

_AMBIENT = ("istio.io/dataplane-mode", "ambient")
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_OF_REQUESTS = frozenset(
    {
        "hosts",
        "methods",
        "notHosts",
        "notMethods",
        "notPaths",
        "notRequestPrincipals",
        "paths",
        "requestPrincipals",
    }
)
"""Fields of a rule that only a proxy which reads HTTP can judge."""

_SERVING = "knative-serving"
_IDENTITIES = ("namespaces", "principals", "serviceAccounts")


@rule("IST009", Severity.ERROR, "a policy over requests is bound to pods of an ambient namespace")
def requests_in_ambient(bundle: Bundle) -> Iterator[Fault]:
    """Only a waypoint reads requests there; the node's proxy refuses what it cannot judge."""
    for document in _policies(bundle):
        labels = bundle.namespace_labels(document.namespace)
        if labels.get(_AMBIENT[0]) != _AMBIENT[1] or _is_bound(document):
            continue
        field = _request_field(document)
        if field:
            yield fault(
                document,
                field,
                f"got {field[-1]} in a policy of the ambient namespace {document.namespace}, "
                "expected targetRefs to a Service or a waypoint",
                hint="replace the selector with `targetRefs`",
            )


def _policies(bundle: Bundle) -> tuple[Document, ...]:
    return bundle.of_kind("AuthorizationPolicy", SECURITY)


def _is_bound(document: Document) -> bool:
    """Whether a policy is for a gateway or a waypoint, which read requests."""
    spec = mapping(document.get("spec"))
    labels = strings(document.get("spec", "selector", "matchLabels"))
    return "targetRefs" in spec or "targetRef" in spec or _GATEWAY_NAME in labels


def _request_field(document: Document) -> Keys:
    for keys, node in walk(document.get("spec", "rules"), ("spec", "rules")):
        if keys[-1] in _OF_REQUESTS:
            return keys
        if keys[-1] == "key" and text(node).startswith("request."):
            return keys
    return ()


@rule("IST017", Severity.WARNING, "a policy shuts out Knative's own calls, or denies nothing")
def policy_of_nobody(bundle: Bundle) -> Iterator[Fault]:
    """Calls to a Knative Service may come from its activator, in the namespace knative-serving."""
    for document in _policies(bundle):
        spec = mapping(document.get("spec"))
        if spec.get("action") == "DENY" and not items(spec.get("rules")):
            yield fault(
                document,
                ("spec", "action"),
                "got action DENY without rules, which matches no call and denies nothing",
                hint="write `spec: {}`, which lets nothing in that no other policy names",
            )
    allowing = [each for each in _policies(bundle) if _is_allow(each)]
    by_label = grouped((_first_label(each), (order, each)) for order, each in enumerate(allowing))
    for service in bundle.knative_services:
        yield from _shut_out(by_label, service)


def _shut_out(
    by_label: Mapping[tuple[str, str] | None, list[tuple[int, Document]]], service: Workload
) -> Iterator[Fault]:
    found = [
        pair for label in (None, *_pod_labels(service).items()) for pair in by_label.get(label, ())
    ]
    rules = [
        (document, mapping(each))
        for _, document in sorted(found, key=itemgetter(0))
        if _selects(document, service)
        for each in items(document.get("spec", "rules"))
    ]
    if rules and not any(_lets_serving_in(each) for _, each in rules):
        yield fault(
            rules[0][0],
            ("spec", "rules"),
            f"got rules that let nobody of {_SERVING} reach {service.document.subject}, expected "
            "its activator among the callers",
            hint=f"add a rule with source.namespaces [{_SERVING}]",
        )


def _is_allow(document: Document) -> bool:
    spec = mapping(document.get("spec"))
    return spec.get("action", "ALLOW") == "ALLOW" and not _is_bound(document)


def _selects(document: Document, service: Workload) -> bool:
    if not may_share_namespace(document.namespace, service.document.namespace):
        return False
    wanted = strings(document.get("spec", "selector", "matchLabels"))
    return wanted.items() <= _pod_labels(service).items()


def _first_label(document: Document) -> tuple[str, str] | None:
    """A label that a policy selects by; None for one that selects every pod."""
    return next(iter(strings(document.get("spec", "selector", "matchLabels")).items()), None)


def _pod_labels(service: Workload) -> dict[str, str]:
    """Labels of the pods of a Knative Service, with those that Knative gives them."""
    own = {
        "serving.knative.dev/configuration": service.document.name,
        "serving.knative.dev/service": service.document.name,
    }
    return {**own, **service.labels}


def _lets_serving_in(rule_: Node) -> bool:
    """Whether a rule may let knative-serving in; one without callers, or with others, may."""
    callers = [mapping(mapping(each).get("source")) for each in items(rule_.get("from"))]
    return not callers or any(_may_be_serving(caller) for caller in callers)


def _may_be_serving(caller: Node) -> bool:
    named = [text(each) for field in _IDENTITIES for each in items(caller.get(field))]
    return not named or any(_SERVING in each or "*" in each for each in named)
