import pytest

from wherry import cloud_event, http
from wherry.declarations import (
    UNBOUNDED,
    Bounds,
    Hook,
    Kind,
    alive,
    declaration_of,
    hook_of,
    ready,
    start,
    stop,
)
from wherry.errors import HandlerSignatureError
from wherry.handler import of


def test_a_declared_function_is_the_function_itself():
    def function(request):
        return request

    assert http(function) is function
    assert declaration_of(function).kind is Kind.HTTP
    assert declaration_of(lambda: None) is None


def test_bare_and_with_arguments():
    @cloud_event
    def every(event): ...

    @cloud_event(type="a")
    def one(event): ...

    @cloud_event(type=["a", "b"])
    def two(event): ...

    assert declaration_of(every).event_types == frozenset()
    assert declaration_of(one).event_types == {"a"}
    assert declaration_of(two).event_types == {"a", "b"}


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        (["get"], {"GET", "HEAD"}),
        (["POST"], {"POST"}),
        ("PUT", {"PUT"}),
        (("PATCH", "QUERY"), {"PATCH", "QUERY"}),
    ],
)
def test_methods(methods, expected):
    @http(methods=methods)
    def function(request): ...

    assert declaration_of(function).methods == expected


@pytest.mark.parametrize("methods", [["GET POST"], [""], ["GET\r\n"], [7]])
def test_bad_methods_are_refused(methods):
    with pytest.raises(HandlerSignatureError, match="methods"):
        http(methods=methods)


@pytest.mark.parametrize("types", ["", [7], ["a", ""]])
def test_bad_types_are_refused(types):
    with pytest.raises(HandlerSignatureError, match="type"):
        cloud_event(type=types)


@pytest.mark.parametrize("declare", [http, cloud_event])
def test_a_function_says_where_it_is_and_how_much_it_takes(declare):
    @declare(path="/orders/new", max_inflight=4, max_queue=0, timeout_s=2.5)
    def function(): ...

    @declare
    def silent(): ...

    found = declaration_of(function)
    assert (found.path, found.bounds) == (
        "/orders/new",
        Bounds(max_inflight=4, max_queue=0, timeout_s=2.5),
    )
    assert declaration_of(silent).path is None
    assert declaration_of(silent).bounds == UNBOUNDED == Bounds()
    served = of(function)
    assert (served.path, served.bounds) == (found.path, found.bounds)


@pytest.mark.parametrize("path", ["/", "/a", "/a/b", "/a.b", "/...", "/v1/~me/@x,y;z=1:2"])
def test_paths(path):
    assert declaration_of(http(path=path)(lambda: None)).path == path


@pytest.mark.parametrize(
    "path",
    ["", "a", "/a/", "//a", "/a//b", "/a?b", "/a#b", "/a b", "/%61", "/ä", "/a/../b", "/.", "/..",
     "/./a", "/a\n", "/" + "a" * 1024, 7, b"/a"],
)  # fmt: skip
def test_bad_paths_are_refused(path):
    with pytest.raises(HandlerSignatureError, match="@http path"):
        http(path=path)


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("max_inflight", 0), ("max_inflight", -1), ("max_inflight", True), ("max_inflight", 1.5),
        ("max_queue", -1), ("max_queue", "5"), ("max_queue", False),
        ("timeout_s", -1), ("timeout_s", "5s"), ("timeout_s", float("nan")),
        ("timeout_s", float("inf")), ("timeout_s", True),
    ],
)  # fmt: skip
def test_bad_limits_are_refused(limit, value):
    with pytest.raises(HandlerSignatureError, match=f"@cloud_event {limit}: got "):
        cloud_event(**{limit: value})


def test_a_positional_option_is_told_how_to_be_given():
    with pytest.raises(HandlerSignatureError) as caught:
        cloud_event("com.acme.placed")
    assert "by keyword" in caught.value.hint


@pytest.mark.parametrize(
    ("mark", "hook"),
    [(start, Hook.START), (stop, Hook.STOP), (ready, Hook.READY), (alive, Hook.ALIVE)],
)
def test_hooks(mark, hook):
    def function(): ...

    assert mark(function) is function
    assert hook_of(function) is hook
