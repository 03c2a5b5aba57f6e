"""Figures, times and sizes as people read them."""

import pytest

from wherry_local.console import figures


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T00:00:01.123456789Z", 1.123456),
        ("1970-01-01t01:00:01+01:00", 1.0),
        ("1970-01-01T00:00:01", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_moments(text, at):
    assert figures.moment(text) == at


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "now"),
        (-0.4, "now"),
        (1, "1 s ago"),
        (119.9, "119 s ago"),
        (120, "2 min ago"),
        (7199, "119 min ago"),
        (7200, "2 h ago"),
        (172_799, "47 h ago"),
        (172_800, "2 d ago"),
        (-5.5, "in 5 s"),
        (-300, "in 5 min"),
    ],
)
def test_relative_times(seconds, text):
    assert figures.relative(1000.0, 1000.0 + seconds) == text


def test_times():
    assert figures.absolute(0.0625) == "1970-01-01 00:00:00.062 UTC"
    assert figures.clock(3661.5) == "01:01:01.500"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "\u2013"), (0.04, "0.0 ms"), (9.94, "9.9 ms"), (10, "10 ms"), (10_000, "10.0 s")],
)
def test_durations(value, text):
    assert figures.milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "\u2013"), (0.0, "0/s"), (0.25, "0.2/s"), (9.94, "9.9/s"), (12, "12/s")],
)
def test_rates(value, text):
    assert figures.rate(value) == text


def test_counts_and_shares():
    assert figures.count(1_234_567) == "1\u2009234\u2009567"
    assert figures.count(None) == "\u2013"
    assert figures.share(0, 10) == figures.share(None, 10) == figures.share(1, 0) == ""
    assert figures.share(1, 10_000) == "< 0.1 %"
    assert figures.share(1, 8) == "12.5 %"


def test_sizes():
    assert [figures.size(n) for n in (0, 1023, 1024, 1536, 5 * 1024 * 1024)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1.5 KiB",
        "5.0 MiB",
    ]
