"""Linkerd, Kuma and Consul stand in pods, and divide calls inside where they take an HTTPRoute."""

import pytest
import yaml
from tests.builder.manifests.full_project import full_project, small_project

from wherry_build.manifests import Mesh, RenderOptions, Target, render

MESHES = (Mesh.LINKERD, Mesh.KUMA, Mesh.CONSUL)


def rendered(project, mesh, target=Target.KUBERNETES):
    options = RenderOptions(target=target, mesh=mesh, registry="ghcr.io/acme", tag="1.4.2")
    return render(project, options)


def objects(project, mesh, target=Target.KUBERNETES):
    found = yaml.safe_load_all(rendered(project, mesh, target).stream())
    return {(each["kind"], each["metadata"]["name"]): each for each in found if "kind" in each}


@pytest.mark.parametrize(
    ("mesh", "place", "key", "value"),
    [
        (Mesh.LINKERD, "annotations", "linkerd.io/inject", "enabled"),
        (Mesh.KUMA, "labels", "kuma.io/sidecar-injection", "enabled"),
        (Mesh.CONSUL, "annotations", "consul.hashicorp.com/connect-inject", "true"),
    ],
)
@pytest.mark.parametrize(
    ("target", "kind"), [(Target.KUBERNETES, "Deployment"), (Target.KNATIVE, "Service")]
)
def test_every_pod_is_asked_for(mesh, place, key, value, target, kind):
    pods = [
        each["spec"]["template"]["metadata"]
        for (found, _), each in objects(small_project(), mesh, target).items()
        if found == kind
    ]
    assert pods
    assert all(pod[place][key] == value for pod in pods)


@pytest.mark.parametrize("mesh", [Mesh.LINKERD, Mesh.KUMA])
def test_callers_inside_share_the_revisions(mesh):
    found = objects(small_project(), mesh)
    assert [name for kind, name in found if kind == "HTTPRoute"] == ["service.hello"]
    assert found["HTTPRoute", "service.hello"]["spec"] == {
        "parentRefs": [{"group": "", "kind": "Service", "name": "hello", "port": 80}],
        "rules": [
            {
                "backendRefs": [
                    {"name": "hello-v1", "port": 80, "weight": 90},
                    {"name": "hello-v2", "port": 80, "weight": 10},
                ]
            }
        ],
    }
    services = {name: each for (kind, name), each in found.items() if kind == "Service"}
    assert {"hello", "hello-v1", "hello-v2"} <= services.keys()


PERCENTS = {f"functions.hello.revisions.{name}.percent" for name in ("v1", "v2")}


@pytest.mark.parametrize("mesh", MESHES)
@pytest.mark.parametrize("target", Target)
def test_shares_that_nobody_divides_are_told(mesh, target):
    lost = {each.key for each in rendered(small_project(), mesh, target).losses}
    divided = target is Target.KNATIVE or (target is Target.KUBERNETES and mesh is not Mesh.CONSUL)
    assert bool(PERCENTS & lost) is not divided


@pytest.mark.parametrize("mesh", MESHES)
def test_what_they_do_not_carry_has_a_reason(mesh):
    found = {each.key: each for each in rendered(full_project(), mesh).losses}
    keys = {"hosts.plain.example.com", "routes.orders.path.prefix", "mutual_tls",
            "functions.orders.traffic_policy.load_balancing"}  # fmt: skip
    assert keys <= found.keys()
    for key, loss in found.items():
        if key.startswith(("hosts", "routes", "mutual_tls", "functions.orders.traffic_policy")):
            assert "no form" not in loss.reason


@pytest.mark.parametrize("mesh", MESHES)
def test_no_gateway_is_needed(mesh):
    """They are told of pods alone, so a project without a host is rendered as well."""
    project = small_project()
    assert not [kind for kind, _ in objects(project, mesh) if kind == "Gateway"]
