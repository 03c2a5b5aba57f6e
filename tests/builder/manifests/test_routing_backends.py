"""What a route's calls are divided among, by each platform's names."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.errors import ManifestError
from wherry_build.manifests import RenderOptions, Target
from wherry_build.manifests.resolution import topology
from wherry_build.manifests.routing_backends import (
    knative_services,
    reached_as_a_whole,
    revision_services,
)

PROJECT = """
functions:
  hello:
    revisions:
      v1: {{percent: 90, tag: stable}}
      v2: {{percent: 10}}
  plain: {{}}
routes:
  r: {{host: a.b, {route}}}
"""


def services(find, route):
    values = topology(made(PROJECT.format(route=route)), RenderOptions(target=Target.KUBERNETES))
    return {each.name: each.percent for each in find(values, values.routes[0])}


def split(*parts):
    listed = [
        f"function: {function}, percent: {percent}"
        + (f", revision: {revision}" if revision else "")
        for function, revision, percent in parts
    ]
    return "split: [" + ", ".join(f"{{{each}}}" for each in listed) + "]"


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("function: hello", {"hello": 100}),
        (split(("hello", "v1", 90), ("hello", "v2", 10)), {"hello": 100}),
        (split(("hello", "v2", 10), ("hello", "v1", 90)), {"hello": 100}),
        (split(("hello", "v1", 80), ("hello", "v2", 20)), {"stable-hello": 80, "v2-hello": 20}),
        (split(("hello", "v1", 100), ("hello", "v2", 0)), {"stable-hello": 100}),
        (split(("hello", "", 60), ("plain", "", 40)), {"hello": 60, "plain": 40}),
        (split(("hello", "v1", 45), ("hello", "v2", 5), ("plain", "", 50)),
         {"hello": 50, "plain": 50}),
        (split(("hello", "v1", 50), ("plain", "", 50)), {"stable-hello": 50, "plain": 50}),
        (split(("hello", "", 50), ("hello", "v2", 50)), {"hello": 50, "v2-hello": 50}),
    ],
)  # fmt: skip
def test_knative_divides_calls_itself_where_it_divides_them_so(route, expected):
    assert services(knative_services, route) == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("function: hello", {"hello-v1": 90, "hello-v2": 10}),
        ("function: plain", {"plain": 100}),
        (split(("hello", "v1", 80), ("hello", "v2", 20)), {"hello-v1": 80, "hello-v2": 20}),
        (split(("hello", "", 50), ("plain", "", 50)), {"hello-v1": 45, "hello-v2": 5, "plain": 50}),
    ],
)
def test_each_revision_has_a_service(route, expected):
    assert services(revision_services, route) == expected


def test_a_name_of_two_that_is_too_long_is_an_error():
    text = PROJECT.replace("hello", "h" * 62).format(route="function: " + "h" * 62)
    values = topology(made(text), RenderOptions(target=Target.KUBERNETES))
    with pytest.raises(ManifestError, match="at most 63"):
        revision_services(values, values.routes[0])


def test_a_function_is_reached_as_a_whole_or_by_its_revisions_alone():
    for route, expected in (
        ("function: hello", True),
        (split(("hello", "v1", 90), ("hello", "v2", 10)), False),
        ("function: plain", False),
    ):
        values = topology(
            made(PROJECT.format(route=route)), RenderOptions(target=Target.KUBERNETES)
        )
        assert ("hello" in reached_as_a_whole(values)) is expected
