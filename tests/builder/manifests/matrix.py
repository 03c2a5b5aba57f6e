"""Every way to render: each target with each mesh and each sidecar that it can have."""

import itertools

import pytest
from tests.builder.manifests.full_project import full_project, small_project

from wherry_build.manifests.options import Mesh, RenderOptions, Sidecar, Target

PROJECTS = {"small": small_project, "full": full_project}


WAYS = [
    (target, mesh, sidecar)
    for target, mesh, sidecar in itertools.product(Target, Mesh, Sidecar)
    # OpenFaaS makes the pods, and has no place for another container.
    if target is not Target.OPENFAAS or sidecar is Sidecar.NONE
]


CORE_GROUPS = {"apps", "autoscaling", "batch", "networking.k8s.io", "policy"}


def is_core(item: dict) -> bool:
    """Whether it is an object of Kubernetes' own types; the stack file of OpenFaaS is no object."""
    group, slash, _ = item.get("apiVersion", "").partition("/")
    return "kind" in item and (not slash or group in CORE_GROUPS)


def name(way) -> str:
    """What to call a way in the name of a test, a folder or a namespace."""
    return "-".join(each.value for each in way)


def options(way, **more) -> RenderOptions:
    """Everything on: objects on request, monitoring, a host with a certificate."""
    target, mesh, sidecar = way
    return RenderOptions(
        **{
            "target": target,
            "mesh": mesh,
            "sidecar": sidecar,
            "registry": "ghcr.io/acme",
            "tag": "1.4.2",
            "host": "cli.example.com",
            "tls_secret": "cli-tls",
            "function_objects": True,
            "monitoring": True,
            **more,
        }
    )


every_way = pytest.mark.parametrize("way", WAYS, ids=name)
each_project = pytest.mark.parametrize("project", PROJECTS)
