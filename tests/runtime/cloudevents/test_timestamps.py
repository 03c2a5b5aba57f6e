"""RFC 3339, strictly."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.cloudevents.timestamps import is_timestamp, moment_of, text_of

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-02-29T00:00:00Z", datetime(2020, 2, 29, tzinfo=UTC)),
        ("2020-01-02t03:04:05.1z", datetime(2020, 1, 2, 3, 4, 5, 100_000, tzinfo=UTC)),
        ("2020-01-02T03:04:05.123456789Z", datetime(2020, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2020-01-02T03:04:05-00:00", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2020-01-02T03:04:05+05:30", datetime(2020, 1, 1, 21, 34, 5, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T08:59:60.5+09:00", datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", datetime(1, 1, 1, tzinfo=timezone(timedelta(minutes=1439)))),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_timestamps(text, moment):
    assert is_timestamp(text)
    assert moment_of(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020-01-02",
        "2020-01-02T03:04:05",
        "2020-01-02 03:04:05Z",
        "20200102T030405Z",
        "2020-13-01T00:00:00Z",
        "2020-00-01T00:00:00Z",
        "2020-02-30T00:00:00Z",
        "2019-02-29T00:00:00Z",
        "2020-01-32T00:00:00Z",
        "2020-01-02T24:00:00Z",
        "2020-01-02T00:60:00Z",
        "2020-01-02T00:00:61Z",
        "2020-01-02T00:00:00.Z",
        "2020-01-02T00:00:00,5Z",
        "2020-01-02T00:00:00+0000",
        "2020-01-02T00:00:00+24:00",
        "2020-01-02T00:00:00+00",
        "2020-01-02T00:00:00Z\n",
        "2020-01-02T12:00:60Z",
        "2020-01-02T23:59:60Z",
        "9999-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0000-12-31T00:00:00Z",
        "0001-01-01T00:00:60+10:00",
        "٢٠٢٠-01-02T00:00:00Z",
        " 2020-01-02T00:00:00Z",
    ],
)
def test_what_is_no_timestamp(text):
    assert not is_timestamp(text)
    if "0000-" not in text:
        with pytest.raises(ValueError, match="RFC 3339"):
            moment_of(text)


@settings(max_examples=150, deadline=None, database=None)
@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))])))
def test_what_is_written_reads_the_same(moment):
    text = text_of(moment)
    assert is_timestamp(text)
    assert moment_of(text) == moment


def test_writing():
    assert text_of(datetime(2020, 1, 2, tzinfo=UTC)) == "2020-01-02T00:00:00Z"
    odd = timezone(timedelta(minutes=19, seconds=32))
    assert text_of(datetime(1930, 1, 1, 0, 19, 32, tzinfo=odd)) == "1930-01-01T00:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        text_of(datetime(2020, 1, 2))  # noqa: DTZ001
