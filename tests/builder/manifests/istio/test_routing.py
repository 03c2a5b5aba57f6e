"""VirtualServices: one for each host that a route names, which picks what the project means."""

import re

import pytest
from hypothesis import given, settings
from tests.builder.manifests.calls import calls, chosen, topologies
from tests.builder.manifests.full_project import full_project, small_project

from wherry_build.manifests import Target
from wherry_build.manifests.istio.routing import virtual_services


def picked(virtuals, call):
    """The route that Istio takes for `call`: that of the nearest host, the first that matches."""
    by_host = {host: each for each in virtuals for host in each["spec"]["hosts"]}
    virtual = by_host.get(call.host) or by_host.get(f"*.{call.host.partition('.')[2]}")
    for route in virtual["spec"]["http"] if virtual else ():
        if any(matches(match, call) for match in route["match"]):
            return route
    return None


def matches(match, call):
    given = {"uri": call.path, "method": call.method}
    headers = match.get("headers", {})
    return (
        all(is_(match[key], value) for key, value in given.items() if key in match)
        and all(name in call.headers and is_(each, call.headers[name])
                for name, each in headers.items())
        and not any(name in call.headers and is_(each, call.headers[name])
                    for name, each in match.get("withoutHeaders", {}).items())
    )  # fmt: skip


def is_(match, value):
    """Whether a StringMatch takes `value`; one that says nothing takes all."""
    if not match:
        return True
    ((kind, wanted),) = match.items()
    return {
        "exact": lambda: value == wanted,
        "prefix": lambda: value.startswith(wanted),
        "regex": lambda: re.fullmatch(wanted, value) is not None,
    }[kind]()


@settings(deadline=None)
@given(topologies(), calls)
def test_every_call_goes_where_the_project_says(values, call):
    documents = virtual_services(values, Target.KNATIVE).documents
    route = picked([each.value for each in documents], call)
    wanted = chosen(values.routes, call)
    assert (route and route["name"]) == (wanted and wanted.name)


def test_hosts_that_no_route_names_share_one(objects):
    text = """
functions: {hello: {}}
hosts: {a.example.com: {}, b.example.com: {}, "*.c.example.com": {}}
routes:
  own: {host: "*.c.example.com", path: {exact: /own}, function: hello}
  all: {path: {prefix: /all}, function: hello}
"""
    found = {name: each["spec"] for (kind, name), each in objects(text).items()
             if kind == "VirtualService"}  # fmt: skip
    assert {name: spec["hosts"] for name, spec in found.items()} == {
        "functions": ["a.example.com", "b.example.com"],
        "wildcard-c.example.com": ["*.c.example.com"],
    }
    for spec in found.values():
        assert spec["gateways"] == ["default/functions"]
    assert [each["name"] for each in found["wildcard-c.example.com"]["http"]] == ["own", "all"]


def test_a_header_that_istio_does_not_read_leaves_the_route_out(losses, objects):
    text = """
functions: {hello: {}}
hosts: {a.example.com: {}}
routes:
  r: {headers: {Method: {exact: GET}}, function: hello}
  s: {headers: {x-a: {exact: b}, X-A: {present: true}}, function: hello}
  t: {function: hello}
"""
    assert {"routes.r", "routes.s"} <= losses(text).keys()
    (route,) = objects(text)["VirtualService", "functions"]["spec"]["http"]
    assert route["name"] == "t"


def test_callers_inside_share_the_revisions(objects):
    """A VirtualService of its own, for the host that they dial."""
    found = objects(small_project())["VirtualService", "service-hello"]["spec"]
    assert found["gateways"] == ["mesh"]
    assert found["hosts"] == ["hello.fns.svc.cluster.local"]
    (route,) = found["http"]
    assert [(each["destination"]["subset"], each["weight"]) for each in route["route"]] == [
        ("v1", 90),
        ("v2", 10),
    ]
    assert route["retries"] == {"attempts": 0}
    assert ("VirtualService", "service-orders") not in objects(small_project())


@pytest.mark.parametrize("target", Target)
def test_every_subset_is_defined_before_it_is_named(objects, rendered, target):
    found = objects(full_project(), target)
    defined = {
        (spec["host"], subset["name"])
        for (kind, _), each in found.items()
        if kind == "DestinationRule"
        for spec in [each["spec"]]
        for subset in spec.get("subsets", ())
    }
    named = {
        (to["host"], to["subset"])
        for (kind, _), each in found.items()
        if kind == "VirtualService"
        for route in each["spec"]["http"]
        for to in [one["destination"] for one in route["route"]]
        if "subset" in to
    }
    assert named <= defined
    assert bool(named) is (target is Target.KUBERNETES)
    files = [each.file for each in rendered(full_project(), target).documents]
    rules = [name for name in files if "destination-rule" in name]
    assert not rules or max(rules) < min(name for name in files if "virtual-service" in name)
