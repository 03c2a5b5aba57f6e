"""Disruption budgets: a drain is slowed, and never stopped."""

import math

import pytest

TWO = "functions: {hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}}"


def test_one_budget_for_all_revisions(objects):
    found = objects(TWO)
    (name,) = [name for kind, name in found if kind == "PodDisruptionBudget"]
    spec = found["PodDisruptionBudget", name]["spec"]
    assert spec["selector"] == {"matchLabels": {"app.kubernetes.io/name": "hello"}}
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert "minAvailable" not in spec


@pytest.mark.parametrize("instances", [1, 2, 3, 50])
def test_a_drain_always_goes_on(objects, instances):
    """Kubernetes rounds the share up (policy/v1, `maxUnavailable`)."""
    share = objects(TWO)["PodDisruptionBudget", "hello"]["spec"]["maxUnavailable"]
    assert 1 <= math.ceil(instances * int(share.removesuffix("%")) / 100) <= max(1, instances // 2)


def test_a_single_instance_needs_none(objects):
    found = objects("functions: {hello: {scale: {min: 1, max: 1}}}")
    assert "PodDisruptionBudget" not in {kind for kind, _ in found}
