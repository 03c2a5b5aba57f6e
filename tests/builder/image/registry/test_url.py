from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.image.registry.url import api, host, origin, resolve

BASE = "https://ghcr.io/v2/a/b/blobs/uploads/"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/v2/x?state=1", "https://ghcr.io/v2/x?state=1"),
        ("id?state=1", f"{BASE}id?state=1"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
        ("http://ghcr.io:80/x", "http://ghcr.io:80/x"),
        ("https://[::1]:5000/x", "https://[::1]:5000/x"),
    ],
)
def test_a_location_is_seen_from_where_it_was_given(location, expected):
    assert resolve(BASE, location) == expected


@pytest.mark.parametrize(
    "location",
    [
        *("http://[", "http://a:99999/", "http://a:0/", "http://u:p@a/", "http:///x"),
        *("file:///etc/x", "javascript:1", "http://\x1b[31m/", "https://exämple.com/"),
        "/" + "x" * 20_000,
    ],
)
def test_what_is_no_url_of_http_is_refused(location):
    with pytest.raises(ValueError):  # noqa: PT011 - several parts of it may be wrong
        resolve(BASE, location)


@given(st.text(max_size=60) | st.from_regex(r"[a-z]{0,5}:?//?[^/]{0,20}(:[0-9]{0,9})?/.*"))
def test_whatever_a_registry_names_can_be_asked_or_is_refused(location):
    try:
        url = resolve(BASE, location)
    except ValueError:
        return
    assert urlsplit(url).scheme in {"http", "https"}
    scheme, name, port = origin(url)
    assert scheme and name and 0 < port < 65536
    assert host(url) in api(url)


def test_an_origin_is_the_same_with_its_usual_port():
    assert origin("https://GHCR.io/x") == origin("https://ghcr.io:443/y")
    assert origin("https://ghcr.io/x") != origin("http://ghcr.io/x")
