"""`wherry list`, `describe` and `scale`: functions as a platform tells of them."""

import json

import pytest
from tests.cli.admin_recorder import Answer, told

HELLO = {
    "name": "hello",
    "namespace": "openfaas-fn",
    "state": "ready",
    "desired": 2,
    "replicas": 2,
    "availableReplicas": 1,
    "inFlight": 3,
    "waiting": 0,
    "perSecond": 12.25,
    "p50Ms": 1.5,
    "p95Ms": 4.0,
    "p99Ms": 1234.5,
    "calls": 1200,
    "errors": 7,
    "fault": None,
    "url": "http://127.0.0.1:8080/function/hello",
    "revision": 2,
    "handler": "functions/hello",
}
BROKEN = HELLO | {
    "name": "orders",
    "state": "failing",
    "availableReplicas": 0,
    "fault": "handler.py, line 3:\x1b[2J\n  NameError: name 'x' is not defined",
    "p50Ms": None,
    "p95Ms": None,
    "p99Ms": None,
}
STATUS = {
    "name": "hello",
    "namespace": "openfaas-fn",
    "image": "dev.local/hello:latest",
    "replicas": 2,
    "availableReplicas": 1,
    "invocationCount": 1200,
    "createdAt": "2026-01-02T03:04:05.123456789Z",
    "labels": {"tier": "web"},
    "annotations": None,
    "envVars": {"GREETING": "hi"},
    "secrets": ["api-key"],
}
TRIGGERS = [
    {"name": "hello-greet", "function": "hello", "broker": "default"},
    {"name": "orders-accept", "function": "orders", "broker": "default"},
]


@pytest.fixture
def functions(platform):
    platform.answers["GET /system/overview"] = told({"functions": [HELLO, BROKEN]})
    platform.answers["GET /system/function/hello"] = told(STATUS)
    platform.answers["GET /system/triggers"] = told(TRIGGERS)
    return platform


def test_the_table(wherry, functions):
    done = wherry("list")
    assert done.code == 0
    header, hello, orders, *fault = done.out.splitlines()
    assert header.split()[:3] == ["NAME", "STATE", "REPLICAS"]
    assert hello.split() == ["hello", "ready", "1/2", "3", "12.2", "4", "1,200", "7", HELLO["url"]]
    assert orders.startswith("orders")
    assert header.index("CALLS/S") + len("CALLS/S") == hello.index("12.2") + 4, "ends alike"
    assert "orders: it does not start" in fault
    assert "  handler.py, line 3:\\x1b[2J" in fault, "a fault moves no cursor"


def test_a_broken_edit_is_told_beside_what_serves(wherry, platform):
    platform.answers["GET /system/overview"] = told({"functions": [HELLO | {"fault": "x"}]})
    told_lines = wherry("list").out.splitlines()
    assert "hello: the newest code does not start, the one before it serves" in told_lines


def test_as_json(wherry, functions):
    assert json.loads(wherry("list", "-o", "json").out) == [HELLO, BROKEN]


def test_a_gateway_of_openfaas_is_listed_by_what_it_has(wherry, platform):
    platform.answers["GET /system/functions"] = told([STATUS])
    done = wherry("list")
    assert [line.split() for line in done.out.splitlines()] == [
        ["NAME", "REPLICAS", "CALLS"],
        ["hello", "1", "1,200"],
    ]


def test_another_refusal_is_none_of_these(wherry, platform):
    platform.answers["GET /system/overview"] = Answer(500, b"")
    assert wherry("list").code == 1


def test_one_function(wherry, functions):
    done = wherry("describe", "hello")
    assert done.code == 0
    rows = [tuple(line.split(None, 1)) for line in done.out.splitlines()]
    for row in (
        ("state", "ready"),
        ("replicas", "1 of 2"),
        ("latency", "p50 1.5 ms, p95 4 ms, p99 1,234 ms"),
        ("label", "tier=web"),
        ("variable", "GREETING=hi"),
        ("secret", "api-key"),
        ("trigger", "hello-greet of default"),
    ):
        assert row in rows
    assert "orders-accept" not in done.out
    assert "2026-01-0" in done.out, "a time of another day has its date"
    assert functions.asked[0].query == {"usage": "1"}


def test_one_function_as_json(wherry, functions):
    shown = json.loads(wherry("describe", "hello", "-o", "json").out)
    assert (shown["state"], shown["labels"]) == ("ready", {"tier": "web"})
    assert [each["name"] for each in shown["triggers"]] == ["hello-greet"]


def test_a_function_that_is_not_there(wherry, platform):
    done = wherry("describe", "nobody")
    assert done.code == 1
    assert "error: " in done.err


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("hello", {"serviceName": "hello", "replicas": 3}),
        ("hello.dev", {"serviceName": "hello", "namespace": "dev", "replicas": 3}),
    ],
)
def test_scale(wherry, platform, name, body):
    platform.answers[f"POST /system/scale-function/{name}"] = Answer(202)
    done = wherry("scale", name, "3")
    assert done.code == 0, done.err
    assert platform.last.json == body


@pytest.mark.parametrize("replicas", ["-1", "many"])
def test_scale_takes_a_number(wherry, platform, replicas):
    assert wherry("scale", "hello", "--", replicas).code == 2
    assert platform.asked == []
