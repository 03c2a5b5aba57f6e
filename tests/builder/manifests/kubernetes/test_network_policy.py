"""Network policies: who reaches a function, and by which port."""

import pytest

from wherry_build.manifests import Mesh
from wherry_build.manifests.emission import PodAddition, PodPort

ALLOW = """
namespace: fns
functions:
  hello: {{authorization: {{allow: {allow}}}}}
  other: {{}}
routes: {routes}
"""


def policy(found, name="hello"):
    return found["NetworkPolicy", name]["spec"]


def allowed(allow, routes="{}"):
    return ALLOW.format(allow=allow, routes=routes)


def namespaces(*names):
    return [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in names
    ]


PORT = {"protocol": "TCP", "port": 8080}
METRICS = {"protocol": "TCP", "port": 8081}
ROUTED = "{hello: {path: {exact: /hello}, function: hello}}"
ELSEWHERE = "{other: {path: {exact: /x}, function: other}}"
MIRRORED = "{other: {path: {exact: /x}, function: other, mirror: {function: hello}}}"


def test_everybody_reaches_a_function_by_its_port_and_nothing_else(objects):
    assert policy(objects("functions: {hello: {}}")) == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "hello"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [PORT]}],
    }


def test_metrics_are_reached_where_they_are_asked_for(objects):
    ingress = policy(objects("functions: {hello: {}}", monitoring=True))["ingress"]
    assert ingress == [{"ports": [PORT]}, {"ports": [METRICS]}]


def test_who_may_call_is_let_in_and_nobody_else(objects, rendered):
    text = allowed("[{namespace: shop}, {namespace: till}]")
    assert policy(objects(text))["ingress"] == [
        {"from": namespaces("shop", "till"), "ports": [PORT]}
    ]
    assert rendered(text).losses == ()
    assert policy(objects(text), "other")["ingress"] == [{"ports": [PORT]}]


def test_an_empty_list_is_nobody(objects):
    assert policy(objects(allowed("[]")))["ingress"] == []


@pytest.mark.parametrize(
    "callers",
    [
        "{service_account: till}, {namespace: fns}",
        "{namespace: fns, methods: [POST]}",
        "{namespace: fns, paths: [/pay]}",
    ],
)
def test_what_a_network_cannot_tell_apart_is_told(objects, rendered, callers):
    text = allowed(f"[{callers}]")
    assert policy(objects(text))["ingress"] == [{"from": namespaces("fns"), "ports": [PORT]}]
    assert [each.key for each in rendered(text).losses] == ["functions.hello.authorization.allow"]


@pytest.mark.parametrize("routes", [ROUTED, MIRRORED])
def test_a_gateway_of_istio_is_not_shut_out(objects, routes):
    options = {"mesh": Mesh.ISTIO, "host": "fns.example.com"}
    text = allowed("[{namespace: shop, methods: [GET]}]", routes)
    first, *_ = policy(objects(text, **options))["ingress"]
    assert first == {"ports": [PORT]}
    for each in policy(objects(allowed("[]", routes), **options))["ingress"]:
        assert PORT not in each["ports"]


def test_another_gateway_must_be_among_the_callers(with_addition):
    text = allowed("[{namespace: shop}]", ROUTED)
    for mesh, count in ((Mesh.GATEWAY_API, 1), (Mesh.ISTIO, 0), (Mesh.NONE, 0)):
        _, emission = with_addition(text, PodAddition(), mesh=mesh)
        told = [each for each in emission.warnings if "must be among" in each]
        assert len(told) == count, mesh


def test_a_proxys_ports_are_those_that_are_open(with_addition):
    addition = PodAddition(
        ports=(PodPort(name="https", container=8443, service=443),), function_port=5000
    )
    found, _ = with_addition("functions: {hello: {}}", addition)
    assert policy(found)["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8443}]}]
    found, _ = with_addition("functions: {hello: {}}", addition, monitoring=True)
    assert policy(found)["ingress"][1:] == [{"ports": [METRICS]}]


@pytest.mark.parametrize(
    ("mesh", "calls", "telemetry"),
    [
        (Mesh.ISTIO, (), (15020, 15090)),
        (Mesh.LINKERD, (4143,), (4191,)),
        (Mesh.KUMA, (), (5670,)),
        (Mesh.CONSUL, (20000,), (20200,)),
    ],
)
def test_the_proxies_of_a_mesh_are_reached_by_their_own_ports(
    with_addition, mesh, calls, telemetry
):
    found, _ = with_addition(allowed("[{namespace: shop}]", ELSEWHERE), PodAddition(), mesh=mesh)
    by_caller, by_all = policy(found)["ingress"]
    assert by_caller["from"] == namespaces("shop")
    assert [port["port"] for port in by_caller["ports"]] == [8080, *calls]
    assert "from" not in by_all
    assert [port["port"] for port in by_all["ports"]] == list(telemetry)
