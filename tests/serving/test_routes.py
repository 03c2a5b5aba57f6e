"""Which function a request is for; no sockets."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry import cloud_event, http
from wherry.cloudevents import HeaderEncoding
from wherry.config import Config
from wherry.context import Context, Identity
from wherry.deadline import Deadline
from wherry.errors import HandlerConflict, HandlerSignatureError
from wherry.handler import of
from wherry.request import Request
from wherry.serving.event_types import is_in_body, types_of
from wherry.serving.mounts import Mount, load_mounts, sources
from wherry.serving.routes import Routes

STRICT = HeaderEncoding.STRICT


def request_of(
    content_type: str | None, body: bytes = b"", attributes: dict[str, str] | None = None
) -> Request:
    context = Context(call_id="c", deadline=Deadline.after(9), identity=Identity(function="f"))
    return Request(
        method="POST",
        path="/",
        query="",
        headers=[],
        body=body,
        context=context,
        content_type=content_type,
        event_attributes=attributes,
    )


def at(path: str, *, event: bool = False, types: tuple[str, ...] = ()) -> Mount:
    def function(): ...

    declared = cloud_event(type=types)(function) if event else http(function)
    return Mount(name=path.strip("/").replace("/", "-") or "root", path=path, handler=of(declared))


ROUTES = Routes([at("/orders"), at("/orders/old"), at("/audit"), at("/")])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/orders", 0),
        ("/orders/", 0),
        ("/orders/5/lines", 0),
        ("/orders/older", 0),
        ("/orders/old", 1),
        ("/orders/old/5", 1),
        ("/audit", 2),
        ("/ordersx", None),
        ("/Orders", None),
        ("/%6frders", None),
        ("//orders", None),
        ("/", None),
        ("/x/orders", None),
        ("*", None),
    ],
)
def test_the_longest_path_of_whole_segments_wins(path: str, expected: int | None):
    assert ROUTES.by_path(path) == expected
    assert ROUTES.root == 3


segments = st.lists(st.sampled_from(["a", "b", "orders", "old", "", "."]), max_size=6)


@given(st.lists(segments.filter(bool), min_size=1, max_size=5), segments)
def test_as_a_slow_search_would_find(declared: list[list[str]], asked: list[str]):
    paths = list(dict.fromkeys("/" + "/".join(each) for each in declared))
    paths = [path for path in paths if path != "/"]
    path = "/" + "/".join(asked)
    below = [each for each in paths if path == each or path.startswith(each + "/")]
    found = Routes([at(each) for each in paths]).by_path(path)
    assert (None if found is None else paths[found]) == max(below, key=len, default=None)


def test_a_long_path_costs_no_more_than_the_declared_ones():
    assert ROUTES.by_path("/orders" + "/x" * 100_000) == 0


def test_events_go_by_type():
    routes = Routes([
        at("/h"),
        at("/a", event=True, types=("placed", "paid")),
        at("/b", event=True, types=("lost",)),
    ])  # fmt: skip
    assert [routes.by_types([each]) for each in ("placed", "paid", "lost")] == [1, 1, 2]
    assert routes.by_types({"placed", "paid"}) == 1
    assert routes.by_types({"placed", "lost"}) is None
    assert routes.by_types(["other"]) is None
    assert routes.by_types([]) == 1
    assert routes.event_types == {"placed", "paid", "lost"}


def test_one_function_takes_the_rest():
    routes = Routes([at("/a", event=True, types=("placed",)), at("/b", event=True)])
    assert routes.by_types(["placed"]) == 0
    assert routes.by_types(["other"]) == routes.by_types(["x", "y"]) == routes.by_types([]) == 1
    assert routes.by_types(["placed", "other"]) is None


@pytest.mark.parametrize(
    ("mounts", "said"),
    [
        ([at("/a"), at("/a")], "same path /a"),
        ([at("/"), at("/")], "same path /"),
        ([at("/a", event=True, types=("t",)), at("/b", event=True, types=("t",))], "same type t"),
        ([at("/a", event=True), at("/b", event=True)], "every type"),
    ],
)
def test_what_two_want_is_an_error(mounts: list[Mount], said: str):
    with pytest.raises(HandlerConflict, match=said) as refused:
        Routes(mounts)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("content_type", "attributes", "body", "expected"),
    [
        (None, None, b"", None),
        ("application/json", None, b'{"type": "a"}', None),
        (None, {"type": "a", "id": "1"}, b"", {"a"}),
        (None, {"type": "a%20b"}, b"", {"a b"}),
        (None, {"type": "a%2"}, b"", set()),
        (None, {"id": "1"}, b"", set()),
        ("application/cloudevents+json", {"type": "b"}, b'{"type": "a"}', {"a"}),
        ("application/cloudevents+json; charset=utf-8", None, b'{"type": "a"}', {"a"}),
        ("application/cloudevents+json", None, b'{"type": 1}', set()),
        ("application/cloudevents+json", None, b"[[[[", set()),
        ("application/cloudevents+json", None, b"[" * 100_000, set()),
        ("application/cloudevents+json", None, b"\xff", set()),
        ("application/cloudevents+xml", None, b"<a/>", set()),
        ("application/cloudevents-batch+json", None, b'[{"type": "a"}, {"type": "b"}]', {"a", "b"}),
        ("application/cloudevents-batch+json", None, b'[{"type": "a"}, 5]', set()),
        ("application/cloudevents-batch+json", None, b"[]", set()),
    ],
)
def test_types_are_looked_at_and_not_judged(content_type, attributes, body, expected):
    request = request_of(content_type, body, attributes)
    assert types_of(request, STRICT) == expected
    in_body = content_type is not None and content_type.startswith("application/cloudevents")
    assert is_in_body(request) == (in_body and "xml" not in content_type)


@given(st.binary(max_size=200), st.sampled_from(["", "-batch"]))
def test_any_body_has_types_or_none(body: bytes, batch: str):
    request = request_of(f"application/cloudevents{batch}+json", body)
    assert types_of(request, STRICT) is not None


def test_a_list_of_handlers(tmp_path):
    assert sources("a") == ("a",)
    assert sources("functions/a, functions/b:main,") == ("functions/a", "functions/b:main")
    (tmp_path / "a,b").mkdir()
    assert sources(str(tmp_path / "a,b")) == (str(tmp_path / "a,b"),)


def write(folder, name: str, text: str) -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return str(file)


def names(config: Config) -> list[tuple[str, str]]:
    return [(mount.name, mount.path) for mount in load_mounts(config)]


@pytest.fixture
def _clean_imports():
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("wherry_function_") or name == "prices":
            del sys.modules[name]


@pytest.mark.usefixtures("_clean_imports")
class TestMounts:
    def test_one_has_the_process_name_and_every_path(self, tmp_path):
        one = write(tmp_path, "a.py", "import wherry\n@wherry.http(path='/x')\ndef f(request): ...")
        assert names(Config(handler=one, function="shop")) == [("shop", "/")]

    def test_names_are_of_folders_files_and_functions(self, tmp_path):
        hello = write(tmp_path, "hello/handler.py", "def handle(request): ...")
        lone = write(tmp_path, "lone.py", "def handle(request): ...\ndef other(request): ...")
        shop = write(
            tmp_path,
            "shop.py",
            "import wherry\n@wherry.http\ndef create(request): ...\n"
            "@wherry.http(path='/cancelled')\nasync def cancel(request): ...",
        )
        folder = hello.removesuffix("/handler.py")
        handler = f"{folder},{lone}:handle,{lone}:other,{shop}"
        assert names(Config(handler=handler)) == [
            ("hello", "/hello"),
            ("lone", "/lone"),
            ("other", "/other"),
            ("create", "/create"),
            ("cancel", "/cancelled"),
        ]

    def test_a_file_is_run_once(self, tmp_path):
        text = "def one(request): ...\ndef two(request): ..."
        file = write(tmp_path, "a.py", text)
        one, two = load_mounts(Config(handler=f"{file}:one,{file}:two"))
        assert one.handler.function.__globals__ is two.handler.function.__globals__

    def test_one_name_twice_is_refused(self, tmp_path):
        a = write(tmp_path, "a/handler.py", "def handle(request): ...")
        b = write(tmp_path, "b/a/handler.py", "def handle(request): ...")
        with pytest.raises(HandlerConflict, match="two functions are called 'a'"):
            load_mounts(Config(handler=f"{a},{b}"))

    def test_a_name_that_no_label_can_have_is_refused(self, tmp_path):
        text = (
            "import wherry\n@wherry.http\ndef _a(request): ...\n@wherry.http\ndef b(request): ..."
        )
        with pytest.raises(HandlerSignatureError, match="'_a'"):
            load_mounts(Config(handler=write(tmp_path, "a.py", text)))

    def test_siblings_of_one_name_are_refused_and_relative_ones_are_apart(self, tmp_path):
        for folder, number in (("a", 1), ("b", 2)):
            write(tmp_path, f"{folder}/prices.py", f"PRICE = {number}")
        text = "from {}prices import PRICE\ndef handle(request): return str(PRICE)"
        both = [str(tmp_path / "a"), str(tmp_path / "b")]
        for folder in both:
            write(tmp_path, f"{folder}/handler.py", text.format("."))
        found = load_mounts(Config(handler=",".join(both)))
        assert [each.handler.function(None) for each in found] == ["1", "2"]
        for folder in both:
            write(tmp_path, f"{folder}/handler.py", text.format(""))
        with pytest.raises(HandlerConflict, match="both the module 'prices'"):
            load_mounts(Config(handler=",".join(both)))

    def test_hooks_are_no_functions_of_the_same_name(self, tmp_path):
        text = (
            "import wherry\n@wherry.http\ndef start(request): ...\n"
            "@wherry.http\ndef ready(request): ...\ndef alive(): ..."
        )
        for mount in load_mounts(Config(handler=write(tmp_path, "a.py", text))):
            assert mount.handler.hooks.start is mount.handler.hooks.ready is None
            assert mount.handler.hooks.alive is not None
