"""The configurations as text; what they do is shown by the proxies themselves (`tests/interop`)."""

import json
import re

import pytest
import yaml
from tests.builder.manifests.full_project import FULL, SMALL

from wherry_build.errors import ManifestError
from wherry_build.lint.run import lint
from wherry_build.lint.source import read
from wherry_build.manifests import Mesh, Sidecar, Target
from wherry_build.manifests.sidecar.nginx.configuration import files as nginx_files
from wherry_build.manifests.sidecar.placement import in_pod
from wherry_build.manifests.sidecar.table import route_table

MANY = (
    "functions:\n"
    + "".join(f"  function-{number:04}: {{}}\n" for number in range(1000))
    + "hosts: {fns.example.com: {tls: {secret: fns-tls}}}\n"
)


def bootstrap(objects, text, **more):
    found = objects(text, Sidecar.ENVOY, **more)
    (config_map,) = [value for (kind, _), value in found.items() if kind == "ConfigMap"]
    return yaml.safe_load(config_map["data"]["envoy.yaml"])


def managers(made):
    return {
        listener["name"]: listener["filter_chains"][-1]["filters"][0]["typed_config"]
        for listener in made["static_resources"]["listeners"]
    }


def hosts(manager):
    return {
        domain: each
        for each in manager["route_config"]["virtual_hosts"]
        for domain in each["domains"]
    }


@pytest.mark.parametrize("mesh", [Mesh.NONE, Mesh.ISTIO])
@pytest.mark.parametrize("target", [Target.KUBERNETES, Target.KNATIVE])
@pytest.mark.parametrize("text", [SMALL, FULL], ids=["small", "full"])
def test_the_linter_finds_nothing(rendering, sidecar, tmp_path, text, target, mesh):
    for file, content in rendering(text, sidecar, target=target, mesh=mesh).files().items():
        (tmp_path / file).write_text(content)
    found = [
        f"{each.path}:{each.line} {each.rule} {each.message}" for each in lint(read([tmp_path]))
    ]
    assert found == []


def test_admin_is_on_loopback_and_the_router_last(objects):
    made = bootstrap(objects, FULL)
    address = made["admin"]["address"]["socket_address"]
    assert address == {"address": "127.0.0.1", "port_value": 9901}
    for manager in managers(made).values():
        names = [each["name"].rpartition(".")[2] for each in manager["http_filters"]]
        assert names == ["health_check", "cors", "fault", "router"]
        assert manager["use_remote_address"] is True


def test_filters_are_there_where_a_route_needs_them(objects):
    (first, *_) = managers(bootstrap(objects, SMALL)).values()
    names = [each["name"].rpartition(".")[2] for each in first["http_filters"]]
    assert names == ["health_check", "router"]


def test_a_host_without_certificate_has_no_https_and_one_with_it_sends_there(objects):
    made = managers(bootstrap(objects, FULL))
    plain, secure = hosts(made["http"]), hosts(made["https"])
    assert "redirect" in plain["fns.example.com"]["routes"][1]
    assert plain["*.wild.example.com"]["routes"][1]["name"] == "wild"  # redirect: false
    assert plain["plain.example.com"]["routes"][1]["name"] == "plain"
    assert secure["plain.example.com"]["routes"][0]["direct_response"]["status"] == 421
    assert [each["name"] for each in secure["fns.example.com"]["routes"][:2]] == [
        "checkout",
        "orders",
    ]
    assert plain["*"]["routes"][0]["route"]["cluster"] == "_local"


def test_a_certificate_for_each_secret_chosen_by_the_name_that_is_asked_for(objects):
    made = bootstrap(objects, FULL)
    (listener,) = [
        each for each in made["static_resources"]["listeners"] if each["name"] == "https"
    ]
    wild, default = listener["filter_chains"]
    assert wild["filter_chain_match"] == {"server_names": ["*.wild.example.com"]}
    assert "filter_chain_match" not in default
    assert listener["listener_filters"][0]["name"].endswith("tls_inspector")


