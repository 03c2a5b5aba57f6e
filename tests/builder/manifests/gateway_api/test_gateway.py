"""The Gateway has a listener for each host, and routes are bound to those that they are for."""

import pytest

from wherry_build.errors import InvalidName, ManifestError
from wherry_build.manifests import Target

TEXT = """
namespace: fns
functions: {hello: {}}
hosts:
  a.example.com: {tls: {secret: one}}
  b.example.com: {tls: {secret: two, redirect: false}}
  "*.c.example.com": {}
routes:
  all: {path: {exact: /all}, function: hello}
  own: {host: x.c.example.com, function: hello}
"""


def test_the_listeners(objects):
    spec = objects(TEXT)["Gateway", "functions"]["spec"]
    assert spec["gatewayClassName"] == "istio"
    assert [(each["name"], each["hostname"], each["port"]) for each in spec["listeners"]] == [
        ("http-host-a.example.com", "a.example.com", 80),
        ("https-host-a.example.com", "a.example.com", 443),
        ("http-host-b.example.com", "b.example.com", 80),
        ("https-host-b.example.com", "b.example.com", 443),
        ("http-wildcard-c.example.com", "*.c.example.com", 80),
    ]
    assert spec["listeners"][1]["tls"] == {
        "mode": "Terminate",
        "certificateRefs": [{"name": "one"}],
    }


def test_another_class(objects):
    spec = objects(TEXT, gateway_class="eg.example.com")["Gateway", "functions"]["spec"]
    assert spec["gatewayClassName"] == "eg.example.com"


@pytest.mark.parametrize("name", ["", "Istio", "a b", "a..b", "a" * 254, "a\nb"])
def test_what_is_no_class(objects, name):
    with pytest.raises(InvalidName, match="gateway class"):
        objects(TEXT, gateway_class=name)


def sections(route):
    return [each["sectionName"] for each in route["spec"]["parentRefs"]]


def test_plain_http_is_sent_to_https_where_that_is_said(objects):
    found = objects(TEXT)
    redirect = found["HTTPRoute", "functions.redirect"]
    assert sections(redirect) == ["http-host-a.example.com"]
    assert redirect["spec"]["hostnames"] == ["a.example.com"]
    assert redirect["spec"]["rules"] == [
        {"filters": [{"type": "RequestRedirect",
                      "requestRedirect": {"scheme": "https", "statusCode": 301}}]}
    ]  # fmt: skip
    assert sections(found["HTTPRoute", "all"]) == [
        "https-host-a.example.com",
        "http-host-b.example.com",
        "https-host-b.example.com",
        "http-wildcard-c.example.com",
    ], "and its routes are not asked there"


def test_a_route_has_the_hosts_that_it_is_for(objects):
    found = objects(TEXT)
    assert found["HTTPRoute", "own"]["spec"]["hostnames"] == ["x.c.example.com"]
    assert sections(found["HTTPRoute", "own"]) == ["http-wildcard-c.example.com"]
    assert set(found["HTTPRoute", "all"]["spec"]["hostnames"]) == {
        "a.example.com", "b.example.com", "*.c.example.com", "x.c.example.com",
    }  # fmt: skip


def test_what_is_plain_is_warned_of(rendered):
    warnings = "\n".join(rendered(TEXT).warnings)
    assert "the gateway is plain HTTP for *.c.example.com;" in warnings


def many(count, tls):
    hosts = "\n".join(f"  h{number}.example.com: {tls}" for number in range(count))
    return f"functions: {{hello: {{}}}}\nhosts:\n{hosts}\n"


def test_more_hosts_than_a_route_names_are_named_by_several(objects):
    found = objects(many(20, "{tls: {secret: s}}"))
    for name in ("hello", "functions.redirect"):
        parts = [found["HTTPRoute", name], found["HTTPRoute", f"{name}.2"]]
        assert [len(each["spec"]["hostnames"]) for each in parts] == [16, 4]
        assert [len(each["spec"]["parentRefs"]) for each in parts] == [16, 4]


def test_more_hosts_than_a_gateway_has_listeners_is_an_error(rendered):
    rendered(many(32, "{tls: {secret: s}}"))
    with pytest.raises(ManifestError, match="64 at most"):
        rendered(many(33, "{tls: {secret: s}}"))


@pytest.mark.parametrize(
    ("target", "namespace", "service"),
    [
        (Target.KNATIVE, "istio-system", "knative-local-gateway"),
        (Target.OPENFAAS, "openfaas", "gateway"),
    ],
)
def test_a_gateway_of_another_namespace_grants_its_use(objects, target, namespace, service):
    found = objects(TEXT, target)
    grant = found["ReferenceGrant", "functions-of-fns"]
    assert grant["metadata"]["namespace"] == namespace
    assert grant["spec"] == {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "fns"}],
        "to": [{"group": "", "kind": "Service", "name": service}],
    }
    (ref,) = found["HTTPRoute", "all"]["spec"]["rules"][0]["backendRefs"]
    assert (ref["name"], ref["namespace"]) == (service, namespace)


def test_nothing_is_granted_where_no_namespace_is_crossed(objects):
    assert not [kind for kind, _ in objects(TEXT) if kind == "ReferenceGrant"]
