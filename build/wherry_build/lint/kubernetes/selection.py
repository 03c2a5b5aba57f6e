"""Rules about what selects what: workloads their pods, Services their workloads."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from operator import itemgetter

from wherry_build.lint.bundle import Bundle, Workload, grouped, may_share_namespace
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import at, mapping, strings
from wherry_build.lint.rule import Fault, fault, fix, rule

_NEEDS_SELECTOR = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})


@rule("K8S001", Severity.ERROR, "a workload's selector is missing or is not its pods' labels")
def selector_and_labels(bundle: Bundle) -> Iterator[Fault]:
    """`spec.selector` is required, and must select the template's own labels."""
    for workload in bundle.workloads:
        document = workload.document
        if document.kind not in _NEEDS_SELECTOR or not mapping(workload.template):
            continue
        wanted = mapping(document.get("spec", "selector", "matchLabels"))
        expressions = document.get("spec", "selector", "matchExpressions")
        if not wanted and not expressions:
            yield fault(
                document,
                ("spec",),
                "got no spec.selector, expected one that selects the template's labels",
                hint="add selector.matchLabels with labels of the template",
            )
            continue
        for key, value in strings(wanted).items():
            got = workload.labels.get(key)
            if got != value:
                yield fault(
                    document,
                    ("spec", "selector", "matchLabels", key),
                    f"got selector {key}={value}, and the template's label is "
                    + (f"{key}={got}" if got is not None else "not there"),
                    hint="give the template the labels that the selector asks for",
                )


@fix("K8S001")
def make_selector_and_labels_agree(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """Select the template's labels, or give the template what the selector asks for."""
    spec = found.document.node["spec"]
    template = spec["template"]
    if len(found.keys) == 1:
        labels = strings(at(template, "metadata", "labels"))
        if labels:
            spec.insert(list(spec).index("template"), "selector", {"matchLabels": labels})
        return
    metadata = template.setdefault("metadata", {})
    wanted = {found.keys[-1]: found.document.get(*found.keys)}
    if mapping(at(metadata, "labels")):
        metadata["labels"].update(wanted)
    elif isinstance(metadata, dict):
        metadata["labels"] = wanted


@rule("K8S002", Severity.ERROR, "a Service's selector matches no pods of the workload it is for")
def service_selects_nothing(bundle: Bundle) -> Iterator[Fault]:
    """Told only where a workload is plainly meant: others may be applied from elsewhere."""
    for service in bundle.services:
        selector = strings(service.get("spec", "selector"))
        if not selector or bundle.behind(service):
            continue
        meant = _meant(bundle, service, selector)
        if meant is not None:
            yield fault(
                service,
                ("spec", "selector"),
                f"got {_pairs(selector)}, and the pods of {meant.document.subject} have "
                f"{_pairs(meant.labels) or 'no labels'}",
                hint="select labels that the pods carry; without one the Service has no endpoints",
            )


def _meant(bundle: Bundle, service: Document, selector: dict[str, str]) -> Workload | None:
    """The workload that a Service seems to be for: by its name, or by a label's value."""
    known = _by_word(bundle)
    meant = (
        (order, workload)
        for name in {service.name, *selector.values()}
        for order, workload in known.get(name, ())
        if may_share_namespace(workload.document.namespace, service.namespace)
    )
    return min(meant, key=itemgetter(0), default=(0, None))[1]


@functools.lru_cache(maxsize=1)
def _by_word(bundle: Bundle) -> dict[str, list[tuple[int, Workload]]]:
    """Workloads by their name and by each value of their labels, with their order."""
    return grouped(
        (word, (order, workload))
        for order, workload in enumerate(bundle.workloads)
        for word in {workload.document.name, *workload.labels.values()}
    )


def _pairs(labels: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())
