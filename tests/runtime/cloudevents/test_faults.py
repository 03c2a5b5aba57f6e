"""What a problem repeats of what it was sent."""

from __future__ import annotations

import pytest

from wherry.cloudevents.faults import shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain text", "plain text"),
        ("a\r\n\x1b€", "a????"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 61 + "..."),
    ],
)
def test_shown(text, seen):
    assert shown(text) == seen
