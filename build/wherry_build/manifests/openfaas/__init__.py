"""OpenFaaS: the stack file that unmodified faas-cli reads, and Function objects on request."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.emission import Emission, Loss, PodAddition
from wherry_build.manifests.openfaas.edition import ce_losses, ce_warnings
from wherry_build.manifests.openfaas.events import Subscriptions, subscriptions
from wherry_build.manifests.openfaas.function import (
    deployed_functions,
    deployed_name,
    taking_events,
)
from wherry_build.manifests.openfaas.function_object import function_document
from wherry_build.manifests.openfaas.keys import CARRIED as CARRIED
from wherry_build.manifests.openfaas.keys import LOST as LOST
from wherry_build.manifests.openfaas.scaling import scale_losses
from wherry_build.manifests.openfaas.stack import gateway_url, stack_document
from wherry_build.manifests.options import Edition, RenderOptions
from wherry_build.manifests.topology import Topology, Workload


def emit(topology: Topology, options: RenderOptions, addition: PodAddition) -> Emission:
    """The stack file; and the Function object of each function, when `options` ask for them.

    Raises:
        InvalidName: The gateway or the template's repository is no URL.
        ManifestError: Two functions would have one name, or a name is too long.
    """
    subscribed = subscriptions(topology, options.edition)
    functions = deployed_functions(topology, options.edition, addition, subscribed)
    stack = stack_document(
        functions,
        gateway=gateway_url(options.gateway),
        working_directory=options.working_directory,
        template_source=options.template_source,
    )
    objects = map(function_document, functions) if options.function_objects else ()
    losses = [
        *(loss for each in topology.workloads.values() for loss in _losses(each, options.edition)),
        *subscribed.losses,
        *_events_of_revisions(topology, subscribed),
    ]
    warnings = list(_expanded(topology))
    if options.edition is Edition.CE:
        warnings += ce_warnings(topology, [each.name for each in functions], subscribed)
    return Emission(documents=(stack, *objects), losses=tuple(losses), warnings=tuple(warnings))


def _losses(workload: Workload, edition: Edition) -> Iterator[Loss]:
    if edition is Edition.CE:
        yield from ce_losses(workload)
    yield from scale_losses(workload, edition)
    if workload.said.concurrency == 0:
        yield Loss(
            key=f"functions.{workload.name}.concurrency",
            reason="0 is what the runtime takes by itself, not as many as come",
            instead="a number of calls",
        )


def _events_of_revisions(topology: Topology, subscribed: Subscriptions) -> Iterator[Loss]:
    """Events cannot be shared out: the revision with the largest share gets them all."""
    for workload in topology.workloads.values():
        if len(workload.revisions) > 1 and subscribed.annotations(workload.name):
            name = deployed_name(workload.name, taking_events(workload).name)
            yield Loss(
                key=f"functions.{workload.name}.revisions",
                reason=f"events and schedules go to {name} alone, which has the largest share",
            )


def _expanded(topology: Topology) -> Iterator[str]:
    """Values of variables that Kubernetes reads as its own."""
    for name, workload in topology.workloads.items():
        found = [
            variable
            for variable, value in workload.function.environment.items()
            if "$(" in value or "$$" in value
        ]
        if found:
            yield (
                f"{name}: Kubernetes expands `$(NAME)` and `$$` in environment {', '.join(found)}; "
                "OpenFaaS does not escape them"
            )
