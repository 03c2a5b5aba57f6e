"""Which scale a function has, and that a cluster would be told the same."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_build.manifests.knative.autoscaling import scaling_annotations
from wherry_build.manifests.openfaas.scaling import scale_labels
from wherry_build.manifests.options import Edition
from wherry_build.manifests.topology import Workload
from wherry_build.project import read_project
from wherry_build.project.specification import FunctionSpecification
from wherry_local.autoscaling.labels import step_of_alert
from wherry_local.autoscaling.policy import policy_of, remarks_of
from wherry_local.autoscaling.terms import InvalidScale
from wherry_local.deployment import ScaleMetric, ScalePolicy

OF = "com.openfaas.scale."
KN = "autoscaling.knative.dev/"
RPS, CONCURRENCY = ScaleMetric.RPS, ScaleMetric.CONCURRENCY


def of_labels(**said):
    labels = {OF + name.replace("_", "-"): value for name, value in said.items()}
    return policy_of(None, labels, {})


def of_annotations(**said):
    annotations = {KN + name.replace("_", "-"): value for name, value in said.items()}
    return policy_of(None, {}, annotations)


@pytest.fixture
def function(tmp_path):
    def made(said):
        folder = tmp_path / "hello"
        folder.mkdir(exist_ok=True)
        (folder / "handler.py").write_text("def handle(request):\n    return 'hello'\n")
        (tmp_path / "wherry.yaml").write_text(f"functions: {{hello: {said}}}\n")
        return read_project(tmp_path).functions[0]

    return made


def test_who_says_nothing_has_the_defaults_of_knative():
    assert policy_of(None, {}, {}) == ScalePolicy()
    assert of_annotations(metric="rps").target == 200


def test_a_project_that_says_nothing_has_its_own_target(function):
    assert policy_of(function("{}"), {}, {}) == ScalePolicy(target=70)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"min": "2"}, {"least": 2}),
        ({"max": "3"}, {"most": 3}),
        ({"min": "15"}, {"least": 15, "most": 15}),
        ({"min": "2", "zero": "true"}, {"least": 0, "wake": 2, "window_s": 60.0}),
        ({"min": "2", "zero": "false"}, {"least": 2}),
        ({"zero": "false"}, {"least": 1}),
        ({"factor": "0", "min": "2", "max": "9"}, {"least": 2, "most": 2}),
        ({"factor": "50", "min": "2", "max": "9"}, {"least": 2, "most": 9}),
        ({"type": "rps"}, {"metric": RPS, "target": 50.0, "utilization": 0.9}),
        ({"type": "capacity", "target": "5"}, {"target": 5.0, "utilization": 0.9}),
        ({"target": "80"}, {"metric": RPS, "target": 80.0, "utilization": 0.9}),
        (
            {"type": "capacity", "target": "10", "target-proportion": "0.5"},
            {"target": 10.0, "utilization": 0.5},
        ),
        ({"down.window": "2m"}, {"down_delay_s": 120.0}),
        ({"type": "cpu", "target": "500"}, {}),
    ],
)
def test_labels_of_openfaas(said, expected):
    found = policy_of(None, {OF + name: value for name, value in said.items()}, {})
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("duration", "window_s", "zero_after_s"),
    [("15m", 60, 840), ("60s", 60, 0), ("20s", 20, 0), ("0s", 1, 0), ("1h30m", 60, 5340)],
)
def test_zero_duration_is_counted_from_the_last_call(duration, window_s, zero_after_s):
    found = of_labels(zero="true", zero_duration=duration)
    assert (found.window_s, found.zero_grace_s, found.zero_after_s) == (window_s, 0, zero_after_s)


def test_zero_without_a_duration_is_a_quarter_of_an_hour_as_openfaas_has_it():
    found = of_labels(zero="true")
    assert found.window_s + found.zero_after_s == 900


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"min-scale": "2", "max-scale": "4"}, {"least": 2, "most": 4}),
        ({"minScale": "2", "maxScale": "4"}, {"least": 2, "most": 4}),
        ({"max-scale": "0"}, {"most": 10}),
        ({"min-scale": "12", "max-scale": "0"}, {"least": 12, "most": 12}),
        ({"initial-scale": "0"}, {"initial": 0}),
        ({"activation-scale": "3"}, {"wake": 3}),
        ({"metric": "rps", "target": "150"}, {"metric": RPS, "target": 150.0}),
        ({"target": "0.5"}, {"target": 0.5}),
        ({"target-utilization-percentage": "80"}, {"utilization": 0.8}),
        ({"window": "90s"}, {"window_s": 90.0}),
        ({"window": "1m30s"}, {"window_s": 90.0}),
        ({"panic-window-percentage": "20"}, {"panic_window": 0.2}),
        ({"panic-threshold-percentage": "150.0"}, {"panic_threshold": 1.5}),
        ({"scale-down-delay": "15m"}, {"down_delay_s": 900.0}),
        ({"scale-to-zero-pod-retention-period": "1m5s"}, {"zero_after_s": 65.0}),
        ({"class": "hpa.autoscaling.knative.dev", "metric": "cpu", "target": "80"}, {"least": 1}),
        ({"class": "kpa.autoscaling.knative.dev", "target": "80"}, {"target": 80.0}),
    ],
)
def test_annotations_of_knative(said, expected):
    found = policy_of(None, {}, {KN + name: value for name, value in said.items()})
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (OF + "min", "0"),
        (OF + "min", "-1"),
        (OF + "min", "two"),
        (OF + "min", "1_0"),
        (OF + "max", "1001"),
        (OF + "max", ""),
        (OF + "factor", "101"),
        (OF + "zero", "yes"),
        (OF + "zero-duration", "15"),
        (OF + "zero-duration", "-5m"),
        (OF + "zero-duration", "25h"),
        (OF + "target", "0"),
        (OF + "target", "nan"),
        (OF + "target", "1e3"),
        (OF + "target-proportion", "1.5"),
        (OF + "type", "rsp"),
        (OF + "down.window", "10m"),
        (KN + "min-scale", "1.5"),
        (KN + "activation-scale", "1"),
        (KN + "target", "0.001"),
        (KN + "target-utilization-percentage", "0.5"),
        (KN + "window", "5s"),
        (KN + "window", "6.5s"),
        (KN + "panic-threshold-percentage", "100"),
        (KN + "metric", "cpu"),
        (KN + "class", "own.autoscaling.knative.dev"),
    ],
)
def test_what_cannot_be_is_refused_by_key_value_and_what_was_expected(key, value):
    labels = {key: value} if key.startswith(OF) else {}
    annotations = {key: value} if key.startswith(KN) else {}
    with pytest.raises(InvalidScale) as raised:
        policy_of(None, labels, annotations)
    error = raised.value
    assert (error.key, error.got) == (key, value)
    assert str(error) == f"{key}: got {value!a}, expected {error.expected}"


def test_a_refusal_names_the_function_of_a_project(function):
    with pytest.raises(InvalidScale, match=r"^functions\.hello: com\.openfaas\.scale\.min: got"):
        policy_of(function("{}"), {OF + "min": "many"}, {})


def test_least_over_most_is_refused():
    with pytest.raises(InvalidScale, match=r"scale\.min: got '5', expected at most"):
        of_labels(min="5", max="3")
    with pytest.raises(InvalidScale, match=r"/activation-scale: got '5', expected at most"):
        of_annotations(activation_scale="5", max_scale="3")


def test_the_projects_file_comes_before_annotations_and_those_before_labels(function):
    labels = {OF + "min": "1", OF + "max": "4", OF + "type": "rps"}
    annotations = {KN + "min-scale": "2", KN + "target": "30"}
    found = policy_of(function("{scale: {min: 3}}"), labels, annotations)
    assert (found.least, found.most, found.metric, found.target) == (3, 4, RPS, 30)


def test_concurrency_bounds_the_target(function):
    assert policy_of(function("{concurrency: 5, scale: {target: 20}}"), {}, {}).target == 5
    assert policy_of(function("{concurrency: 0, scale: {target: 20}}"), {}, {}).target == 20
    found = policy_of(function("{concurrency: 5, scale: {metric: rps, target: 20}}"), {}, {})
    assert found.target == 20


def test_what_is_not_measured_here_is_remarked(function):
    cpu = function("{scale: {metric: cpu, target: 60}}")
    found = policy_of(cpu, {}, {})
    assert (found.metric, found.target, found.least) == (CONCURRENCY, 70, 1)
    (remark,) = remarks_of(cpu, {}, {})
    assert "cpu is not measured here" in remark
    assert remarks_of(None, {OF + "type": "queue"}, {KN + "max-scale": "0"}) != ()
    assert remarks_of(function("{scale: {min: 1}}"), {}, {}) == ()


SCALES = [
    "{}",
    "{min: 2, max: 4}",
    "{max: 3}",
    "{min: 12}",
    "{zero: false}",
    "{target: 20}",
    "{metric: rps, target: 300}",
    "{utilization: 55, target: 20}",
    "{window: 30s, down_delay: 2m, initial: 3}",
    "{wake: 12}",
    "{wake: 3, zero_after: 5m}",
]


@pytest.mark.parametrize("said", SCALES)
def test_knative_is_told_the_same(function, said):
    made = function(f"{{scale: {said}}}")
    annotations, _ = scaling_annotations(workload(made))
    told = policy_of(None, {}, annotations)
    assert policy_of(made, {}, {}) == told


@pytest.mark.parametrize("said", [*SCALES[:8], "{min: 0, zero_after: 10m}"])
def test_openfaas_is_told_the_same(function, said):
    """But for how it counts the time of rest, and that it has a proportion of its own."""
    made = function(f"{{scale: {said}}}")
    told = policy_of(None, scale_labels(workload(made), Edition.PRO), {})
    found = policy_of(made, {}, {})
    for name in ("least", "most", "metric", "target"):
        assert getattr(found, name) == getattr(told, name), name
    if "utilization" in said:
        assert found.utilization == told.utilization
    if "zero_after" in said:
        assert told.window_s + told.zero_after_s == found.zero_after_s


def workload(function):
    return Workload(function=function, said=function.said or FunctionSpecification(), revisions=())


@pytest.mark.parametrize(
    ("most", "factor", "step"), [(20, None, 4), (10, "15", 2), (5, "1", 1), (5, "0", 0)]
)
def test_step_of_an_alert_is_rounded_up(most, factor, step):
    assert step_of_alert({} if factor is None else {OF + "factor": factor}, most) == step


NAMES = [
    *(OF + name for name in ("min", "max", "zero", "zero-duration", "type", "target")),
    *(OF + name for name in ("factor", "down.window", "target-proportion")),
    *(KN + name for name in ("min-scale", "max-scale", "initial-scale", "activation-scale")),
    *(KN + name for name in ("metric", "class", "target", "window")),
    KN + "target-utilization-percentage",
]
VALUES = st.one_of(
    st.text(max_size=8),
    st.integers(-2, 2000).map(str),
    st.floats().map(str),
    st.sampled_from(["true", "false", "rps", "capacity", "1m", "10s", "concurrency"]),
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_any_sayings_give_a_policy_that_holds_together_or_a_refusal(said):
    try:
        found = policy_of(None, said, said)
    except InvalidScale:
        return
    assert 0 <= found.least <= found.most
    assert 1 <= found.wake <= found.most
    assert found.target >= 0.01
    assert 0 < found.utilization <= 1
    assert found.window_s > 0


def test_policies_differ_where_sayings_do():
    """A reader that looks at nothing would pass many a test above."""
    said = [{OF + "max": "3"}, {OF + "min": "2"}, {KN + "target": "9"}, {KN + "window": "9s"}]
    found = [policy_of(None, each, each) for each in said]
    assert all(one != other for one, other in itertools.combinations(found, 2))
