"""Hosts without a mesh: which have a DomainMapping, and what of the rest is told."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.manifests import Mesh, RenderOptions, Target
from wherry_build.manifests.emission import PodAddition
from wherry_build.manifests.knative import emit
from wherry_build.manifests.resolution import topology

HOST = "hosts: {fns.example.com: {tls: {secret: fns-tls}}}\n"
BASE = "namespace: fns\nfunctions: {hello: {}, orders: {}}\n"


@pytest.fixture
def mapping(objects):
    """The DomainMapping of the host of a project with these routes, or None."""

    def mapping(routes, host=HOST):
        found = objects(f"{BASE}{host}routes: {routes}")
        return found.get(("DomainMapping", "fns.example.com"))

    return mapping


def test_a_host_of_one_function(mapping):
    found = mapping("{r: {host: fns.example.com, function: hello}}")
    assert found["apiVersion"] == "serving.knative.dev/v1beta1"
    assert found["metadata"]["namespace"] == "fns"
    assert found["metadata"]["annotations"] == {
        "networking.knative.dev/http-protocol": "redirected"
    }
    assert found["spec"] == {
        "ref": {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "name": "hello",
            "namespace": "fns",
        },
        "tls": {"secretName": "fns-tls"},
    }


def test_without_redirect_and_without_tls(mapping):
    routes = "{r: {host: fns.example.com, function: hello}}"
    plain = mapping(routes, "hosts: {fns.example.com: {tls: {secret: s, redirect: false}}}\n")
    assert plain["metadata"]["annotations"] == {"networking.knative.dev/http-protocol": "enabled"}
    for host in ("hosts: {fns.example.com: {}}\n", ""):
        found = mapping(routes, host)
        assert "annotations" not in found["metadata"]
        assert set(found["spec"]) == {"ref"}


@pytest.mark.parametrize(
    "route",
    [
        "{function: hello}",
        "{function: hello, path: {prefix: /}}",
        "{split: [{function: hello, percent: 100}]}",
        "{function: hello, host: fns.example.com, timeout: 3s}",
    ],
)
def test_a_route_that_takes_every_call(mapping, route):
    assert mapping(f"{{r: {route}}}") is not None


@pytest.mark.parametrize(
    "routes",
    [
        "{r: {function: hello, path: {prefix: /hello}}}",
        "{r: {function: hello, path: {exact: /}}}",
        "{r: {function: hello, methods: [GET]}}",
        "{r: {function: hello, headers: {x-a: {present: true}}}}",
        "{r: {function: hello, rewrite: {host: a.b}}}",
        "{r: {split: [{function: hello, percent: 50}, {function: orders, percent: 50}]}}",
        "{r: {function: hello}, s: {function: orders, path: {prefix: /x}}}",
        "{r: {function: hello, host: other.example.com}}",
    ],
)
def test_routes_that_wait_for_a_mesh(mapping, routes):
    host = HOST.replace("}}}", "}}, other.example.com: {}}")
    assert mapping(routes, host) is None


def test_a_split_that_is_the_functions_own_takes_every_call(objects):
    text = """
functions: {hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}}
routes:
  r:
    host: fns.example.com
    split:
    - {function: hello, revision: v1, percent: %d}
    - {function: hello, revision: v2, percent: %d}
"""
    key = ("DomainMapping", "fns.example.com")
    assert key in objects(text % (90, 10))
    assert key not in objects(text % (80, 20))


def test_a_host_for_all_below_it_has_no_mapping(objects):
    found = objects(f"{BASE}routes: {{r: {{host: '*.example.com', function: hello}}}}")
    assert not any(kind == "DomainMapping" for kind, _ in found)


def test_what_is_written_is_not_told_as_lost_and_what_is_not_is(told):
    text = f"""
{BASE}
hosts: {{fns.example.com: {{tls: {{secret: a, redirect: true}}}}, rest.example.com: {{}}}}
routes:
  all: {{host: fns.example.com, path: {{prefix: /}}, function: hello, timeout: 3s}}
  part: {{host: rest.example.com, path: {{prefix: /x}}, function: orders}}
"""
    losses, warnings = told(text)
    assert set(losses) == {
        "hosts.rest.example.com",
        "routes.all.timeout",
        "routes.part.host",
        "routes.part.path.prefix",
        "routes.part.function",
    }
    assert "fns.example.com: the cluster must let namespace fns have the host" in warnings


def test_a_mesh_serves_the_hosts_itself():
    project = made(f"{BASE}{HOST}routes: {{r: {{function: hello}}}}")
    for mesh in Mesh:
        options = RenderOptions(target=Target.KNATIVE, mesh=mesh)
        emission = emit(topology(project, options), options, PodAddition())
        kinds = [document.value["kind"] for document in emission.documents]
        assert ("DomainMapping" in kinds) is (mesh is Mesh.NONE)
