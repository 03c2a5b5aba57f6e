"""Schedules: what fires when, and what Knative would refuse."""

import pytest

from wherry_build.errors import ManifestError
from wherry_build.manifests.knative.cron import check_cron


@pytest.fixture
def ping(objects):
    """The spec of a project's schedule, of which `said` is what the file says."""

    def ping(said):
        start = "namespace: fns\nfunctions: {hello: {}}\n"
        text = f"{start}schedules: {{s: {{function: hello{said}}}}}"
        return objects(text)["PingSource", "s"]["spec"]

    return ping


def test_a_schedule_with_everything(ping):
    said = (
        ", cron: '0 3 * * MON-FRI', time_zone: Europe/Rome, data: '{\"a\": 1}', "
        "content_type: application/json"
    )
    assert ping(said) == {
        "schedule": "0 3 * * MON-FRI",
        "timezone": "Europe/Rome",
        "contentType": "application/json",
        "data": '{"a": 1}',
        "sink": {
            "ref": {
                "apiVersion": "serving.knative.dev/v1",
                "kind": "Service",
                "name": "hello",
                "namespace": "fns",
            }
        },
    }


def test_a_schedule_with_nothing(ping):
    assert set(ping(", cron: '@hourly'")) == {"schedule", "sink"}


@pytest.mark.parametrize(
    "cron",
    [
        "* * * * *",
        "*/5 0 1,15 * ?",
        "0-30/10 8-18 * JAN-mar SUN",
        "59 23 31 12 6",
        "5/15 * * * 0",
        "@daily",
    ],
)
def test_what_knative_takes(cron):
    check_cron("s", cron)


@pytest.mark.parametrize(
    ("cron", "field"),
    [
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of the month"),
        ("* * L * *", "day of the month"),
        ("* * 15W * *", "day of the month"),
        ("* * * 13 *", "month"),
        ("* * * * 7", "day of the week"),
        ("* * * * 5#2", "day of the week"),
        ("30-10 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("*/x * * * *", "minute"),
        ("1,,2 * * * *", "minute"),
        ("- * * * *", "minute"),
        ("/5 * * * *", "minute"),
        ("1-2-3 * * * *", "minute"),
        ("mon * * * *", "minute"),
    ],
)
def test_what_knative_refuses(cron, field):
    with pytest.raises(ManifestError) as caught:
        check_cron("s", cron)
    assert f"schedules.s.cron: {field}: got" in caught.value.message


def test_json_that_is_none_is_an_error(ping):
    with pytest.raises(ManifestError, match="text that is no JSON"):
        ping(", cron: '@daily', data: '{', content_type: application/json")


def test_json_that_is_no_object_is_an_error_with_a_way_round(ping):
    said = ", cron: '@daily', data: '[1]', content_type: '%s'"
    with pytest.raises(ManifestError) as caught:
        ping(said % "application/json")
    way = caught.value.hint.removeprefix("content_type: ")
    assert ping(said % way)["contentType"] == way


def test_text_of_another_type_is_sent_as_it_is(ping):
    assert ping(", cron: '@daily', data: '{', content_type: text/plain")["data"] == "{"
