"""Autoscalers: what is followed, what a cluster cannot follow, and who owns `replicas`."""

import pytest

from wherry.metrics.catalogue import CATALOGUE
from wherry_build.manifests.kubernetes.autoscaling import CALL_METRICS
from wherry_build.project.specification.function import Metric


def scaled(text):
    return f"functions: {{hello: {{scale: {{{text}}}}}}}"


def autoscaler(found, name="hello"):
    return found["HorizontalPodAutoscaler", name]["spec"]


def of_function(name, target):
    return [
        {
            "type": "ContainerResource",
            "containerResource": {"name": name, "container": "function", "target": target},
        }
    ]


def percent(number):
    return {"type": "Utilization", "averageUtilization": number}


@pytest.mark.parametrize(
    ("said", "metrics"),
    [
        ("", of_function("cpu", percent(80))),
        ("metric: cpu", of_function("cpu", percent(70))),
        ("metric: cpu, target: 60", of_function("cpu", percent(60))),
        ("metric: cpu, target: 60, utilization: 50", of_function("cpu", percent(30))),
        ("metric: memory", of_function("memory", percent(70))),
        (
            "metric: memory, target: 200",
            of_function("memory", {"type": "AverageValue", "averageValue": "200Mi"}),
        ),
    ],
)
def test_what_is_followed(objects, rendered, said, metrics):
    assert autoscaler(objects(scaled(said)))["metrics"] == metrics
    assert rendered(scaled(said)).losses == ()


@pytest.mark.parametrize(
    ("said", "name", "target"),
    [
        ("target: 50", "http_requests_in_flight", "50"),
        ("metric: concurrency", "http_requests_in_flight", "70"),
        ("metric: concurrency, target: 50, utilization: 80", "http_requests_in_flight", "40"),
        ("metric: rps, target: 200", "http_requests_per_second", "200"),
    ],
)
def test_calls_are_followed_where_they_are_counted(objects, rendered, said, name, target):
    assert autoscaler(objects(scaled(said), monitoring=True))["metrics"] == [
        {
            "type": "Pods",
            "pods": {
                "metric": {"name": name},
                "target": {"type": "AverageValue", "averageValue": target},
            },
        }
    ]
    told = rendered(scaled(said), monitoring=True)
    assert told.losses == ()
    assert any("prometheus-adapter must give" in each for each in told.warnings)


def test_where_they_are_not_cpu_is_followed_and_that_is_told(objects, rendered):
    text = scaled("metric: concurrency, target: 50, utilization: 80")
    assert autoscaler(objects(text))["metrics"] == of_function("cpu", percent(80))
    losses = rendered(text).losses
    assert {each.key.rpartition(".")[2] for each in losses} == {"metric", "target", "utilization"}
    assert all("--monitoring" in each.instead for each in losses)


def test_the_metrics_are_of_the_runtime():
    shown = {entry.shown for entry in CATALOGUE}
    assert CALL_METRICS[Metric.CONCURRENCY] in shown
    assert CALL_METRICS[Metric.RPS].replace("_per_second", "_total") in shown


def test_the_autoscaler_owns_the_number_of_instances(objects):
    found = objects(scaled("min: 2, max: 9"))
    assert "replicas" not in found["Deployment", "hello"]["spec"]
    assert (autoscaler(found)["minReplicas"], autoscaler(found)["maxReplicas"]) == (2, 9)
    assert autoscaler(found)["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "hello",
    }


@pytest.mark.parametrize("said", ["min: 3, max: 3", "min: 3, max: 3, metric: cpu, window: 1m"])
def test_a_fixed_number_needs_none(objects, rendered, said):
    found = objects(scaled(said))
    assert found["Deployment", "hello"]["spec"]["replicas"] == 3
    assert ("HorizontalPodAutoscaler", "hello") not in found
    lost = {each.key.rpartition(".")[2] for each in rendered(scaled(said)).losses}
    assert lost == ({"metric", "window"} if "metric" in said else set())


@pytest.mark.parametrize(
    ("said", "lost"),
    [("min: 0", ["min"]), ("zero: true", ["zero"]), ("min: 0, zero: true", ["min", "zero"])],
)
def test_nothing_sleeps(objects, rendered, said, lost):
    assert autoscaler(objects(scaled(said)))["minReplicas"] == 1
    losses = rendered(scaled(said)).losses
    assert [each.key for each in losses] == [f"functions.hello.scale.{key}" for key in lost]
    assert {each.instead for each in losses} == {"--target knative"}


@pytest.mark.parametrize(
    ("said", "seconds"), [("down_delay: 2m", 120), ("window: 1m", 60), ("down_delay: 0s", 0)]
)
def test_instances_go_after_a_while(objects, rendered, said, seconds):
    behavior = autoscaler(objects(scaled(said)))["behavior"]
    assert behavior == {"scaleDown": {"stabilizationWindowSeconds": seconds}}
    assert rendered(scaled(said)).losses == ()


def test_of_two_windows_one_is_lost(objects, rendered):
    text = scaled("down_delay: 2m, window: 1m")
    behavior = autoscaler(objects(text))["behavior"]
    assert behavior == {"scaleDown": {"stabilizationWindowSeconds": 120}}
    assert [each.key for each in rendered(text).losses] == ["functions.hello.scale.window"]


def test_each_revision_is_scaled_by_itself(objects):
    found = objects(
        "functions: {hello: {scale: {min: 2}, revisions: {v1: {percent: 90}, v2: {percent: 10}}}}"
    )
    for name in ("hello-v1", "hello-v2"):
        assert autoscaler(found, name)["scaleTargetRef"]["name"] == name
        assert autoscaler(found, name)["minReplicas"] == 2
