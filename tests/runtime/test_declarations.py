import pytest

from wherry import cloud_event, http
from wherry.declarations import Hook, Kind, alive, declaration_of, hook_of, ready, start, stop
from wherry.errors import HandlerSignatureError


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
