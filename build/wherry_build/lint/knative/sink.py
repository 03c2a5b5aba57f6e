"""The rule over SinkBindings: KNA018."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.finding import Severity
from wherry_build.lint.knative.kinds import SERVING, SOURCES, of_knative
from wherry_build.lint.node import mapping, text
from wherry_build.lint.rule import Fault, fault, rule


@rule("KNA018", Severity.ERROR, "a SinkBinding cannot change what it is to bind")
def unbindable(bundle: Bundle) -> Iterator[Fault]:
    """Its subject is in another namespace, or a Service whose revision has a name of its own."""
    named = {
        (each.namespace, each.name): text(each.get("spec", "template", "metadata", "name"))
        for each in of_knative(bundle, "Service", SERVING)
    }
    for document in of_knative(bundle, "SinkBinding", SOURCES):
        subject = mapping(document.get("spec", "subject"))
        namespace = text(subject.get("namespace"))
        if namespace and document.namespace and namespace != document.namespace:
            yield fault(
                document,
                ("spec", "subject", "namespace"),
                f"got a subject in {namespace!r}, expected one in {document.namespace!r}, where "
                "the binding is",
                hint=f"write namespace: {namespace} in metadata, too",
            )
            continue
        group = text(subject.get("apiVersion")).rpartition("/")[0]
        if group != SERVING or subject.get("kind") != "Service":
            continue
        revision = named.get((document.namespace, text(subject.get("name"))), "")
        if revision:
            yield fault(
                document,
                ("spec", "subject", "name"),
                f"got a Service whose template has the name {revision!r}: Serving refuses the "
                "template with K_SINK in it under that name",
                hint="take the name out of the template, or write K_SINK into its env",
            )
