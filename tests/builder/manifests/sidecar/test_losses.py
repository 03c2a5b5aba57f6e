"""What a proxy does not carry, and what whoever applies its objects is told."""

import pytest
from tests.builder.manifests.full_project import FULL

from wherry_build.errors import ManifestError
from wherry_build.manifests import Mesh, Sidecar, Target


def lost(rendering):
    return {each.key: each for each in rendering.losses}


def routing(keys):
    return {key for key in keys if key.startswith(("routes", "hosts", "mutual_tls"))}


def test_envoy_carries_every_route(rendering):
    found = lost(rendering(FULL, Sidecar.ENVOY))
    assert routing(found) == {"mutual_tls"}
    assert {key for key in found if "traffic_policy" in key} == {
        "functions.orders.traffic_policy.mutual_tls",
        "functions.audit.traffic_policy.mutual_tls",
    }
    assert found["mutual_tls"].instead == "--mesh istio"


def test_nginx_tells_what_it_cannot(rendering):
    found = lost(rendering(FULL, Sidecar.NGINX))
    assert routing(found) == {
        "mutual_tls",
        "routes.orders.retries.per_try_timeout",
        "routes.orders.fault.delay.time",
        "routes.orders.fault.delay.percent",
        "routes.orders.cors.origins",
        "routes.orders.cors.methods",
        "routes.orders.cors.headers",
        "routes.orders.cors.expose_headers",
        "routes.orders.cors.credentials",
        "routes.orders.cors.max_age",
    }
    assert found["routes.orders.cors.origins"].instead == "--sidecar envoy"
    assert "functions.orders.traffic_policy.load_balancing" in found


def test_haproxy_tells_what_it_cannot(rendering):
    found = lost(rendering(FULL, Sidecar.HAPROXY))
    assert {key for key in routing(found) if "cors" not in key} == {
        "mutual_tls",
        "routes.orders.retries.per_try_timeout",
        "routes.orders.fault.delay.time",
        "routes.orders.fault.delay.percent",
        "routes.orders.mirror.function",
        "routes.orders.mirror.percent",
        "routes.hello.mirror.function",
    }
    assert found["routes.orders.mirror.function"].instead == "--sidecar envoy"
    assert "functions.orders.traffic_policy.load_balancing" not in found
    assert "functions.orders.traffic_policy.connection_pool.connect_timeout" not in found
    copied = found["functions.audit.traffic_policy.load_balancing"]
    assert copied.reason == "only copies of calls would go there, and HAProxy makes none"
    assert "functions.orders.traffic_policy.connection_pool.max_pending" in found


def test_a_line_that_haproxy_does_not_read_is_refused(rendering):
    text = (
        "functions: {hello: {}}\nhosts: {a.example.com: {}}\n"
        f"routes: {{x: {{function: hello, headers: {{x-a: {{exact: {'v' * 3000}}}}}}}}}\n"
    )
    with pytest.raises(ManifestError, match="HAProxy reads 2000") as raised:
        rendering(text, Sidecar.HAPROXY)
    assert raised.value.hint == "--sidecar envoy"


def test_in_a_knative_service_every_route_is_lost(rendering, sidecar):
    found = lost(rendering(FULL, sidecar, target=Target.KNATIVE))
    assert "routes.orders.path.prefix" in found
    assert found["routes.orders.path.prefix"].instead == "--mesh istio"


def test_what_the_mesh_loses_is_not_carried_by_the_proxy_behind_it(rendering, sidecar):
    alone = lost(rendering(FULL, Sidecar.NONE, mesh=Mesh.GATEWAY_API))
    beside = lost(rendering(FULL, sidecar, mesh=Mesh.GATEWAY_API))
    assert routing(beside) == routing(alone)
    assert "routes.orders.fault.abort.status" in beside


def test_routes_without_a_host_are_told(rendering, sidecar):
    text = "functions: {hello: {}}\nroutes: {hello: {path: {prefix: /hello}, function: hello}}\n"
    assert (
        lost(rendering(text, sidecar))["routes.hello"].instead
        == "`hosts` in wherry.yaml, or --host"
    )
    assert "routes.hello" not in lost(rendering(text, sidecar, host="a.example.com"))


def test_what_no_route_leads_to_has_no_shares_and_no_policy(rendering, sidecar):
    text = """
functions:
  hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}
  orders: {traffic_policy: {load_balancing: random}}
  audit: {}
hosts: {a.example.com: {}}
routes: {audit: {path: {prefix: /audit}, function: audit}}
"""
    found = lost(rendering(text, sidecar))
    assert "functions.hello.revisions.v1.percent" in found
    assert "functions.orders.traffic_policy.load_balancing" in found


@pytest.mark.parametrize(
    ("secret", "command"),
    [
        ("fns-tls", "wherry certs fns"),
        ("mine", "wherry certs functions --secret mine --output certs/mine --ca certs/ca"),
    ],
)
def test_the_command_that_makes_the_secret_is_told(rendering, sidecar, secret, command):
    text = f"""
namespace: fns
functions: {{hello: {{}}}}
hosts: {{a.example.com: {{tls: {{secret: {secret}}}}}}}
"""
    (told,) = [each for each in rendering(text, sidecar).warnings if "wherry certs" in each]
    hosts = "-n fns --host a.example.com --host '*.fns.svc' --host '*.fns.svc.cluster.local'"
    assert told.endswith(f"{command} {hosts}")


def test_a_project_without_hosts_has_a_secret_of_its_own(rendering, sidecar):
    (told,) = [
        each
        for each in rendering("functions: {hello: {}}", sidecar).warnings
        if "wherry certs" in each
    ]
    assert "'functions-tls'" in told
    assert "wherry certs functions -n default --host '*.default.svc'" in told


def test_openfaas_has_no_place_for_a_proxy(rendering, sidecar):
    with pytest.raises(ManifestError, match="OpenFaaS makes the pods"):
        rendering("functions: {hello: {}}", sidecar, target=Target.OPENFAAS)
