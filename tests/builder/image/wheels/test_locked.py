"""What a lock says of a file, kept and read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from tests.builder.image.wheels.wheel_making import locked

from wherry_build.image.wheels.locked import (
    LockedWheel,
    file_name_of,
    normalized,
    parse_locked_wheel,
    without_credentials,
)

NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?", fullmatch=True)


@given(NAMES)
def test_names_are_compared_as_packages_are(name):
    assert normalized(name) == canonicalize_name(name)


@given(NAMES, st.one_of(st.none(), st.integers(0, 1 << 40)))
def test_what_is_kept_is_read_again(name, size):
    wheel = locked(name.encode(), name=name, size=size)
    assert parse_locked_wheel(wheel.document()) == wheel


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_a_url_loses_its_credentials_and_nothing_else(user, password):
    from urllib.parse import quote

    information = f"{quote(user, safe='')}:{quote(password, safe='')}"
    url = f"https://{information}@files.test:8443/a/b%20c-1.0.whl?x=1#sha256=2"
    assert without_credentials(url) == "https://files.test:8443/a/b%20c-1.0.whl?x=1"
    assert file_name_of(url) == "b c-1.0.whl"


@pytest.mark.parametrize(
    ("field", "value"),
    [("sha256", "a" * 63), ("sha256", "A" * 64), ("file_name", "../x.whl"), ("file_name", ".x")],
)
def test_what_would_leave_the_cache_is_refused(field, value):
    said = {"name": "a", "version": "1", "file_name": "a.whl", "sha256": "a" * 64, "url": ""}
    with pytest.raises(ValueError, match="a: "):
        LockedWheel(**{**said, field: value})
