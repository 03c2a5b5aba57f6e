"""What one match takes of another, held against calls themselves."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builder.manifests.calls import calls, rules

from wherry_build.manifests.routing_match import Match, matches, repeated_headers
from wherry_build.manifests.topology import RouteRule
from wherry_build.project.specification.routing import (
    Cors,
    HeaderMatch,
    Method,
    PathMatch,
    Route,
)


def said(**route):
    return RouteRule(name="r", host="", said=Route(function="hello", **route), backends=())


def takes(match, call):
    """Whether `call` is one of the match's."""
    path = call.path.startswith(f"{match.path}/") if match.below else call.path == match.path
    return (
        path
        and (not match.methods or Method(call.method) in match.methods)
        and all(_is(wanted, call.headers.get(name)) for name, wanted in match.headers.items())
    )


def _is(wanted, value):
    if wanted.present is not None:
        return wanted.present is (value is not None)
    if value is None:
        return False
    return value == wanted.exact if wanted.exact is not None else value.startswith(wanted.prefix)


@settings(deadline=None)
@given(rules(name="one"), rules(name="other"), st.lists(calls, max_size=20))
def test_what_is_taken_and_what_is_met(one, other, made):
    for wide in matches(one):
        for narrow in matches(other):
            both = [call for call in made if takes(wide, call) and takes(narrow, call)]
            assert wide.meets(narrow) or not both
            assert narrow.meets(wide) is wide.meets(narrow)
            if wide.takes(narrow):
                assert all(takes(wide, call) for call in made if takes(narrow, call))
                assert (wide.path, wide.below) in set(narrow.around())


def test_a_prefix_is_the_path_and_what_is_below_it():
    assert matches(said(path=PathMatch(prefix="/a"))) == (
        Match(path="/a", below=False),
        Match(path="/a", below=True),
    )
    assert matches(said(path=PathMatch(prefix="/"))) == matches(said())
    assert matches(said()) == (Match(path="", below=True),)
    assert matches(said(path=PathMatch(prefix="/a/"))) == (Match(path="/a", below=True),)


def test_what_a_browser_asks_before_is_taken_where_conditions_shut_it_out():
    cors = Cors(origins=("*",))
    assert not any(each.preflight for each in matches(said(cors=cors)))
    assert not any(
        each.preflight for each in matches(said(cors=cors, methods=(Method.GET, Method.OPTIONS)))
    )
    for conditions in (
        {"methods": (Method.GET,)},
        {"headers": {"x": HeaderMatch(present=True)}},
        {"headers": {"x": HeaderMatch(present=True)}, "methods": (Method.OPTIONS,)},
    ):
        asked = [each for each in matches(said(cors=cors, **conditions)) if each.preflight]
        assert [each.methods for each in asked] == [(Method.OPTIONS,)]
        assert "x" not in asked[0].headers


def test_a_header_in_two_spellings_is_one():
    one = HeaderMatch(present=True)
    assert repeated_headers(said(headers={"X-A": one, "x-a": one, "b": one})) == ["x-a"]
