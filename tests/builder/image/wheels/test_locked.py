"""What a lock says of a file, kept and read again."""

import re
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import VERSION_PATTERN
from tests.builder.image.wheels.wheel_making import locked

from wherry_build.image.wheels.locked import (
    LockedWheel,
    file_name_of,
    file_url,
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
    wheel = locked(name.encode(), name=normalized(name), size=size)
    assert parse_locked_wheel(wheel.document()) == wheel


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_a_url_loses_its_credentials_and_nothing_else(user, password):
    from urllib.parse import quote

    information = f"{quote(user, safe='')}:{quote(password, safe='')}"
    url = f"https://{information}@files.test:8443/a/b%20c-1.0.whl?x=1#sha256=2"
    assert without_credentials(url) == "https://files.test:8443/a/b%20c-1.0.whl?x=1"
    assert file_name_of(url) == "b c-1.0.whl"


SAID = {
    "name": "a",
    "version": "1",
    "file_name": "a.whl",
    "sha256": "a" * 64,
    "url": "https://f.test/a.whl",
}
MORE = "\n--no-binary :all:\nb"


@pytest.mark.parametrize(
    ("field", "value"),
    [("sha256", "a" * 63), ("sha256", "A" * 64), ("file_name", "../x.whl"), ("file_name", ".x")],
)
def test_what_would_leave_the_cache_is_refused(field, value):
    with pytest.raises(ValueError, match="a: "):
        LockedWheel(**{**SAID, field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", f"a{more}") for more in (MORE, "\n", "\u2028b", " @ https://f.test/b", "[x]")),
        ("name", "A"),
        ("name", "-r"),
        ("name", ""),
        *(("version", f"1{more}") for more in (MORE, "\n", "\u2028", " ", ",!=2", ".*", "; x")),
        ("version", "one"),
        ("version", "1" + "rc" * 40 + "!"),
        *(
            ("url", f"https://f.test/a{more}")
            for more in (MORE, "\n", "\u2028", "\x85", " b", "\0")
        ),
        ("url", "git+https://f.test/a"),
        ("url", "file:///a%00.whl"),
        ("url", ""),
    ],
)
def test_what_would_be_more_than_one_line_of_requirements_is_refused(field, value):
    with pytest.raises(ValueError, match=field if field != "url" else "URL"):
        LockedWheel(**{**SAID, field: value})


VERSIONS = st.from_regex(
    re.compile(f"(?:{VERSION_PATTERN})", re.VERBOSE | re.IGNORECASE | re.ASCII), fullmatch=True
)


@given(VERSIONS)
def test_every_version_is_taken(version):
    assert LockedWheel(**{**SAID, "version": version}).pin == f"a=={version}"


@pytest.mark.parametrize("path", ["w/a b-1.whl", "..%2f..%2fetc/passwd", "a#b?c.whl", "http:x"])
def test_a_path_is_a_path_in_a_url(path, tmp_path):
    url = file_url(tmp_path, path)
    assert url2pathname(urlsplit(url).path) == str(tmp_path / path)