def test_what_a_policy_says_is_in_its_cluster(objects):
    made = bootstrap(objects, FULL)
    clusters = {each["name"]: each for each in made["static_resources"]["clusters"]}
    orders = clusters["orders_stable"]
    assert (orders["type"], orders["lb_policy"]) == ("STRICT_DNS", "LEAST_REQUEST")
    assert orders["circuit_breakers"]["thresholds"] == [
        {"max_connections": 100, "max_pending_requests": 50}
    ]
    assert orders["outlier_detection"] == {
        "enforcing_success_rate": 0,
        "consecutive_5xx": 5,
        "interval": "10s",
        "base_ejection_time": "30s",
        "max_ejection_percent": 50,
    }
    (options,) = orders["typed_extension_protocol_options"].values()
    common = options["common_http_protocol_options"]
    assert common == {"idle_timeout": "55s", "max_requests_per_connection": 1000}
    assert clusters["audit"]["lb_policy"] == "RANDOM"
    assert clusters["hello"]["outlier_detection"]["enforcing_consecutive_5xx"] == 0


def test_a_thousand_functions_are_one_configuration(objects, sidecar):
    found = objects(MANY, sidecar)
    (config_map,) = [value for (kind, _), value in found.items() if kind == "ConfigMap"]
    assert sum(map(len, config_map["data"].values())) < 1_040_000
    if sidecar is Sidecar.ENVOY:
        made = json.loads(config_map["data"]["envoy.yaml"])  # in half the space
        assert len(made["static_resources"]["clusters"]) == 1001


def test_more_than_a_config_map_takes_is_refused(objects, sidecar):
    long = "x" * 50
    many = "".join(f"  f{number:04}-{long}: {{}}\n" for number in range(1800))
    text = f"functions:\n{many}hosts: {{a.example.com: {{}}}}\n"
    with pytest.raises(ManifestError, match="a ConfigMap takes 1040000") as raised:
        objects(text, sidecar)
    assert "--mesh istio" in raised.value.hint


def test_a_name_that_is_taken_is_refused(objects, sidecar):
    text = "functions: {hello: {}, hello-pods: {}}\nhosts: {a.example.com: {}}\n"
    with pytest.raises(ManifestError, match="two Services would be called 'hello-pods'"):
        objects(text, sidecar)
    text = f"functions: {{{'x' * 60}: {{}}}}\nhosts: {{a.example.com: {{}}}}\n"
    with pytest.raises(ManifestError, match="65 characters, expected at most 63"):
        objects(text, sidecar)


@pytest.mark.parametrize(
    ("version", "listen", "directive"),
    [
        ((1, 22, 1), "listen 0.0.0.0:8443 ssl http2;", False),
        ((1, 25, 0), "listen 0.0.0.0:8443 ssl http2;", False),
        ((1, 25, 1), "listen 0.0.0.0:8443 ssl;", True),
        ((1, 29, 3), "listen 0.0.0.0:8443 ssl;", True),
    ],
)
def test_http_2_is_asked_for_as_the_version_of_nginx_has_it(topology, version, listen, directive):
    resolved = topology(SMALL)
    (text,) = nginx_files(route_table(resolved), resolved, in_pod(resolved), version).values()
    assert listen in text
    assert ("http2 on;" in text) is directive


def test_a_name_is_looked_up_for_each_call_of_nginx(topology):
    """A name in an upstream would have to be there when NGINX starts."""
    resolved = topology(SMALL)
    (text,) = nginx_files(route_table(resolved), resolved, in_pod(resolved)).values()
    assert re.findall(r"^ *upstream (\S+)", text, re.MULTILINE) == ["_function"]
    assert "proxy_pass http://$backend_0$path_0;" in text
    assert "resolver kube-dns.kube-system.svc.cluster.local" in text
