"""Deployments: a revision's pods, where they run, and how they come and go."""

import pytest

from wherry.config import Config
from wherry.serving.probes import PATHS, Probe
from wherry.variables import VARIABLES
from wherry_build.manifests import KubeVersion
from wherry_build.manifests.emission import PodAddition, PodPort
from wherry_build.manifests.kubernetes.pod import LAME_DUCK_S

TWO = """
functions:
  hello:
    revisions: {v1: {percent: 90}, v2: {percent: 10, image: "ghcr.io/acme/hello:next"}}
"""
ONE = "functions: {hello: {}}"
PROXY = PodAddition(
    labels={"mesh": "yes", "team": "mesh"},
    annotations={"a": "1", "b": "2"},
    init_containers=({"name": "proxy", "image": "envoy:1", "restartPolicy": "Always"},),
    containers=({"name": "other", "image": "other:1"},),
    volumes=({"name": "proxy", "emptyDir": {}},),
    ports=(
        PodPort(name="https", container=8443, service=443),
        PodPort(name="http", container=8079, service=80),
    ),
    function_port=5000,
)


def spec_of(objects, name="hello"):
    return objects["Deployment", name]["spec"]["template"]["spec"]


def environment_of(objects, name="hello"):
    (function, *_) = spec_of(objects, name)["containers"]
    return {each["name"]: each["value"] for each in function["env"]}


def test_a_function_without_revisions_is_one_deployment(objects):
    found = objects(ONE)
    (name,) = [name for kind, name in found if kind == "Deployment"]
    deployment = found["Deployment", name]
    assert name == "hello"
    assert deployment["spec"]["selector"] == {"matchLabels": {"app.kubernetes.io/name": "hello"}}
    assert "version" not in deployment["spec"]["template"]["metadata"]["labels"]


def test_a_deployment_for_each_revision(objects):
    found = objects(TWO)
    images = {"hello-v1": "ghcr.io/acme/hello:1.4.2", "hello-v2": "ghcr.io/acme/hello:next"}
    assert [name for kind, name in found if kind == "Deployment"] == list(images)
    for name, image in images.items():
        deployment = found["Deployment", name]
        labels = {"app.kubernetes.io/name": "hello", "version": name.removeprefix("hello-")}
        assert deployment["metadata"]["labels"].items() >= labels.items()
        assert deployment["spec"]["selector"] == {"matchLabels": labels}
        assert deployment["spec"]["template"]["metadata"]["labels"].items() >= labels.items()
        assert spec_of(found, name)["containers"][0]["image"] == image
        assert environment_of(found, name)["WHERRY_REVISION"] == labels["version"]


def test_the_selector_follows_no_label_that_may_change(objects, rendered):
    text = """
functions:
  hello:
    labels: {team: shop, version: mine, app.kubernetes.io/name: mine, acme.com/x: "1e3"}
    revisions: {v1: {percent: 100}}
"""
    deployment = objects(text)["Deployment", "hello-v1"]
    selected = {"app.kubernetes.io/name": "hello", "version": "v1"}
    assert deployment["spec"]["selector"]["matchLabels"] == selected
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels.items() >= {**selected, "team": "shop", "acme.com/x": "1e3"}.items()
    assert {each.key for each in rendered(text).losses} == {
        "functions.hello.labels.version",
        "functions.hello.labels.app.kubernetes.io/name",
    }


def test_a_version_of_ones_own_stays_where_no_revision_has_a_name(objects, rendered):
    text = "functions: {hello: {labels: {version: mine}}}"
    template = objects(text)["Deployment", "hello"]["spec"]["template"]
    assert template["metadata"]["labels"]["version"] == "mine"
    assert rendered(text).losses == ()


def test_no_instance_goes_before_another_is_ready(objects):
    strategy = objects(ONE)["Deployment", "hello"]["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": 0}


def test_probes_ask_the_runtime(objects):
    (container,) = spec_of(objects(ONE))["containers"]
    assert {probe: container[probe]["httpGet"] for probe in container if "Probe" in probe} == {
        "startupProbe": {"path": "/health/liveness", "port": "http"},
        "readinessProbe": {"path": "/health/readiness", "port": "http"},
        "livenessProbe": {"path": "/health/liveness", "port": "http"},
    }
    for probe, kind in (("readinessProbe", Probe.READINESS), ("livenessProbe", Probe.LIVENESS)):
        assert PATHS[container[probe]["httpGet"]["path"]] is kind
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {
        "http": 8080,
        "metrics": Config().metrics_port,
    }


def test_what_the_file_says_of_probes_wins(objects):
    text = """
functions:
  hello:
    probes: {liveness: {path: /alive, initial_delay: 5s, period: 20s, timeout: 4s, failures: 9}}
"""
    (container,) = spec_of(objects(text))["containers"]
    assert container["livenessProbe"] == {
        "httpGet": {"path": "/alive", "port": "http"},
        "initialDelaySeconds": 5,
        "periodSeconds": 20,
        "timeoutSeconds": 4,
        "failureThreshold": 9,
    }


