"""`wherry conform`, against Wherry's own server and what is none."""

import json
from xml.etree import ElementTree as ET

import pytest

from wherry.testing import running


def test_the_echo_function_holds_a_group(wherry, here):
    done = wherry("conform", "--only", "http.framing", "--only", "events.webhook")
    assert (done.code, done.err) == (0, "")
    assert "http: messages" in done.out and "events: CloudEvents" in done.out
    assert "failed" not in done.out and "skipped" not in done.out


def test_a_function_of_ones_own(wherry, here):
    (here / "handler.py").write_text("def handle(request): return 'hello'")
    done = wherry("conform", here, "--only", "http.host", "--only", "events.never-fails", "-v")
    assert done.code == 0
    assert "  ok    http.host.missing" in done.out
    assert "the function takes no events" in done.out


def test_a_server_that_is_up(wherry, here):
    (here / "handler.py").write_text("def handle(request): return 'hello'")
    with running(here) as server:
        only = ("--only", "metrics.readable", "--only", "health", "--only", "drain.idle")
        done = wherry("conform", server.url, *only, "--json")
        told = {each["id"]: each for each in json.loads(done.out)["cases"]}
        assert {each["verdict"] for each in told.values()} == {"skipped"}
        done = wherry(
            *("conform", server.url, *only, "--json", "--metrics", server.metrics_url),
            *("--platform", "openfaas"),
        )
        told = {each["id"]: each["verdict"] for each in json.loads(done.out)["cases"]}
        assert told["metrics.readable"] == told["health.openfaas.ready"] == "passed"
        assert told["health.knative.bare"] == told["drain.idle"] == "skipped"


def test_a_failure_is_the_exit_code_and_in_the_xml(wherry, here):
    (here / "handler.py").write_text("def handle(request): return 'no event'")
    only = ("--only", "events.reply-is-event", "--only", "http.limits.line", "--junit", "r.xml")
    done = wherry("conform", here, *only)
    assert done.code == 0, "a function that takes no events is not failed for them"
    done = wherry("conform", here, *only, "--strict")
    assert done.code == 1
    assert "warn  http.limits.line" in done.out
    root = ET.parse(here / "r.xml").getroot()
    assert root.find("testsuite[@name='http']").get("failures") == "1"


def test_the_list_runs_nothing(wherry, here):
    done = wherry("conform", "http://127.0.0.1:1/", "--list", "--only", "drain")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == [
        f"drain.{name}"
        for name in ("in-flight", "under-load", "not-ready-first", "idle", "exit-code")
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--only", "tea"), 2, "--only tea: no such case; see wherry conform --list"),
        (("http://127.0.0.1:1/",), 1, "no connection: Connection refused"),
        (("https://127.0.0.1/",), 1, "of the form http://HOST:PORT/PATH"),
        (("no_such_folder",), 3, "no such file, folder or module"),
    ],
)
def test_what_cannot_be_held(wherry, here, arguments, code, told):
    done = wherry("conform", *arguments)
    assert done.code == code
    assert told in done.err
    assert "Traceback" not in done.err
