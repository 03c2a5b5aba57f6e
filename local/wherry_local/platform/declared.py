"""The functions of a project as deployments: what wherry.yaml and handlers say, in one value each.

No I/O but the clock; who may scale how is told by `wherry_local.autoscaling.policy`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.project import Function, Project, handler_place
from wherry_build.project.image_name import image_reference
from wherry_build.project.specification import FunctionSpecification
from wherry_local.autoscaling.policy import policy_of, remarks_of
from wherry_local.broker.matching import DEFAULT_BROKER
from wherry_local.deployment import Deployment
from wherry_local.project_namespaces import event_namespace, function_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a function finds the platform.

    Attributes:
        gateway: Address of the gateway, without a slash at its end.
        broker: The same of the broker.
    """

    gateway: str
    broker: str

    def of_broker(self, namespace: str, name: str) -> str:
        """Where the broker `name` takes events."""
        return f"{self.broker}/{namespace}/{name}"


def deployments(project: Project, addresses: Addresses) -> list[Deployment]:
    """Every function of `project` as it is to run here."""
    return [_deployment(project, each, addresses) for each in project.functions]


def unused_here(project: Project) -> Iterator[str]:
    """What wherry.yaml says that has no meaning on one machine, for those who run it."""
    specification = project.specification
    if specification is None:
        return
    if specification.mutual_tls is not None:
        yield "mutual_tls: there is no mesh here; calls stay on this machine's loopback"
    for name, said in specification.functions.items():
        for key in ("revisions", "authorization", "traffic_policy"):
            if getattr(said, key):
                yield f"functions.{name}.{key}: one revision is served here, to every caller"
    for function in project.functions:
        for remark in remarks_of(function, function.labels, function.annotations):
            yield f"functions.{function.name}: {remark}"


def _deployment(project: Project, function: Function, addresses: Addresses) -> Deployment:
    said = _said(project, function)
    return Deployment(
        key=function_key(project, function.name),
        handler=handler_place(function),
        folder=function.folder,
        image=said.image or _image(project, function),
        environment=function.environment,
        surroundings=_surroundings(project, function, addresses),
        secrets=said.secrets,
        labels=function.labels,
        annotations=function.annotations,
        limits=_amounts(cpu=None, memory=function.resources.memory_limit),
        requests=_amounts(
            cpu=function.resources.cpu_request, memory=function.resources.memory_request
        ),
        read_only_root=said.read_only_root is not False,
        scale=policy_of(function, function.labels, function.annotations),
        concurrency=function.concurrency,
        timeout_s=float(function.timeout_s),
        created_at=time.time(),
    )


def surroundings(project: Project, addresses: Addresses) -> dict[str, str]:
    """What the platform adds to the environment of a function of which the project says nothing."""
    return {
        "OPENFAAS_URL": addresses.gateway,
        "K_SINK": addresses.of_broker(event_namespace(project), DEFAULT_BROKER),
        # Knative's bindings set it with the sink in any case, empty where nothing is overridden.
        "K_CE_OVERRIDES": "",
    }


def _surroundings(project: Project, function: Function, addresses: Addresses) -> dict[str, str]:
    given = surroundings(project, addresses)
    sink = _said(project, function).sink
    if sink is not None and sink.url is not None:
        given["K_SINK"] = sink.url
    elif sink is not None and sink.broker is not None:
        given["K_SINK"] = addresses.of_broker(event_namespace(project), sink.broker)
    if function.concurrency:
        given["WHERRY_MAX_INFLIGHT"] = str(function.concurrency)
    return given


def _image(project: Project, function: Function) -> str:
    return image_reference(function.name, registry=project.registry or "", tag="latest")


def _amounts(*, cpu: str | None, memory: str | None) -> dict[str, str]:
    return {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}


def _said(project: Project, function: Function) -> FunctionSpecification:
    functions = project.specification.functions if project.specification is not None else {}
    return functions.get(function.name, FunctionSpecification())
