"""The real server in a test's hands: the same calls as in memory, and its events at a sink."""

import subprocess
import sys
import urllib.request

import pytest

from wherry import CloudEvent
from wherry.testing import GOLDEN, GOLDEN_FAULTS, Sink, running

HANDLER = """
from wherry import CloudEvent, Context, cloud_event

@cloud_event
def handle(event: CloudEvent, context: Context):
    if event.type == "fail":
        raise LookupError("inner text")
    if event.type == "emit":
        context.emit(type="emitted", data={"n": 1})
    print("handled", event.id, flush=True)
    return event
"""


@pytest.fixture(scope="module")
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def server(tmp_path_factory, sink):
    folder = tmp_path_factory.mktemp("echo")
    (folder / "handler.py").write_text(HANDLER)
    with running(folder, K_SINK=sink.url) as server:
        yield server


def test_an_event_there_and_back(server):
    event = CloudEvent(type="t", source="/s", id="1", data={"n": 1}, datacontenttype="text/json")
    for structured in (False, True):
        assert server.invoke(event=event, structured=structured).expect().event == event
    assert [each.id for each in server.invoke(event=[event, event]).events] == ["1", "1"]
    assert "handled 1" in server.log


def test_an_error_is_the_callers_answer(server):
    answer = server.invoke(event=CloudEvent(type="fail", source="/s"))
    assert answer.expect(500).problem["detail"] == "the function failed"
    assert "inner text" not in answer.text


def test_a_request_is_what_was_asked(server):
    answer = server.invoke(path="/_/health", headers={"X-Call-Id": "c-1"})
    assert (answer.expect().text, answer.headers["x-call-id"]) == ("OK\n", "c-1")
    assert server.invoke(method="HEAD").status == 405


def test_what_it_emits_comes_to_the_sink(server, sink):
    sink.clear()
    server.invoke(event=CloudEvent(type="emit", source="/s")).expect()
    (event,) = sink.wait(1)
    assert (event.type, event.data) == ("emitted", {"n": 1})


@pytest.mark.parametrize("golden", [g for g in GOLDEN if g.encoding == "strict"], ids=str)
def test_golden_events_there_and_back(server, golden):
    answer = server.invoke(**golden.request)
    answer.expect(200 if golden.events else 204)
    assert tuple(answer.events) == golden.events


@pytest.mark.parametrize("golden", GOLDEN_FAULTS, ids=str)
def test_golden_faults_are_refused(server, golden):
    answer = server.invoke(**golden.request)
    assert answer.expect(golden.status).problem.get("attribute", "") == golden.attribute


def test_metrics_are_where_it_says(server):
    with urllib.request.urlopen(server.metrics_url, timeout=10) as answer:
        assert answer.status == 200


def test_a_function_that_does_not_start_shows_its_log(tmp_path):
    (tmp_path / "handler.py").write_text("raise LookupError('no database')")
    with pytest.raises(RuntimeError, match="no database"), running(tmp_path):
        pass


def test_the_kit_costs_nothing_until_it_is_used():
    code = "import sys, wherry.testing.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"flask", "cloudevents", "orjson", "click", "prometheus_client", "wherry.invocation"}
    assert loaded.isdisjoint(heavy)
