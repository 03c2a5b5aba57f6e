"""A function as OpenFaaS runs it: one for each revision, in values that it has a place for.

The stack file and the Function object are both written from it, each in its own keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from wherry_build.errors import ManifestError
from wherry_build.manifests.document import GRACE_S
from wherry_build.manifests.emission import PodAddition
from wherry_build.manifests.openfaas.events import Subscriptions
from wherry_build.manifests.openfaas.probing import probe_annotations
from wherry_build.manifests.openfaas.scaling import scale_labels
from wherry_build.manifests.options import Edition
from wherry_build.manifests.sink import sink_variables
from wherry_build.manifests.topology import Revision, Topology, Workload
from wherry_build.project.specification.function import Amounts, ResourceLimits

_LIMIT_NAME = 63
_SERVICE_ACCOUNT = "com.openfaas.serviceaccount"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFunction:
    """One function.

    Attributes:
        name: What it is called there.
        function: Name of the function in the project.
        namespace: Where it goes.
        folder: The folder that its image carries.
        image: Full reference of its image.
        environment: Variables that it is given.
        secrets: Names of secrets that it is given.
        labels: Labels of its pods.
        annotations: Annotations of its pods.
        constraints: Labels of nodes that it may run on, `key=value`.
        requests: CPU and memory that are kept free for it.
        limits: CPU and memory that it is held to.
        read_only_root: Whether its root file system is read-only.
        is_built: Whether its image is made of `folder` as it is today.
    """

    name: str
    function: str
    namespace: str
    folder: Path
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    read_only_root: bool = True
    is_built: bool = True


def deployed_name(function: str, revision: str) -> str:
    """What a revision is called there, `hello-v1`; the function's own name where it has none.

    Raises:
        ManifestError: It is too long for a name of Kubernetes.
    """
    name = f"{function}-{revision}" if revision else function
    if len(name) > _LIMIT_NAME:
        raise ManifestError(
            f"revision {revision!r} of {function!r} is a function of its own on OpenFaaS, and "
            f"{name!r} has {len(name)} characters, expected at most {_LIMIT_NAME}",
            hint="a shorter name of the revision",
        )
    return name


def deployed_functions(
    topology: Topology, edition: Edition, addition: PodAddition, subscribed: Subscriptions
) -> tuple[DeployedFunction, ...]:
    """Every function, those of one workload in the order of its revisions.

    Raises:
        ManifestError: Two have one name, or a name is too long.
    """
    made: dict[str, DeployedFunction] = {}
    for workload in topology.workloads.values():
        takes_events = taking_events(workload)
        for revision in workload.revisions:
            name = deployed_name(workload.name, revision.name)
            if name in made:
                raise ManifestError(
                    f"revision {revision.name!r} of {workload.name!r} is a function of its own on "
                    f"OpenFaaS, and another is called {name!r} already",
                    hint="another name of the revision",
                )
            brought = subscribed.annotations(workload.name) if revision is takes_events else {}
            made[name] = _deployed(name, workload, revision, topology, edition, addition, brought)
    return tuple(made.values())


def taking_events(workload: Workload) -> Revision:
    """The revision that events go to, for all that have a topic get every event of it."""
    return max(workload.revisions, key=lambda revision: revision.percent)


def _deployed(
    name: str,
    workload: Workload,
    revision: Revision,
    topology: Topology,
    edition: Edition,
    addition: PodAddition,
    brought: Mapping[str, str],
) -> DeployedFunction:
    function, said = workload.function, workload.said
    paid: dict[str, str] = {}
    if edition is not Edition.CE:
        paid = probe_annotations(workload)
        if said.service_account is not None:
            paid[_SERVICE_ACCOUNT] = said.service_account
    resources = function.resources
    limits = (said.resources or ResourceLimits()).limits or Amounts()
    return DeployedFunction(
        name=name,
        function=workload.name,
        namespace=topology.namespace,
        folder=function.folder,
        image=revision.image,
        environment={**dict(_environment(name, workload, revision)), **function.environment},
        secrets=said.secrets,
        labels={**addition.labels, **scale_labels(workload, edition), **function.labels},
        annotations={**addition.annotations, **paid, **brought, **function.annotations},
        constraints=tuple(f"{key}={value}" for key, value in said.nodes.items()),
        requests={"cpu": resources.cpu_request, "memory": resources.memory_request},
        limits={
            **({"cpu": str(limits.cpu)} if limits.cpu is not None else {}),
            "memory": resources.memory_limit,
        },
        read_only_root=said.read_only_root is not False,
        # A build must not put today's folder into the image of an older revision, or of a digest.
        is_built=revision is workload.newest and "@" not in revision.image,
    )


def _environment(name: str, workload: Workload, revision: Revision) -> Iterator[tuple[str, str]]:
    """Variables by the names that the watchdog has for them; the runtime reads those as well."""
    function = workload.function
    # OPENFAAS_NAME is set by the paid editions only; it is how the runtime knows the platform.
    yield "OPENFAAS_NAME", name
    if revision.name:
        yield "WHERRY_REVISION", revision.name
    yield "exec_timeout", f"{function.timeout_s}s"
    for variable in ("read_timeout", "write_timeout"):
        yield variable, f"{function.timeout_s + GRACE_S}s"
    if workload.said.concurrency is not None:
        yield "max_inflight", str(function.concurrency)
    yield from sink_variables(workload).items()
    if function.handler != "handler.py":
        # faas-cli lays the folder over the template's own, whose handler.py would be found first.
        yield "WHERRY_HANDLER", str(PurePosixPath("/srv/function", function.handler))
