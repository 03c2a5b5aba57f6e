"""Against the definitions of Istio, Knative and the Gateway API themselves.

They are read in place (`../shared/data/crds`, or `$WHERRY_SHARED_DATA`).
"""

import os
from pathlib import Path

import celpy
import pytest

from wherry_build.lint.run import lint
from wherry_build.lint.schemas.catalogue import read_schemas
from wherry_build.lint.source import read_text
from wherry_build.manifests import Mesh, RenderOptions, Target, render

pytestmark = pytest.mark.shared

DATA = Path(os.environ.get("WHERRY_SHARED_DATA") or Path(__file__).parents[5] / "shared/data")


@pytest.fixture(scope="module")
def schemas():
    bundle = DATA / "crds/bundle.json"
    if not bundle.is_file():
        pytest.skip(f"{bundle} is absent")
    return read_schemas(bundle)


@pytest.fixture
def told(schemas):
    def told(text):
        found = lint(read_text(text), select=["SCH"], schemas=schemas)
        return [(each.rule, each.message, each.hint) for each in found]

    return told


@pytest.mark.parametrize("tls_secret", [None, "fns-tls"])
@pytest.mark.parametrize("target", Target)
def test_what_is_rendered_is_valid_and_wholly_looked_at(told, project, target, tls_secret):
    options = RenderOptions(
        target=target, mesh=Mesh.ISTIO, host="fns.example.com", tls_secret=tls_secret
    )
    text = render(project, options).stream()
    assert "kind: VirtualService" in text
    assert told(text) == []


def test_every_rule_of_the_definitions_can_be_read(schemas):
    environment = celpy.Environment()
    rules = {each for schema in schemas.served.values() for each in rules_of(schema)}
    assert len(rules) > 100
    for rule in rules:
        environment.compile(rule)


def rules_of(schema):
    for each in schema.get("x-kubernetes-validations", ()):
        yield each["rule"]
    below = [*schema.get("properties", {}).values(), schema.get("items")]
    for child in [*below, schema.get("additionalProperties")]:
        if isinstance(child, dict):
            yield from rules_of(child)


ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: fns}
spec:
  parentRefs: [{name: edge}]
  hostnames: [fns.example.com]
  rules:
    - matches: [{path: {type: PathPrefix, value: /orders}}]
      filters:
        - type: URLRewrite
          urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}
      timeouts: {request: 10s, backendRequest: 2s}
      backendRefs: [{name: orders-v1, port: 80, weight: 9}, {name: orders-v2, port: 80, weight: 1}]
"""
GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: fns}
spec:
  gatewayClassName: istio
  infrastructure: {annotations: {acme.example/team: fns}}
  listeners:
    - {name: http, port: 80, protocol: HTTP}
    - name: https
      port: 443
      protocol: HTTPS
      hostname: fns.example.com
      tls: {certificateRefs: [{name: fns-tls}]}
"""
VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: orders, namespace: fns}
spec:
  hosts: [orders.fns.svc.cluster.local]
  http:
    - match: [{uri: {prefix: /orders/}}]
      timeout: 10s
      route:
        - {destination: {host: orders.fns.svc.cluster.local, port: {number: 80}}, weight: 100}
"""
DESTINATION_RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders, namespace: fns}
spec:
  host: orders.fns.svc.cluster.local
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5, interval: 10s}
  subsets: [{name: v1, labels: {version: v1}}]
"""
PEERS = """\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: orders, namespace: fns}
spec:
  selector: {matchLabels: {app: orders}}
  mtls: {mode: STRICT}
  portLevelMtls: {8080: {mode: PERMISSIVE}}
"""
JWT = """\
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: orders, namespace: fns}
spec:
  jwtRules: [{issuer: acme, jwksUri: "https://acme.example/keys"}]
"""
TRIGGER = """\
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: orders, namespace: fns}
spec:
  broker: default
  filters: [{exact: {type: com.acme.order.placed}}]
  subscriber: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: orders}}
  delivery: {retry: 5, backoffPolicy: exponential, backoffDelay: PT1S}
"""
SERVICE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: orders, namespace: fns}
spec:
  template:
    spec:
      containerConcurrency: 10
      containers:
        - image: ghcr.io/acme/orders:1.4.2
          ports: [{name: h2c, containerPort: 8080}]
          resources: {limits: {cpu: 1, memory: 128Mi}}
