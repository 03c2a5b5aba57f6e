"""The Gateway API takes the narrowest route: what the file means, or it is told."""

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.builder.manifests.calls import calls, chosen, topologies

from wherry_build.manifests import Target
from wherry_build.manifests.gateway_api.http_route import http_routes
from wherry_build.project.specification.routing import HeaderMatch

SAYABLE = st.one_of(
    st.builds(HeaderMatch, exact=st.sampled_from(["1", "12"])),
    st.builds(HeaderMatch, prefix=st.sampled_from(["1", "12"])),
    st.just(HeaderMatch(present=True)),
)


def picked(routes, call):
    """The route by the rules of HTTPRoute: host, path, method, headers, and then the name."""
    found = []
    for route in routes:
        named = [host for host in route["spec"]["hostnames"] if _hosts(host, call.host)]
        for rule in route["spec"]["rules"] if named else ():
            for match in rule["matches"]:
                if _fits(match, call):
                    host = max(named, key=lambda each: (not each.startswith("*."), len(each)))
                    found.append((_order(host, match), route["metadata"]["name"]))
    return min(found)[1] if found else None


def _order(host, match):
    path = match["path"]
    return (
        host.startswith("*."),
        -len(host),
        path["type"] != "Exact",
        -len(path["value"]),
        "method" not in match,
        -len(match.get("headers", ())),
    )


def _hosts(named, host):
    return host.endswith(named[1:]) if named.startswith("*.") else host == named


def _fits(match, call):
    path = match["path"]
    exact = path["type"] == "Exact"
    below = f"{call.path}/".startswith(f"{path['value'].rstrip('/')}/")
    return (
        (call.path == path["value"] if exact else below)
        and match.get("method", call.method) == call.method
        and all(
            each["name"].lower() in call.headers and _is(each, call.headers[each["name"].lower()])
            for each in match.get("headers", ())
        )
    )


def _is(header, value):
    if header["type"] == "Exact":
        return value == header["value"]
    return re.fullmatch(header["value"], value) is not None


@settings(deadline=None, max_examples=200)
@given(topologies(headers=SAYABLE), calls)
def test_every_call_goes_where_the_project_says_or_it_is_told(values, call):
    # Of a prefix with a last slash the API takes the path without it as well, which is warned of.
    paths = [rule.said.path.prefix for rule in values.routes if rule.said.path is not None]
    assume("/a/" not in paths)
    emission = http_routes(values, Target.KNATIVE)
    routes = [each.value for each in emission.documents]
    wanted = chosen(values.routes, call)
    got = picked(routes, call)
    told = {each.key for each in emission.losses}
    assert got == (wanted and wanted.name) or f"routes.{wanted.name}" in told


def overtaken(losses, *routes):
    text = "functions: {hello: {}}\nhosts: {a.b: {}}\nroutes:\n" + "".join(
        f"  {name}: {{{said}, function: hello}}\n" for name, said in routes
    )
    return {key: each for key, each in losses(text).items() if "narrowest" in each.reason}


def test_a_longer_prefix_behind_a_shorter_one_is_told(losses):
    found = overtaken(losses, ("reads", "methods: [GET]"), ("orders", "path: {prefix: /orders}"))
    assert list(found) == ["routes.reads"]
    assert "routes.orders gets the calls that both take" in found["routes.reads"].reason


def test_what_cannot_meet_is_not_told(losses):
    assert not overtaken(
        losses, ("reads", "methods: [GET]"), ("orders", "methods: [POST], path: {prefix: /orders}")
    )
    assert not overtaken(losses, ("orders", "path: {prefix: /orders}"), ("rest", "methods: [GET]"))


def test_of_two_alike_the_name_counts(losses):
    one, two = "headers: {a: {exact: b}}", "headers: {c: {exact: d}}"
    assert not overtaken(losses, ("a", one), ("b", two))
    assert list(overtaken(losses, ("b", one), ("a", two))) == ["routes.b"]


def test_many_that_are_asked_before_are_counted(losses):
    routes = [(f"n{number}", f"path: {{prefix: /{number}}}") for number in range(5)]
    found = overtaken(losses, ("reads", "methods: [GET]"), *routes)
    assert "routes.n2 and 2 more" in found["routes.reads"].reason
