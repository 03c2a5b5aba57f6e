"""Labels of the autoscalers, by edition."""

import pytest

from wherry_build.manifests import Edition

PREFIX = "com.openfaas.scale."


@pytest.fixture
def scale(stack):
    """The labels for what `scale` of a function says."""

    def scale(said, edition=Edition.PRO, more=""):
        function = stack(f"functions: {{hello: {{scale: {said}{more}}}}}", edition=edition)["hello"]
        return {
            name.removeprefix(PREFIX): value
            for name, value in function["labels"].items()
            if name.startswith(PREFIX)
        }

    return scale


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        ("{}", {"min": "1", "max": "5"}),
        ("{min: 0, max: 3}", {"min": "1", "max": "3"}),
        ("{min: 2, max: 20}", {"min": "2", "max": "20"}),
        ("{min: 7}", {"min": "7", "max": "7"}),
        ("{metric: rps, target: 9, zero: true, zero_after: 5m}", {"min": "1", "max": "5"}),
    ],
)
def test_the_community_edition_gets_what_it_does_not_refuse(scale, said, labels):
    assert scale(said, Edition.CE) == labels


USUAL = {"min": "1", "max": "10", "type": "capacity", "target": "70", "zero": "true"}


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        ("{}", {}),
        ("{min: 2, max: 20}", {"min": "2", "max": "20", "zero": "false"}),
        ("{zero: false}", {"zero": "false"}),
        ("{zero_after: 5m}", {"zero-duration": "300s"}),
        ("{metric: rps, target: 200}", {"type": "rps", "target": "200"}),
        ("{metric: rps}", {"type": "rps"}),
        ("{target: 30, utilization: 5}", {"target": "30", "target-proportion": "0.05"}),
        ("{down_delay: 2m}", {"down.window": "120s"}),
        ("{down_delay: 6m}", {"down.window": "300s"}),
    ],
)
def test_the_commercial_editions_get_all(scale, said, labels):
    assert scale(said) == {**USUAL, **labels}


def test_cpu_is_thousandths_of_a_core(scale):
    more = ", resources: {requests: {cpu: 250m}}"
    found = scale("{metric: cpu, target: 80}", more=more)
    assert (found["type"], found["target"]) == ("cpu", "200")


def test_there_is_no_scaling_by_memory(scale, lost):
    assert not {"type", "target"} & set(scale("{metric: memory, target: 70}"))
    assert set(lost("functions: {hello: {scale: {metric: memory, target: 70}}}")) == {
        "functions.hello.scale.metric",
        "functions.hello.scale.target",
    }


@pytest.mark.parametrize(
    ("said", "keys", "edition"),
    [
        ("{window: 1m, initial: 2, wake: 2}", {"window", "initial", "wake"}, Edition.PRO),
        ("{down_delay: 6m}", {"down_delay"}, Edition.PRO),
        ("{down_delay: 5m}", set(), Edition.PRO),
        ("{min: 1, zero_after: 5m}", {"zero_after"}, Edition.PRO),
        ("{min: 1, max: 2}", set(), Edition.CE),
        ("{min: 0}", {"min"}, Edition.CE),
        ("{zero: false}", set(), Edition.CE),
        (
            "{zero: true, zero_after: 5m, metric: rps, target: 3, utilization: 50, down_delay: 1m}",
            {"zero", "zero_after", "metric", "target", "utilization", "down_delay"},
            Edition.CE,
        ),
    ],
)
def test_what_is_lost(lost, said, keys, edition):
    found = lost(f"functions: {{hello: {{scale: {said}}}}}", edition=edition)
    assert set(found) == {f"functions.hello.scale.{key}" for key in keys}
