"""`wherry logs`: what it asks for, and how lines are printed."""

import json
from datetime import datetime, timezone

import pytest
from tests.cli.admin_recorder import Answer

LINE = {
    "name": "hello",
    "namespace": "openfaas-fn",
    "instance": "hello-a1",
    "timestamp": "2026-01-02T03:04:05.123456789Z",
    "text": "greeted\tAda\x1b[31m",
}


@pytest.fixture
def logs(platform):
    said = json.dumps(LINE).encode() + b"\n"
    platform.answers["GET /system/logs"] = Answer(200, [said, said[:10], said[10:]])
    return platform


def test_lines_as_they_come(wherry, logs):
    done = wherry("logs", "hello")
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first == second
    assert first.endswith("hello-a1  greeted    Ada\\x1b[31m"), "a log moves no cursor"
    assert first.startswith("2026-01-0")
    assert logs.last.query == {"name": "hello", "follow": "false"}


def test_what_the_platform_says_is_under_the_name_of_the_function(wherry, platform):
    said = [
        json.dumps({**LINE, "instance": instance, "text": "renewed"}).encode() + b"\n"
        for instance in ("-", "")
    ]
    platform.answers["GET /system/logs"] = Answer(200, said)
    first, second = wherry("logs").out.splitlines()
    assert first == second
    assert first.endswith("  hello  renewed")


def test_as_json_it_is_an_object_a_line(wherry, logs):
    assert [json.loads(line) for line in wherry("logs", "-o", "json").out.splitlines()] == [
        LINE,
        LINE,
    ]


def test_what_is_asked_for(wherry, logs):
    wherry(
        *("logs", "hello", "-f", "--tail", "5", "--call", "c-1", "--grep", "a b"),
        *("--since", "2026-01-02T04:04:05+01:00"),
    )
    assert logs.last.query == {
        "name": "hello",
        "follow": "true",
        "tail": "5",
        "callId": "c-1",
        "contains": "a b",
        "since": "2026-01-02T03:04:05.000000Z",
    }


@pytest.mark.parametrize(
    ("age", "age_s"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("1d", 86400)]
)
def test_an_age(wherry, logs, age, age_s):
    wherry("logs", "--since", age)
    since = datetime.fromisoformat(logs.last.query["since"].replace("Z", "+00:00"))
    assert 0 <= (datetime.now(timezone.utc) - since).total_seconds() - age_s < 60


@pytest.mark.parametrize("since", ["yesterday", "5", "-5m", "5m ago"])
def test_no_age(wherry, logs, since):
    done = wherry("logs", "--since", since)
    assert done.code == 2
    assert "expected an age as 5m" in done.err


def test_none_of_the_lines_before(wherry, logs):
    assert wherry("logs", "--tail", "0") == (0, "", "")
    assert logs.asked == []
    wherry("logs", "--tail", "0", "-f")
    assert "tail" not in logs.last.query, "the gateway takes 0 for all of them"
    assert logs.last.query["since"]
