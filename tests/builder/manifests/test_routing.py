"""The route table of each host picks the route that the project means."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.builder.manifests.calls import CALLED, PREFLIGHT, calls, chosen, topologies, topology
from tests.builder.manifests.full_project import made, small_project
from tests.builder.manifests.test_routing_match import takes

from wherry_build.errors import ManifestError
from wherry_build.manifests import RenderOptions, Target
from wherry_build.manifests.resolution import topology as resolved
from wherry_build.manifests.routing import (
    duration,
    of_host,
    served_hosts,
    tables,
    unreached,
)

OPTIONS = RenderOptions(target=Target.KUBERNETES)


def of(text):
    return resolved(made(text), OPTIONS)


def asked(made_tables, call):
    """The table of the call's host, or none."""
    by_host = {host: table for table in made_tables for host in table.hosts}
    return by_host.get(call.host) or by_host.get(f"*.{call.host.partition('.')[2]}")


def picked(made_tables, call):
    """The route that the tables lead `call` to."""
    table = asked(made_tables, call)
    for entry in table.entries if table else ():
        if any(takes(match, call) for match in entry.matches):
            return entry.rule
    return None


@settings(deadline=None)
@given(topologies(), calls)
def test_every_call_goes_where_the_project_says(values, call):
    assert call.host in CALLED
    made_tables = tables(values)
    routes = values.routes
    if call.method == "OPTIONS" and call.headers == PREFLIGHT:
        # A browser that asks before a call gets no answer of a route that gets no call.
        taken = table.taken if (table := asked(made_tables, call)) else {}
        routes = [rule for rule in routes if rule.name not in taken]
    assert picked(made_tables, call) is chosen(routes, call)


@settings(deadline=None)
@given(topologies())
def test_a_route_is_in_a_table_or_told(values):
    made_tables = tables(values)
    reached = {entry.rule.name for table in made_tables for entry in table.entries}
    told = {each.key.removeprefix("routes.") for each in unreached(made_tables)}
    assert reached | told == {rule.name for rule in values.routes}
    assert not reached & told


def test_hosts_that_no_route_names_share_a_table():
    values = of(
        """
functions: {hello: {}}
hosts: {a.example.com: {}, b.example.com: {}, c.example.com: {}}
routes:
  own: {host: b.example.com, path: {exact: /own}, function: hello}
  all: {path: {prefix: /all}, function: hello}
"""
    )
    assert [(each.hosts, each.named, [one.rule.name for one in each.entries])
            for each in tables(values)] == [
        (("a.example.com", "c.example.com"), False, ["all"]),
        (("b.example.com",), True, ["own", "all"]),
    ]  # fmt: skip


def test_a_route_that_another_takes_is_told_with_it():
    values = of(
        """
functions: {hello: {}}
hosts: {a.example.com: {}}
routes:
  wide: {path: {prefix: /a}, function: hello}
  narrow: {path: {exact: /a/b}, methods: [GET], function: hello}
"""
    )
    made_tables = tables(values)
    (loss,) = unreached(made_tables)
    assert loss.key == "routes.narrow"
    assert "routes.wide is asked before" in loss.reason


def test_a_route_is_reached_as_far_as_no_other_takes_it():
    values = of(
        """
functions: {hello: {}}
hosts: {a.example.com: {}}
routes:
  home: {path: {exact: /a}, function: hello}
  rest: {path: {prefix: /a}, function: hello}
"""
    )
    (table,) = tables(values)
    rest = table.entries[1]
    assert [(match.path, match.below) for match in rest.matches] == [("/a", True)]


def test_a_host_that_only_a_route_names_is_served():
    values = of("functions: {hello: {}}\nroutes: {r: {host: a.example.com, function: hello}}")
    assert served_hosts(values) == ("a.example.com",)


def test_no_host_at_all_is_an_error_with_the_option():
    with pytest.raises(ManifestError) as caught:
        served_hosts(topology([], hosts=()))
    assert caught.value.hint == "--host fns.example.com"


def test_the_time_of_a_call_is_said_or_that_of_the_slowest_function():
    values = resolved(small_project(), OPTIONS)
    (rule,) = values.routes
    assert str(duration(rule, values)) == "300s"
    slow = of("functions: {hello: {timeout: 590s}}\nhosts: {a.b: {}}")
    assert str(duration(slow.routes[0], slow)) == "595s"
    said = of("functions: {hello: {}}\nroutes: {r: {host: a.b, function: hello, timeout: 1500ms}}")
    assert str(duration(said.routes[0], said)) == "1500ms"


def test_names_of_hosts_are_short_and_one_of_a_kind():
    long = ".".join(["x" * 60] * 4)
    hosts = ["a.b", "*.a.b", "wildcard-a.b", "host-a.b", long, f"*.{long}", long[:-1]]
    names = [of_host(host) for host in hosts]
    assert len(set(names)) == len(hosts)
    assert all(len(name) <= 63 for name in names)


@pytest.mark.timeout(5)
def test_thousands_of_routes_and_hosts_are_quick():
    """Guards against a look at every route for every other."""
    (rule,) = resolved(small_project(), OPTIONS).routes
    routes = [
        replace(rule, name=f"r{number}", host=f"h{number}.example.com") for number in range(3000)
    ]
    values = topology(routes, hosts=[each.host for each in routes])
    assert len(tables(values)) == 3000
