"""The date that answers carry, beside the standard library's."""

from __future__ import annotations

from email.utils import formatdate

from hypothesis import given
from hypothesis import strategies as st

from wherry.serving.head import http_date


@given(st.integers(0, 253402300799))
def test_the_date_is_the_one_that_the_standard_library_writes(seconds: int):
    assert http_date(seconds) == formatdate(seconds, usegmt=True)
