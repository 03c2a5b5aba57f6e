"""Annotations of the autoscaler, and what it has no word for."""

import pytest

PREFIX = "autoscaling.knative.dev/"


@pytest.fixture
def scaling(hello):
    """What the autoscaler is told of a function; `said` is its `scale` and what is beside it."""

    def scaling(said):
        service = hello(said)
        assert not any(
            key.startswith(PREFIX) for key in service["metadata"].get("annotations", {})
        ), "on the Service, Knative refuses them"
        found = service["spec"]["template"]["metadata"]["annotations"]
        assert all(isinstance(value, str) for value in found.values())
        return {key[len(PREFIX) :]: value for key, value in found.items()}

    return scaling


def test_what_is_not_said_is_not_written_but_for_the_bounds_and_the_target(scaling):
    assert scaling("{}") == {
        "min-scale": "0",
        "max-scale": "10",
        "metric": "concurrency",
        "target": "70",
    }


def test_everything_that_knatives_own_autoscaler_knows(scaling):
    found = scaling(
        "{scale: {min: 1, max: 20, target: 50, metric: rps, utilization: 80, window: 1m, "
        "down_delay: 2m, zero_after: 5m, initial: 2, wake: 3}}"
    )
    assert found == {
        "min-scale": "1",
        "max-scale": "20",
        "metric": "rps",
        "target": "50",
        "target-utilization-percentage": "80",
        "window": "60s",
        "scale-down-delay": "120s",
        "scale-to-zero-pod-retention-period": "300s",
        "initial-scale": "2",
        "activation-scale": "3",
    }


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("{concurrency: 20}", "20"),
        ("{concurrency: 0}", "70"),
        ("{concurrency: 20, scale: {target: 50}}", "50"),
        ("{concurrency: 20, scale: {metric: rps}}", "70"),
    ],
)
def test_a_usual_target_is_not_over_the_concurrency(scaling, said, target):
    """One that the file says is written as it is said; Knative itself takes the lesser."""
    assert scaling(said)["target"] == target


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("metric: cpu", "70"),
        ("metric: cpu, target: 85", "85"),
        ("metric: memory", "89"),  # 70 percent of 128Mi, in MiB
        ("metric: memory, target: 50", "50"),
    ],
)
def test_cpu_and_memory_are_followed_by_the_other_autoscaler(scaling, said, target):
    found = scaling(f"{{scale: {{{said}}}}}")
    assert found["class"] == "hpa.autoscaling.knative.dev"
    assert found["target"] == target
    assert found["min-scale"] == "1"


def test_the_other_autoscaler_never_sleeps_and_knows_less(scaling, told):
    said = (
        "{scale: {min: 0, zero: true, metric: cpu, utilization: 80, down_delay: 1m, "
        "zero_after: 1m, wake: 2, window: 30s, initial: 2}}"
    )
    assert scaling(said) == {
        "class": "hpa.autoscaling.knative.dev",
        "min-scale": "1",
        "max-scale": "10",
        "metric": "cpu",
        "target": "70",
        "window": "30s",
        "initial-scale": "2",
    }
    losses, _ = told(f"functions: {{hello: {said}}}")
    assert set(losses) == {
        f"functions.hello.scale.{key}"
        for key in ("utilization", "down_delay", "zero_after", "wake", "min", "zero")
    }


def test_to_begin_with_none_is_lost_as_clusters_refuse_it(scaling, told):
    assert "initial-scale" not in scaling("{scale: {initial: 0}}")
    losses, _ = told("functions: {hello: {scale: {initial: 0}}}")
    assert "allow-zero-initial-scale" in losses["functions.hello.scale.initial"].reason
    said = "{annotations: {autoscaling.knative.dev/initial-scale: '0'}}"
    assert scaling(said)["initial-scale"] == "0", "who has set it says so"


def test_to_wake_with_more_than_the_usual_most_raises_the_most(scaling):
    assert scaling("{scale: {wake: 30}}")["max-scale"] == "30"


def test_to_wake_with_fewer_than_always_run_is_lost(scaling, told):
    said = "{scale: {min: 5, wake: 3}}"
    assert "activation-scale" not in scaling(said)
    losses, _ = told(f"functions: {{hello: {said}}}")
    assert set(losses) == {"functions.hello.scale.wake"}


def test_an_annotation_of_the_file_wins(scaling):
    said = "{annotations: {autoscaling.knative.dev/target: '7'}}"
    assert scaling(said)["target"] == "7"
