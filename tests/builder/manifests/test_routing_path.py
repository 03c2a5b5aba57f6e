"""Paths are rewritten whole segments at a time, and get no second slash."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.manifests.routing_path import escaped, path_rewrite
from wherry_build.project.specification.routing import PathMatch

SEGMENT = st.from_regex(r"[A-Za-z0-9._~!$&'()*+,;=:@%-]{1,5}", fullmatch=True).filter(
    lambda text: text not in {".", ".."}
)
PATH = st.lists(SEGMENT, max_size=3).map(lambda parts: "/" + "/".join(parts))


def rewritten(path, rule):
    return re.sub(rule.pattern, rule.to, path, count=1)


@pytest.mark.parametrize(
    ("prefix", "to", "path", "expected"),
    [
        ("/hello", "/", "/hello", "/"),
        ("/hello", "/", "/hello/", "/"),
        ("/hello", "/", "/hello/a%2Fb", "/a%2Fb"),
        ("/hello", "/v1", "/hello", "/v1"),
        ("/hello", "/v1", "/hello/", "/v1/"),
        ("/hello", "/v1", "/hello/a", "/v1/a"),
        ("/hello", "/v1/", "/hello", "/v1/"),
        ("/hello", "/v1/", "/hello/a", "/v1/a"),
        ("/hello/", "/v1", "/hello/a", "/v1/a"),
        ("/", "/v1", "/a/b", "/v1/a/b"),
        ("/", "/", "/a/b", "/a/b"),
        ("/a.b", "/", "/a.b/c", "/c"),
    ],
)
def test_a_prefix(prefix, to, path, expected):
    rule = path_rewrite(PathMatch(prefix=prefix), to)
    assert rewritten(path, rule) == expected


def test_a_whole_path():
    rule = path_rewrite(PathMatch(exact="/a+b"), "/c")
    assert rewritten("/a+b", rule) == "/c"
    assert rewritten("/aab", rule) == "/aab"


def test_what_stands_before_the_path():
    assert path_rewrite(None, None) is None
    assert path_rewrite(PathMatch(prefix="/a"), None) is None
    kept = path_rewrite(PathMatch(prefix="/a"), None, before="/function/hello")
    assert rewritten("/a/b", kept) == "/function/hello/a/b"
    moved = path_rewrite(PathMatch(prefix="/a"), "/", before="/function/hello")
    assert rewritten("/a", moved) == "/function/hello/"
    assert rewritten("/a/b", moved) == "/function/hello/b"


@given(PATH, PATH, PATH)
def test_every_path_below_a_prefix(prefix, to, rest):
    rule = path_rewrite(PathMatch(prefix=prefix), to)
    path = prefix.rstrip("/") + rest
    made = rewritten(path, rule)
    assert made == to.rstrip("/") + rest
    assert "//" not in made


@given(PATH, PATH)
def test_a_pattern_fits_its_path_alone(path, other):
    assert bool(re.fullmatch(escaped(path), other)) is (path == other)
    assert re.fullmatch(escaped(path), path)
