"""From a path to its routes; odd paths lead nowhere."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.front.route import Route
from wherry_local.front.routing import Routing


async def nobody(_asked):
    raise AssertionError


def route(pattern, *methods, guarded=True):
    return Route(methods=methods or ("GET",), pattern=pattern, answer=nobody, guarded=guarded)


ROUTES = [
    route("/healthz", guarded=False),
    route("/system/functions", "GET", "POST", "PUT"),
    route("/system/function/{name}"),
    route("/system/events"),
    route("/system/events/{key}"),
    route("/system/events/{key}/replay", "POST"),
    route("/ui/{path...}", guarded=False),
]
BROKER = route("/{namespace}/{broker}", "POST", guarded=False)
SERVICE = "the functions"


def routing():
    return Routing(ROUTES, {"/function/": SERVICE})


@pytest.mark.parametrize(
    ("path", "pattern", "named"),
    [
        ("/healthz", "/healthz", {}),
        ("/system/functions", "/system/functions", {}),
        ("/system/function/hello", "/system/function/{name}", {"name": "hello"}),
        ("/system/function/a%20b%C3%BC", "/system/function/{name}", {"name": "a bü"}),
        ("/system/events/k/replay", "/system/events/{key}/replay", {"key": "k"}),
        ("/ui/", "/ui/{path...}", {"path": ""}),
        ("/ui/a/b%2Fc//d", "/ui/{path...}", {"path": "a/b%2Fc//d"}),
        ("/default/main", "/{namespace}/{broker}", {"namespace": "default", "broker": "main"}),
    ],
)
def test_a_path_leads_to_its_route(path, pattern, named):
    table = Routing([BROKER, *ROUTES], {"/function/": SERVICE})
    for _ in range(2):  # found, and remembered
        place = table.find(path)
        assert place.problem is None
        assert {each.pattern for each in place.routes.values()} == {pattern}
        assert place.named == named


def test_head_goes_with_get():
    assert set(routing().find("/system/functions").routes) == {"GET", "HEAD", "POST", "PUT"}
    assert set(Routing([BROKER], {}).find("/default/main").routes) == {"POST"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/system", 404),
        ("/system/functions/", 404),
        ("/SYSTEM/functions", 404),
        ("/%73ystem/functions", 404),
        ("/function/../system/functions", 400),
        ("/function/%2e%2e/system/functions", 400),
        ("/function/.%2E/system/functions", 400),
        ("/function/..%2fsystem/functions", 400),
        ("/function/..%5csystem", 400),
        ("/function/..\\system", 400),
        ("/function/hello/../../system/functions", 400),
        ("/function/hello/%2e%2e/%2e%2e/system/functions", 400),
        ("/function/hello/..;/system", 400),
        ("/function/hello%2fx", 400),
        ("/function/hello%2Ex", 400),
        ("/function/hello%252e%252e", 400),
        ("/function//hello", 400),
        ("//function/hello", 400),
        ("//system/functions", 400),
        ("/system//functions", 400),
        ("/system/./functions", 400),
        ("/system/function/%2e%2e", 400),
        ("/system/function/a%00", 400),
        ("/system/function/a%0a", 400),
        ("/system/function/a%2", 400),
        ("/system/function/a%ff", 400),
        ("/ui/../system/functions", 400),
        ("/ui/%2e%2e%2fsystem", 400),
    ],
)
def test_an_odd_path_leads_nowhere(path, status):
    place = routing().find(path)
    assert place.service is None
    assert place.routes == {}
    assert place.problem is not None
    assert place.problem.status == status


@pytest.mark.parametrize(
    "path",
    ["/function/hello", "/function/hello.x/a//b", "/function/hello/a%2Fb/%00", "/function/"],
)
def test_what_follows_the_name_of_a_function_is_its_own(path):
    assert routing().find(path).service == SERVICE


PARTS = st.sampled_from(
    [
        *("/", "//", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", "\\", ";", "%25", "%00", "system"),
        *("function", "functions", "hello", "ui", "a", "%73", "events", "%", "default"),
    ]
)


def readings(path):
    """What other readers could take a path for: decoded up to twice, dots and slashes merged."""
    for decoded in (path, unquote(path), unquote(unquote(path))):
        text = decoded.replace("\\", "/").replace(";", "")
        yield text
        found = []
        for segment in re.split("/+", text):
            if segment == "..":
                del found[-1:]
            elif segment not in {"", "."}:
                found.append(segment)
        yield "/" + "/".join(found)


@given(st.lists(PARTS, max_size=8).map(lambda parts: "/" + "".join(parts)))
def test_no_reading_of_a_path_to_one_place_leads_to_another(path):
    place = routing().find(path)
    if place.service is None and not place.routes:
        return
    guarded = any(each.guarded for each in place.routes.values())
    for text in readings(path):
        # Behind the name of a function, or of a page, stands what only they read.
        if not text.startswith(("/function/", "/ui/")) or guarded:
            other = routing().find(text)
            patterns = {each.pattern for each in other.routes.values()}
            mine = {each.pattern for each in place.routes.values()}
            assert other.problem is not None or (patterns, other.service) == (mine, place.service)


@given(st.lists(PARTS, max_size=6).map("".join))
def test_a_function_is_never_a_way_to_the_admin_api(rest):
    place = routing().find("/function/" + rest)
    if place.service is not None:
        for text in readings("/function/" + rest):
            if "hello" in rest.partition("/")[0]:
                assert text.startswith("/function/"), text


def test_two_routes_cannot_want_the_same():
    with pytest.raises(ValueError, match="two routes answer GET /a"):
        Routing([route("/a"), route("/a", "GET", "PUT")], {})
    with pytest.raises(ValueError, match="at the end alone"):
        Routing([route("/{rest...}/a")], {})


def test_what_is_remembered_is_bounded():
    table = routing()
    for number in range(5000):
        table.find(f"/system/function/f{number}")
    assert len(table.places) <= 2048
