"""The Gateway serves each host, with HTTPS where it has a certificate."""

from wherry_build.manifests import Target

HOSTS = """
functions: {hello: {}}
hosts:
  a.example.com: {tls: {secret: one}}
  b.example.com: {tls: {secret: one, redirect: false}}
  c.example.com: {tls: {secret: two}}
  d.example.com: {}
"""


def servers(objects, text, **options):
    spec = objects(text, **options)["Gateway", "functions"]["spec"]
    assert spec["selector"] == {"istio": "ingressgateway"}
    return {each["port"]["name"]: each for each in spec["servers"]}


def test_every_host_is_served_and_redirected_where_it_has_a_certificate(objects):
    found = servers(objects, HOSTS)
    assert {name: each["hosts"] for name, each in found.items()} == {
        "http": ["b.example.com", "d.example.com"],
        "http-redirect": ["a.example.com", "c.example.com"],
        "https-one": ["a.example.com", "b.example.com"],
        "https-two": ["c.example.com"],
    }
    assert found["http-redirect"]["tls"] == {"httpsRedirect": True}
    assert "tls" not in found["http"]
    assert found["https-two"]["port"] == {"number": 443, "name": "https-two", "protocol": "HTTPS"}
    assert found["https-two"]["tls"] == {
        "mode": "SIMPLE",
        "credentialName": "two",
        "minProtocolVersion": "TLSV1_2",
    }


def test_a_host_of_a_wider_one_has_its_certificate(objects):
    text = """
functions: {hello: {}}
hosts: {"*.example.com": {tls: {secret: wild}}}
routes: {r: {host: a.example.com, function: hello}}
"""
    found = servers(objects, text)
    assert {name: each["hosts"] for name, each in found.items()} == {
        "http-redirect": ["*.example.com"],
        "https-wild": ["*.example.com"],
    }
    assert ("VirtualService", "host-a.example.com") in objects(text)


def test_what_is_plain_and_where_certificates_go_is_warned_of(rendered):
    for target in Target:
        warnings = "\n".join(rendered(HOSTS, target).warnings)
        assert "the gateway is plain HTTP for d.example.com;" in warnings
        assert "in its own namespace, istio-system: put one, two there" in warnings