def test_where_it_runs_and_as_whom(objects):
    text = """
registry: {pull_secrets: [ghcr, other]}
functions:
  hello: {nodes: {kubernetes.io/arch: amd64, disk: "1e3"}, service_account: till, secrets: [a, b]}
"""
    spec = spec_of(objects(text))
    assert spec["nodeSelector"] == {"kubernetes.io/arch": "amd64", "disk": "1e3"}
    assert spec["serviceAccountName"] == "till"
    assert spec["imagePullSecrets"] == [{"name": "ghcr"}, {"name": "other"}]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert {volume["name"] for volume in spec["volumes"]} == {"scratch", "secrets"}
    assert ("ServiceAccount", "hello") not in objects(text)


def test_an_account_of_its_own_where_none_is_named(objects):
    found = objects(ONE)
    assert spec_of(found)["serviceAccountName"] == "hello"
    assert found["ServiceAccount", "hello"]["automountServiceAccountToken"] is False


def test_several_instances_are_spread_and_never_kept_from_running(objects):
    spread = spec_of(objects(TWO), "hello-v2")["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    for each in spread:
        assert each["whenUnsatisfiable"] == "ScheduleAnyway"
        assert each["labelSelector"]["matchLabels"]["version"] == "v2"
    alone = spec_of(objects("functions: {hello: {scale: {min: 1, max: 1}}}"))
    assert "topologySpreadConstraints" not in alone


def test_what_the_runtime_is_told(objects):
    text = """
namespace: fns
functions: {hello: {concurrency: 12, timeout: 45s, environment: {WHERRY_NAMESPACE: mine, A: "1"}}}
"""
    environment = environment_of(objects(text))
    assert environment == {
        "WHERRY_TIMEOUT": "45s",
        "WHERRY_FUNCTION": "hello",
        "WHERRY_NAMESPACE": "mine",
        "WHERRY_MAX_INFLIGHT": "12",
        "A": "1",
    }
    known = {name for variable in VARIABLES for name in variable.names}
    assert set(environment) - {"A"} <= known
    assert "WHERRY_MAX_INFLIGHT" not in environment_of(objects(ONE))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("timeout: 20s", 5 + 21 + 5),
        ("timeout: 10m", 5 + 601 + 5),
        ("environment: {WHERRY_LAME_DUCK: 20s}", 20 + 31 + 5),
        ("environment: {healthcheck_interval: 1m}", 60 + 31 + 5),
        ("environment: {WHERRY_DRAIN_TIMEOUT: 2m}", 5 + 120 + 5),
        ("environment: {exec_timeout: 1m30s}", 5 + 91 + 5),
        ("environment: {WHERRY_LAME_DUCK: 500ms}", 32 + 5),
        ("environment: {WHERRY_LAME_DUCK: soon}", 5 + 31 + 5),
    ],
)
def test_there_is_time_for_the_runtimes_own_drain(objects, said, expected):
    spec = spec_of(objects(f"functions: {{hello: {{{said}}}}}"))
    assert spec["terminationGracePeriodSeconds"] == expected


def test_the_drain_that_is_counted_with_is_the_runtimes(monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    config = Config.from_environment()
    assert config.lame_duck_s == LAME_DUCK_S
    assert config.drain_timeout_s == config.timeout_s + 1


def test_what_is_added_to_the_pod(with_addition):
    text = "functions: {hello: {labels: {team: shop}, annotations: {b: mine}}}"
    found, _ = with_addition(text, PROXY)
    template = found["Deployment", "hello"]["spec"]["template"]
    assert template["metadata"]["labels"].items() >= {"mesh": "yes", "team": "shop"}.items()
    assert template["metadata"]["annotations"] == {
        "a": "1",
        "b": "mine",
        "kubectl.kubernetes.io/default-container": "function",
    }
    spec = template["spec"]
    assert [each["name"] for each in spec["initContainers"]] == ["proxy"]
    assert [each["name"] for each in spec["containers"]] == ["function", "other"]
    assert [each["name"] for each in spec["volumes"]] == ["scratch", "proxy"]
    assert spec["terminationGracePeriodSeconds"] == 5 + 31 + 5 + 10


def test_behind_a_proxy_the_function_is_reached_through_it_alone(with_addition):
    found, _ = with_addition("functions: {hello: {}}", PROXY)
    (function, _) = found["Deployment", "hello"]["spec"]["template"]["spec"]["containers"]
    assert "ports" not in function
    environment = {each["name"]: each["value"] for each in function["env"]}
    assert environment["PORT"] == "5000"
    assert environment["WHERRY_HOST"] == "127.0.0.1"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert function[probe]["httpGet"]["port"] == 8079, "the plain one of the proxy's ports"


def test_an_old_cluster_is_warned_of(rendered):
    assert rendered(ONE, kube_version=KubeVersion(1, 27)).warnings == rendered(ONE).warnings
    told = rendered(ONE, kube_version=KubeVersion(1, 26)).warnings
    assert "got Kubernetes 1.26, and the objects are for 1.27 and newer" in told
