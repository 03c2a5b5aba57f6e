"""Rules over Brokers and Triggers: KNA009, KNA010, KNA011."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.knative.autoscaling import PREFIX
from wherry_build.lint.knative.kinds import EVENTING, of_knative
from wherry_build.lint.node import mapping, text
from wherry_build.lint.rule import Fault, fault, rule


@rule("KNA009", Severity.WARNING, "a Broker loses what is not delivered at once")
def lossy_broker(bundle: Bundle) -> Iterator[Fault]:
    """Without retry and without a dead letter sink an event that fails is gone."""
    if _has_defaults(bundle):
        return
    of_broker: dict[tuple[str, str], list[Document]] = {}
    for trigger in _triggers(bundle):
        key = (text(trigger.get("spec", "broker")), trigger.namespace)
        of_broker.setdefault(key, []).append(trigger)
    for document in _brokers(bundle):
        triggers = of_broker.get((document.name, document.namespace), [])
        if _delivers(document) or (triggers and all(map(_delivers, triggers))):
            continue
        yield fault(
            document,
            ("spec", "delivery"),
            "got a Broker without delivery.retry and delivery.deadLetterSink, expected one of them",
            hint="add delivery with retry, backoffPolicy, backoffDelay and deadLetterSink",
        )


def _has_defaults(bundle: Bundle) -> bool:
    """Whether the cluster's own defaults are given, and say what delivery does."""
    for document in bundle.of_kind("ConfigMap"):
        said = " ".join(map(text, mapping(document.get("data")).values()))
        if document.name == "config-br-defaults" and "delivery" in said:
            return True
    return False


def _brokers(bundle: Bundle) -> tuple[Document, ...]:
    return of_knative(bundle, "Broker", EVENTING)


def _triggers(bundle: Bundle) -> tuple[Document, ...]:
    return of_knative(bundle, "Trigger", EVENTING)


def _delivers(document: Document) -> bool:
    """Whether it says how often to try; a retry of 0 is said as well as any."""
    delivery = mapping(document.get("spec", "delivery"))
    return "retry" in delivery or bool(delivery.get("deadLetterSink"))


@rule("KNA010", Severity.ERROR, "a Trigger is in another namespace than its Broker")
def apart(bundle: Bundle) -> Iterator[Fault]:
    """`spec.broker` is looked for in the Trigger's own namespace, written or not."""
    brokers: dict[str, list[Document]] = {}
    for broker in _brokers(bundle):
        brokers.setdefault(broker.name, []).append(broker)
    for document in _triggers(bundle):
        named = text(document.get("spec", "broker"))
        found = brokers.get(named, []) if named else []
        if not found or any(each.namespace == document.namespace for each in found):
            continue
        got = f"namespace {document.namespace}" if document.namespace else "no namespace"
        other = f"is in {found[0].namespace}" if found[0].namespace else "has none"
        yield fault(
            document,
            ("metadata", "namespace"),
            f"got {got}, and Broker {named} {other}",
            hint="write the same metadata.namespace in both",
        )


@rule("KNA011", Severity.WARNING, "events go to a plain Service, which nothing scales")
def unscaled_subscriber(bundle: Bundle) -> Iterator[Fault]:
    """Only where scaling is plainly meant: annotations of the autoscaler, or a Knative Service."""
    for document in _triggers(bundle):
        reference = mapping(document.get("spec", "subscriber", "ref"))
        if reference.get("apiVersion") != "v1" or reference.get("kind") != "Service":
            continue
        namespace = text(reference.get("namespace")) or document.namespace
        reason = _scaling_meant(bundle, text(reference.get("name")), namespace)
        if reason:
            yield fault(
                document,
                ("spec", "subscriber", "ref", "apiVersion"),
                f"got a plain Service as subscriber, and {reason}",
                hint="name a Service of serving.knative.dev/v1",
            )


def _scaling_meant(bundle: Bundle, name: str, namespace: str) -> str:
    plain = bundle.find("Service", name, namespace=namespace)
    if plain is None:
        made = bundle.find("Service", name, group="serving.knative.dev", namespace=namespace)
        return f"{name} is a Knative Service" if made is not None else ""
    for workload in bundle.behind(plain):
        document = workload.document
        for keys in ((), workload.keys):
            annotations = mapping(document.get(*keys, "metadata", "annotations"))
            if any(str(key).startswith(PREFIX) for key in annotations):
                return f"Knative does not read the annotations of {document.subject} behind it"
    return ""
