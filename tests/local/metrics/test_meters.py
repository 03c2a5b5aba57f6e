"""What the gateway counts, as Prometheus's parser reads it back."""

import shutil
import subprocess
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from wherry_local.deployment import FunctionKey
from wherry_local.metrics.events import event_families
from wherry_local.metrics.meters import Meters, Service
from wherry_local.metrics.text import Family, Kind, Point, exposed
from wherry_local.queue.delivery import Kind as MessageKind
from wherry_local.queue.delivery import State

HELLO, ORDER = FunctionKey("hello"), FunctionKey("order", "shop")


def services():
    hello = Service(
        function=HELLO,
        desired=3,
        ready=2,
        least=1,
        target=50.0,
        scaling="rps",
        in_flight=7,
        started=9,
    )
    return [hello, replace(hello, function=ORDER, started=1)]


def read(meters, others=()):
    """Values by name and labels; any line that is not understood raises."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(meters.exposition(others).decode())
        for sample in family.samples
    }


def counted():
    meters = Meters(services=services)
    for key, status, seconds in (
        (HELLO, 200, 0.003),
        (HELLO, 200, 0.2),
        (HELLO, 500, 20.0),
        (ORDER, 404, 0.005),
    ):
        meters.count(key, status, seconds)
    return meters


def test_calls_are_counted_by_function_and_status():
    found = read(counted())
    name = "gateway_function_invocation_total"
    hello, order = ("function_name", "hello.openfaas-fn"), ("function_name", "order.shop")
    assert found[name, ("code", "200"), hello] == 2
    assert found[name, ("code", "500"), hello] == 1
    assert found[name, ("code", "404"), order] == 1
    # The parser's own name: it puts `_total` behind that of any counter.
    assert found["gateway_function_invocation_started_total", hello] == 9
    assert found["gateway_function_invocation_started_total", order] == 1


def test_durations_are_a_histogram_with_the_usual_bounds():
    found = read(counted())
    labels = (("code", "200"), ("function_name", "hello.openfaas-fn"))
    buckets = {
        dict(key[1:])["le"]: value
        for key, value in found.items()
        if key[0] == "gateway_functions_seconds_bucket" and set(labels) < set(key[1:])
    }
    # fmt: off
    assert buckets == {
        "0.005": 1, "0.01": 1, "0.025": 1, "0.05": 1, "0.1": 1, "0.25": 2, "0.5": 2, "1": 2,
        "2.5": 2, "5": 2, "10": 2, "+Inf": 2,
    }
    # fmt: on
    assert found[("gateway_functions_seconds_count", *labels)] == 2
    assert found[("gateway_functions_seconds_sum", *labels)] == pytest.approx(0.203)


def test_a_bound_belongs_to_its_bucket():
    found = read(counted())
    key = (("code", "404"), ("function_name", "order.shop"), ("le", "0.005"))
    assert found[("gateway_functions_seconds_bucket", *key)] == 1


def test_how_functions_stand_is_asked_when_scraped():
    found = read(counted())
    hello = ("function_name", "hello.openfaas-fn")
    assert found["gateway_service_count", hello] == 3
    assert found["gateway_service_ready_count", hello] == 2
    assert found["gateway_service_min", hello] == 1
    assert found["gateway_function_invocation_inflight", hello] == 7
    assert found["gateway_service_target_load", hello, ("scaling_type", "rps")] == 50


def test_the_queue_and_the_brokers_are_shown_beside_them():
    brokers = [{"namespace": "default", "name": "main", "triggers": 3, "url": "http://x"}]
    counts = {(MessageKind.EVENT, State.DUE): 5, (MessageKind.CALL, State.DEAD): 1}
    found = read(counted(), event_families(counts, brokers))
    deliveries = {
        (dict(key[1:])["kind"], dict(key[1:])["state"]): value
        for key, value in found.items()
        if key[0] == "wherry_queue_deliveries"
    }
    assert deliveries["event", "due"] == 5
    assert deliveries["call", "dead"] == 1
    assert sum(deliveries.values()) == 6
    assert len(deliveries) == len(MessageKind) * len(State), "a series does not come and go"
    assert found["wherry_broker_triggers", ("broker", "main"), ("namespace", "default")] == 3


def test_names_and_types_stand_as_openfaas_has_them():
    text = counted().exposition().decode()
    for name, kind in (
        ("gateway_function_invocation_total", "counter"),
        ("gateway_functions_seconds", "histogram"),
        ("gateway_function_invocation_started", "counter"),
        ("gateway_service_count", "gauge"),
    ):
        assert f"# TYPE {name} {kind}\n" in text


def test_a_function_that_is_gone_has_no_series():
    there = services()
    meters = Meters(services=lambda: there)
    for key in (HELLO, ORDER):
        meters.count(key, 200, 0.1)
    assert len([key for key in read(meters) if key[0].endswith("invocation_total")]) == 2
    there.pop(0)
    names = {dict(key[1:])["function_name"] for key in read(meters)}
    assert names == {"order.shop"}
    assert (meters.calls(HELLO), meters.calls(ORDER)) == (0, 1)


def test_nothing_counted_is_no_text():
    assert Meters(services=list).exposition() == b""


def test_asking_for_figures_makes_no_series():
    meters = Meters(services=list)
    assert meters.figures(HELLO).calls == 0
    assert meters.calls(HELLO) == 0
    assert meters.exposition() == b""


@settings(deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    )
)
def test_any_label_is_read_back(value):
    family = Family(
        name="a", kind=Kind.GAUGE, meaning=value, points=[Point(value=0.5, labels={"b": value})]
    )
    (found,) = text_string_to_metric_families(exposed([family]).decode())
    assert found.samples[0].labels == {"b": value}


def test_a_count_costs_next_to_nothing():
    """A guard against another order of magnitude; the benchmark of the gateway measures."""
    meters = Meters(services=list)
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(2_000):
            meters.count(HELLO, 200, 0.0123)
        best = min(best, (time.perf_counter() - begin) / 2_000)
    assert best < 10e-6


@pytest.mark.interop
def test_promtool_understands_it():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; see tests/interop/tools.sh")
    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=counted().exposition(),
        capture_output=True,
        check=False,
    )
    # It does not like two names that OpenFaaS has given (3 stands for that; 1 is a broken text).
    assert done.returncode in {0, 3}, done.stderr
    complaints = [line.split()[0] for line in done.stderr.decode().splitlines() if line.strip()]
    assert set(complaints) <= {
        "gateway_function_invocation_started",
        "gateway_service_count",
        "gateway_service_ready_count",
    }