"""
ENTRY = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: queue, namespace: fns}
spec:
  hosts: [queue.acme.example]
  ports: [{number: 443, name: https, protocol: TLS}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1}]
"""
PLUGIN = """\
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: auth, namespace: fns}
spec: {url: "oci://ghcr.io/acme/auth:1"}
"""
GOOD = {
    name: text
    for name, text in globals().items()
    if isinstance(text, str) and text.startswith("apiVersion")
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_is_not_told_of(told, name):
    assert told(GOOD[name]) == []


@pytest.mark.parametrize(
    ("name", "got", "written", "rule", "said"),
    [
        ("VIRTUAL_SERVICE", "weight: 100", "wieght: 100", "SCH001", "unknown field 'wieght'"),
        ("VIRTUAL_SERVICE", "timeout: 10s", "timeout: 10", "SCH001", "expected string"),
        ("VIRTUAL_SERVICE", "timeout: 10s", "timeout: 0.5ms", "SCH002", "must be a valid duration"),
        (
            "VIRTUAL_SERVICE",
            "{prefix: /orders/}",
            "{prefix: /orders/, exact: /orders}",
            "SCH001",
            "got prefix, exact, expected exactly one of exact, prefix, regex",
        ),
        ("DESTINATION_RULE", "consecutive5xxErrors: 5", "consecutive5xxErrors: -1", "SCH001", ""),
        ("PEERS", "mode: STRICT", "mode: STRIKT", "SCH001", "expected one of"),
        ("PEERS", "selector: {matchLabels: {app: orders}}", "{}", "SCH002", "portLevelMtls"),
        ("PEERS", "8080:", "80800:", "SCH002", "port must be between 1-65535"),
        ("JWT", '"https://acme.example/keys"', '"ftp://acme.example/keys"', "SCH002", "http"),
        ("PLUGIN", "oci://ghcr.io/acme/auth:1", "ftp://ghcr.io/a", "SCH002", "url must have"),
        ("ENTRY", "address: 10.0.0.1", 'address: "unix://x"', "SCH002", "UDS"),
        ("ROUTE", "value: /orders", "value: /a//b", "SCH002", "must not contain '//'"),
        ("ROUTE", "name: orders-v1, port: 80", "name: orders-v1", "SCH002", "port"),
        ("ROUTE", "backendRequest: 2s", "backendRequest: 20s", "SCH002", "cannot be longer"),
        (
            "ROUTE",
            "/orders}}]",
            "/orders}}, {path: {type: PathPrefix, value: /b}}]",
            "SCH002",
            "exactly one PathPrefix match",
        ),
        ("GATEWAY", "protocol: HTTP}", "protocol: HTTP, tls: {}}", "SCH002", "tls"),
        ("GATEWAY", "name: https", "name: http", "SCH001", 'got name "http" twice'),
        ("GATEWAY", "acme.example/team", "acme_example/team/x", "SCH002", ""),
        ("TRIGGER", "subscriber: {ref", "subscriber: {url: x, ref", "SCH001", "unknown field"),
        ("TRIGGER", "retry: 5", 'retry: "5"', "SCH001", "expected integer"),
        ("SERVICE", "cpu: 1", "cpu: one", "SCH001", "expected what matches"),
        ("SERVICE", "ports:", "lifecycle: {}\n          ports:", "SCH001", "unknown field"),
    ],
)
def test_what_is_wrong_is(told, name, got, written, rule, said):
    text = GOOD[name]
    assert text.count(got) >= 1
    changed = text.replace(got, written, 1) if written != "{}" else text.replace(f"  {got}\n", "")
    found = [each for each in told(changed) if each[0] in {"SCH001", "SCH002"}]
    assert {each[0] for each in found} == {rule}, found
    assert any(said in each[1] for each in found), found


def test_a_rule_over_what_was_before_is_noted(told):
    text = (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\n"
        "metadata: {name: acme}\nspec: {controllerName: acme.example/gateway}\n"
    )
    (found,) = told(text)
    assert found[0] == "SCH004"
    assert "as it was before" in found[1]
