"""Deadlines and the durations that platforms write."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.deadline import Deadline, duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30), ("1.5", 1.5), ("0", 0), ("500ms", 0.5), ("1m30s", 90), ("2h", 7200),
        (" 10s ", 10), ("1h1m1s", 3661), ("100us", 1e-4), ("1.5h", 5400), ("0s", 0),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float):
    assert duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "10 s", "-1", "-1s", "1d", "s", "1e9", "\u0661", "1s" * 99]
)
def test_no_durations(text: str):
    with pytest.raises(ValueError, match="expected seconds"):
        duration_s(text)


@given(st.text(max_size=80))
def test_any_text_is_a_duration_or_a_value_error(text: str):
    with suppress(ValueError):
        assert duration_s(text) >= 0


def test_a_deadline():
    assert Deadline.after(60).remaining() == pytest.approx(60, abs=1)
    assert not Deadline.after(60).expired
    assert Deadline(0.0).expired and Deadline(0.0).remaining() == 0
    assert Deadline.after(0).remaining() == float("inf")
