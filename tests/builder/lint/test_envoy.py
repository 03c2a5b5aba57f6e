"""What Envoy's rules look at beyond their examples, and when they say nothing."""

import re

import pytest

from wherry_build.lint.envoy.type_urls import is_v2, newer
from wherry_build.lint.fixing import fixed
from wherry_build.lint.run import lint
from wherry_build.lint.source import read_text

HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"
ROUTES = f"""static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: 8080 }} }}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/{HCM}
          route_config:
            virtual_hosts:
            - routes:
              - match: {{ MATCH }}
                route: {{ cluster: orders, timeout: 5s, MORE }}
          http_filters:
          - name: router
            typed_config: {{ "@type": type.googleapis.com/{ROUTER} }}
"""
POD = """apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
  - name: app
    image: acme/orders:1
  - name: proxy
    IMAGE
    volumeMounts: [{ name: config, mountPath: /etc/envoy }]
  volumes:
  - name: config
    configMap:
      name: orders-envoy
      items: [{ key: a, path: envoy.yaml }, { key: b, path: a }]
"""


def rules_of(text):
    return {each.rule for each in lint(read_text(text)) if each.rule.startswith("ENV")}


@pytest.mark.parametrize(
    ("match", "more", "found"),
    [
        ("prefix: /orders/", "prefix_rewrite: /", set()),
        ("prefix: /", "prefix_rewrite: /", set()),
        ("path: /orders", "prefix_rewrite: /", set()),
        ("path_separated_prefix: /orders", "prefix_rewrite: /v1", set()),
        ("path_separated_prefix: /orders", "prefix_rewrite: /v1/", {"ENV008"}),
        ("prefix: /orders", "prefix_rewrite: /v1", {"ENV007"}),
        ("prefix: [/orders]", "prefix_rewrite: {}", set()),
        ("prefix: /, headers: [{ name: a, exact_match: b }]", "priority: HIGH", {"ENV004"}),
        ("prefix: /, headers: [{ name: a, present_match: true }]", "priority: HIGH", set()),
    ],
)
def test_what_becomes_of_a_path(match, more, found):
    assert rules_of(ROUTES.replace("MATCH", match).replace("MORE", more)) == found


def test_a_prefix_is_put_in_a_pattern_as_it_is():
    text = ROUTES.replace("MATCH", "path_separated_prefix: /v1.0").replace(
        "MORE", "prefix_rewrite: /"
    )
    (change,) = fixed(read_text(text, "envoy.yaml"), select=["ENV008"])
    assert rules_of(change.after) == set()
    (pattern,) = re.findall(r"regex: ([^ }]+)", change.after)
    assert [re.sub(pattern, "/", path) for path in ("/v1.0", "/v1.0/", "/v1.0/a", "/v1x0")] == [
        "/",
        "/",
        "/a",
        "/v1x0",
    ]


@pytest.mark.parametrize(
    ("container", "found"),
    [
        ("image: envoyproxy/envoy:v1.38.4", {"ENV016"}),
        ("image: acme/proxy:1", set()),
        ('image: acme/proxy:1\n    command: [envoy, --concurrency, "1"]', set()),
        ('image: acme/proxy:1\n    command: [/usr/bin/envoy, "--concurrency=1"]', set()),
        ('image: a\n    command: [sh, -c, "envoy -c /etc/envoy/x.yaml"]', {"ENV013", "ENV016"}),
        (
            'image: a\n    command: [bash, -c, "envoy --concurrency 1 -c /etc/envoy/a"]',
            set(),
        ),
        ('image: a\n    command: [envoy, --concurrency=1, "--config-path=/x"]', set()),
        (
            "image: envoyproxy/envoy:v1\n    args: [--concurrency=1, -c, /srv/envoy.yaml]",
            {"ENV013"},
        ),
        ("image: envoyproxy/envoy:v1\n    args: [--concurrency=1, --max-stats=9]", {"ENV014"}),
    ],
)
def test_how_a_container_is_started(container, found):
    assert rules_of(POD.replace("IMAGE", container)) == found


@pytest.mark.parametrize(
    ("name", "is_old"),
    [
        ("envoy.api.v2.Cluster", True),
        ("envoy.config.filter.http.router.v2.Router", True),
        ("envoy.config.filter.http.jwt_authn.v2alpha.JwtAuthentication", True),
        ("envoy.config.cluster.v3.Cluster", False),
        (HCM, False),
        ("acme.filters.v2.Filter", False),
    ],
)
def test_what_a_type_of_v2_is(name, is_old):
    assert is_v2(f"type.googleapis.com/{name}") is is_old


def test_a_type_without_a_known_successor_is_left_alone():
    assert newer("type.googleapis.com/envoy.config.filter.http.gzip.v2.Gzip") is None


def test_an_admin_interface_by_a_socket_file_is_closed():
    assert rules_of("admin: { address: { pipe: { path: /run/a } } }\nstatic_resources: {}") == set()
