"""Runs and their reports: what is told of a case that holds, fails, or was not tried."""

import json
from xml.etree import ElementTree as ET

import pytest

from wherry_local.conformance import Case, Platform, Result, Severity, Subject, Verdict, report, run
from wherry_local.conformance.case import Need, NotTried, Unmet
from wherry_local.conformance.wire import Silence
from wherry_local.errors import Unreachable

from .conftest import response

SUBJECT = Subject(host="127.0.0.1", port=1, platforms=frozenset({Platform.KNATIVE}))


def holds(subject):
    """Pass."""


def fails(subject):
    raise Unmet(expected="a 2xx", got="500 \x00 <no>")


def is_silent(subject):
    raise Silence("nothing within 1 s")


def is_not_tried(subject):
    raise NotTried("it does not apply")


def case(name, check, **given):
    return Case(id=name, title=f"does {name}", section="RFC 1", check=check, **given)


CASES = (
    case("http.holds", holds),
    case("http.fails", fails),
    case("http.silent", is_silent),
    case("http.soft", fails, severity=Severity.SHOULD),
    case("events.not-tried", is_not_tried),
    case("events.other", holds, platform=Platform.OPENFAAS),
    case("events.echo", holds, need=Need.ECHO),
    case("drain.process", holds, need=Need.PROCESS),
)


@pytest.fixture
def results():
    return run(CASES, SUBJECT)


def test_verdicts(results):
    assert [(each.verdict, each.reason or each.got) for each in results] == [
        (Verdict.PASSED, ""),
        (Verdict.FAILED, "500 \x00 <no>"),
        (Verdict.FAILED, "nothing within 1 s"),
        (Verdict.FAILED, "500 \x00 <no>"),
        (Verdict.SKIPPED, "it does not apply"),
        (Verdict.SKIPPED, "its dialect is not claimed: --platform openfaas"),
        (Verdict.SKIPPED, "the function does not echo events"),
        (Verdict.SKIPPED, "the server was not started here: give a PATH"),
    ]


def test_what_counts_as_failed(results):
    assert [each.is_failure() for each in results].count(True) == 2
    assert [each.is_failure(strict=True) for each in results].count(True) == 3


def test_each_result_is_told_as_it_comes():
    told = []
    assert run(CASES, SUBJECT, told.append) == told


def test_text(results):
    text = report.text(results)
    assert "  FAIL  http.fails" in text
    assert "        expected  a 2xx\n        got       500" in text
    assert "  warn  http.soft" in text
    assert "  skip  1 cases: its dialect is not claimed" in text
    assert "http.holds" not in text
    assert text.endswith("8 cases: 1 passed, 2 failed, 1 should be better, 4 skipped")


def test_verbose_text_has_every_case(results):
    text = report.text(results, verbose=True)
    assert all(each.id in text for each in CASES)
    assert "  ok    http.holds" in text


def test_document(results):
    document = json.loads(report.document(results, "http://x/"))
    assert document["subject"] == "http://x/"
    assert document["summary"] == {
        "cases": 8,
        "passed": 1,
        "failed_must": 2,
        "failed_should": 1,
        "skipped": 4,
    }
    failed = document["cases"][1]
    assert (failed["id"], failed["group"], failed["severity"]) == ("http.fails", "http", "must")
    assert (failed["expected"], failed["got"]) == ("a 2xx", "500 \x00 <no>")
    assert document["cases"][5]["platform"] == "openfaas"
    assert document["cases"][5]["reason"].startswith("its dialect")


@pytest.mark.parametrize(("strict", "failures"), [(False, "2"), (True, "3")])
def test_junit(results, strict, failures):
    root = ET.fromstring(report.junit(results, "x", strict=strict))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["http", "events", "drain"]
    http = suites["http"]
    assert (http.get("tests"), http.get("failures"), http.get("skipped")) == ("4", failures, "0")
    assert "a 2xx, got 500 ? <no>" in http.find("testcase[@name='http.fails']/failure").get(
        "message"
    )
    assert len(root.findall(".//skipped")) == 4


def test_the_listing_has_every_case():
    listing = report.listing(CASES).splitlines()
    assert [line.split()[0] for line in listing] == [each.id for each in CASES]


@pytest.mark.parametrize("url", ["https://x/", "http://", "http://x:0/", "http://x:99999/", "x"])
def test_what_is_no_address(url):
    with pytest.raises(Unreachable, match="of the form http://HOST:PORT/PATH"):
        Subject.at(url, timeout_s=1, platforms=frozenset())


def test_an_address_and_its_requests():
    subject = Subject.at("http://[::1]:81/a?b=c", timeout_s=1, platforms=frozenset())
    assert (subject.url, subject.authority) == ("http://[::1]:81/a?b=c", "[::1]:81")
    assert subject.fill(b"{target} {host}") == b"/a?b=c [::1]:81"
    assert b"ce-id: 7\r\n" in subject.fill(b"{event}", event_id="7")


@pytest.mark.parametrize("status", [200, 204, 405, 415, 422])
def test_a_function_is_known_by_its_answer_to_an_ordinary_event(wrong, status):
    port = wrong(lambda *_: response(status, b""))
    subject = Subject(host="127.0.0.1", port=port, timeout_s=5).discovered()
    assert (subject.ordinary_status, subject.takes_events, subject.echoes) == (status, False, False)


def test_a_function_of_events_refuses_what_is_none(wrong):
    port = wrong(lambda data, _: response(200 if b"ce-id" in data else 400))
    subject = Subject(host="127.0.0.1", port=port, timeout_s=5).discovered()
    assert (subject.takes_events, subject.echoes) == (True, False)


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_what_is_no_function(wrong, status):
    port = wrong(lambda *_: response(status))
    with pytest.raises(Unreachable, match=f"answered with {status}, expected a 2xx"):
        Subject(host="127.0.0.1", port=port, timeout_s=5).discovered()


def test_no_server_at_all():
    with pytest.raises(Unreachable, match="no connection"):
        Subject(host="127.0.0.1", port=1).discovered()


def test_a_result_is_a_value():
    assert Result(case=CASES[0], verdict=Verdict.PASSED) == Result(
        case=CASES[0], verdict=Verdict.PASSED
    )
