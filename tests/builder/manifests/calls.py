"""Calls, and which route of a project each is for, by what docs/project.md says of routes."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from tests.builder.manifests.full_project import ROOT

from wherry_build.manifests.topology import Backend, RouteRule, Topology, Workload
from wherry_build.manifests.topology import Revision as RevisionValue
from wherry_build.project.model import Function
from wherry_build.project.specification import FunctionSpecification
from wherry_build.project.specification.routing import (
    Cors,
    HeaderMatch,
    Method,
    PathMatch,
    Rewrite,
    Route,
)

HOSTS = ("a.example.com", "b.example.com", "*.example.com", "other.org")
CALLED = ("a.example.com", "b.example.com", "c.example.com", "other.org")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/a.b", "/axb")
PREFLIGHT = {"origin": "https://x.org", "access-control-request-method": "GET"}


@dataclass(frozen=True)
class Call:
    host: str
    path: str
    method: str
    headers: dict = field(default_factory=dict)


def chosen(routes, call):
    """The first route that fits, or None."""
    return next((rule for rule in routes if fits(rule, call)), None)


def fits(rule, call):
    said = rule.said
    if not (_host(rule.host, call.host) and _path(said.path, call.path)):
        return False
    plain = (not said.methods or call.method in {each.value for each in said.methods}) and all(
        _header(wanted, call.headers.get(name.lower())) for name, wanted in said.headers.items()
    )
    return plain or (
        said.cors is not None
        and call.method == "OPTIONS"
        and call.headers.keys() >= PREFLIGHT.keys()
    )


def _host(said, host):
    return said in {"", host} or (said.startswith("*.") and host.endswith(said[1:]))


def _path(said, path):
    if said is None:
        return True
    if said.exact is not None:
        return path == said.exact
    prefix = said.prefix
    return path.startswith(prefix) if prefix.endswith("/") else f"{path}/".startswith(f"{prefix}/")


def _header(wanted, value):
    if wanted.present is not None:
        return wanted.present is (value is not None)
    if value is None:
        return False
    return value == wanted.exact if wanted.exact is not None else value.startswith(wanted.prefix)


calls = st.builds(
    Call,
    host=st.sampled_from(CALLED),
    path=st.sampled_from([*PATHS, "/a/x", "/x", "/a/b/c/d"]),
    method=st.sampled_from(["GET", "POST", "OPTIONS"]),
    headers=st.one_of(
        st.dictionaries(st.sampled_from(["x-a", "x-b"]), st.sampled_from(["1", "12", "2"])),
        st.just(PREFLIGHT),
    ),
)
header_matches = st.one_of(
    st.builds(HeaderMatch, exact=st.sampled_from(["1", "12"])),
    st.builds(HeaderMatch, prefix=st.sampled_from(["1", "12"])),
    st.builds(HeaderMatch, present=st.booleans()),
)
paths = st.one_of(
    st.none(),
    st.builds(PathMatch, exact=st.sampled_from(PATHS)),
    st.builds(PathMatch, prefix=st.sampled_from(PATHS)),
)


@st.composite
def rules(draw, *, name, headers=header_matches):
    path = draw(paths)
    said = Route(
        path=path,
        methods=tuple(draw(st.lists(st.sampled_from([Method.GET, Method.POST]), unique=True))),
        headers=draw(st.dictionaries(st.sampled_from(["x-a", "X-B"]), headers, max_size=2)),
        function="hello",
        rewrite=draw(st.sampled_from([None, Rewrite(path="/")])) if path is not None else None,
        cors=draw(st.sampled_from([None, None, Cors(origins=("https://x.org",))])),
    )
    return RouteRule(
        name=name,
        host=draw(st.sampled_from(["", *HOSTS])),
        said=said,
        backends=(Backend(function="hello", revision="", percent=100),),
    )


@st.composite
def topologies(draw, **of_rules):
    names = draw(st.permutations([f"r{number}" for number in range(draw(st.integers(1, 6)))]))
    return topology([draw(rules(name=name, **of_rules)) for name in names])


def topology(routes, hosts=HOSTS):
    workload = Workload(
        function=Function(name="hello", folder=ROOT / "functions/hello"),
        said=FunctionSpecification(),
        revisions=(RevisionValue(name="", image="hello:1", percent=100),),
    )
    return Topology(
        namespace="fns",
        workloads={"hello": workload},
        hosts=dict.fromkeys(hosts),
        routes=tuple(routes),
        brokers={},
        triggers={},
        schedules={},
    )
