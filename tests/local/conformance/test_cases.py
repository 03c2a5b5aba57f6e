"""The cases: Wherry holds them all, and each fails for some server that is wrong."""

import re
from dataclasses import replace

import pytest

from wherry.testing import running
from wherry_local.conformance import GROUPS, Subject, Verdict, cases, drain, echo, run
from wherry_local.conformance.case import Need

from .conftest import response

# What Wherry does not do, and why; each is a SHOULD.
NOT_HELD = {"http.limits.line": "the limit of a request line is 4094 bytes, as gunicorn has it"}

EVENT = [b"ce-specversion: 1.0", b"ce-id: A-1", b"ce-source: /conform", b"ce-type: t"]
WRONG = {
    "says ok to everything": lambda _data, _count: response(),
    "fails": lambda _data, _count: response(500, b"Traceback (most recent call last):"),
    "refuses everything": lambda _data, _count: response(400, b"no", b"connection: close"),
    "allows nothing": lambda _data, _count: response(405),
    "adds headers": lambda _data, _count: response(
        200, b"ok", b"x-evil: 1", b"webhook-allowed-origin: a, b"
    ),
    "adds attributes": lambda _data, _count: response(
        200, b"hello", *EVENT, b"content-type: application/octet-stream", b"ce-time: x"
    ),
    "adds an extension": lambda _data, _count: response(
        200, b"hello", *EVENT, b"content-type: application/octet-stream", b"ce-added: x"
    ),
    "has no length": lambda _data, _count: b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\nok",
    "counts nothing": lambda _data, _count: response(
        200, b"# TYPE a counter\na_total 1\n", b"content-type: text/plain"
    ),
    "grows": lambda _data, count: response(
        200,
        b"# TYPE a counter\n" + b"".join(b'a_total{n="%d"} 1\n' % n for n in range(count)),
        b"content-type: text/plain",
    ),
}


@pytest.fixture(scope="module")
def subjects(wrong):
    ports = [wrong(answer) for answer in WRONG.values()]
    return [
        Subject(
            host="127.0.0.1",
            port=port,
            timeout_s=0.2,
            takes_events=True,
            echoes=True,
            metrics_url=f"http://127.0.0.1:{port}/metrics",
        )
        for port in ports
    ]


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.need is not Need.PROCESS], ids=lambda case: case.id
)
def test_each_case_fails_for_some_server(case, subjects):
    for subject in subjects:
        (result,) = run([case], subject)
        if result.verdict is Verdict.FAILED:
            assert result.expected and result.got
            return
    pytest.fail(f"{case.id} holds for every wrong server")


@pytest.fixture(scope="module")
def wherry_subject():
    with running(echo.SOURCE, **echo.ENVIRONMENT) as server:
        yield Subject(
            host="127.0.0.1",
            port=server.port,
            metrics_url=server.metrics_url,
            source=echo.SOURCE,
            environment=echo.ENVIRONMENT,
            timeout_s=10,
        ).discovered()


@pytest.mark.parametrize("group", GROUPS)
def test_wherry_holds_every_case(group, wherry_subject, monkeypatch):
    monkeypatch.setattr(drain, "_LAME_DUCK_S", 0.5)
    assert wherry_subject.takes_events and wherry_subject.echoes
    results = run(cases([group]), wherry_subject)
    assert len(results) > 3
    passed = {each.case.id for each in results if each.verdict is Verdict.PASSED}
    not_held = {name for name in NOT_HELD if name.startswith(f"{group}.")}
    rest = [each for each in results if each.case.id not in passed | not_held]
    assert [(each.case.id, each.expected, each.got, each.reason) for each in rest] == []
    assert passed.isdisjoint(not_held), "it holds now: take it out of the list"


REFUSES = """
from wherry import Refuse

def handle(request): raise Refuse(404)
"""
EXITS = """
import os
from wherry import CloudEvent, stop

@stop
def bye(): os._exit(3)

def handle(event: CloudEvent): return event
"""


@pytest.mark.parametrize(
    ("name", "environment", "source", "got"),
    [
        ("not-ready-first", {}, REFUSES, "404"),
        ("in-flight", {"WHERRY_LIMIT_BODY": "4"}, None, "413"),
        ("under-load", {}, REFUSES, "404"),
        ("exit-code", {}, EXITS, "3"),
        ("idle", {}, None, "s"),
    ],
)
def test_each_case_of_the_end_can_fail(
    name, environment, source, got, wherry_subject, tmp_path, monkeypatch
):
    monkeypatch.setattr(drain, "_PROMPT_S", -1.0)
    monkeypatch.setattr(drain, "_WARM_CALLS", 5)
    monkeypatch.setattr(drain, "_LAME_DUCK_S", 0.5)
    handler = tmp_path / "handler.py"
    handler.write_text(source or "")
    subject = replace(
        wherry_subject,
        source=str(handler) if source else wherry_subject.source,
        environment=environment,
        timeout_s=3,
    )
    (result,) = run(cases([f"drain.{name}"]), subject)
    assert result.verdict is Verdict.FAILED
    assert got in result.got


def test_ids_are_unique_dotted_and_in_a_group():
    ids = [case.id for case in cases()]
    assert len(ids) == len(set(ids)) > 200
    assert all(re.fullmatch(r"[a-z]+(\.[a-z0-9.-]+)+", each) for each in ids)
    assert {case.group for case in cases()} == set(GROUPS)
    assert all(case.title and case.section for case in cases())


def test_some_are_chosen_by_group_id_or_beginning():
    assert {case.group for case in cases(["http"])} == {"http"}
    assert [case.id for case in cases(["http.host.missing"])] == ["http.host.missing"]
    assert {case.id.rpartition(".")[0] for case in cases(["http.host"])} == {"http.host"}
    assert cases(["http.hos"]) == ()
