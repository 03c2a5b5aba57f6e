"""What a handler's source says, read without running it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import HandlerUnreadable
from wherry_build.project.declarations import read_declarations


def read(source):
    return read_declarations(source.encode(), filename="handler.py")


@pytest.mark.parametrize(
    "source",
    [
        "def handle(request): ...",
        "async def handle(request): ...",
        "from wherry import http\n@http\ndef any_name(request): ...",
        "from wherry import http\n@http(methods=['GET'])\ndef any_name(request): ...",
        "def handle(body: bytes): ...",
        "",
    ],
)
def test_plain_http(source):
    found = read(source)
    assert found.http
    assert found.event_types == ()


@pytest.mark.parametrize(
    "source",
    [
        "from wherry import cloud_event\n@cloud_event(type='a.b')\ndef f(e): ...",
        "from wherry import cloud_event as on\n@on(type='a.b')\nasync def f(e): ...",
        "import wherry\n@wherry.cloud_event(type='a.b')\ndef f(e): ...",
        "import wherry as w\nT = 'a.b'\n@w.cloud_event(type=T)\ndef f(e): ...",
        "from wherry import cloud_event\nT: str = 'a.b'\n@cloud_event(type=T)\ndef f(e): ...",
        "from wherry import cloud_event\n@cloud_event(type=('a.b', 'a.b'))\ndef f(e): ...",
        "from wherry import cloud_event\n@cloud_event(type={'a.b'})\n@other\ndef f(e): ...",
    ],
)
def test_event_types(source):
    found = read(source)
    assert found.event_types == ("a.b",)
    assert not found.http
    assert found.unclear == ()


def test_types_keep_their_order():
    source = "from wherry import cloud_event\n@cloud_event(type=['z', 'a', 'm'])\ndef f(e): ..."
    assert read(source).event_types == ("z", "a", "m")


@pytest.mark.parametrize(
    "source",
    [
        "from wherry import cloud_event\n@cloud_event\ndef f(e): ...",
        "from wherry import cloud_event\n@cloud_event()\ndef f(e): ...",
        "from wherry import cloud_event\n@cloud_event(type=None)\ndef f(e): ...",
        "from wherry import CloudEvent\ndef handle(e: CloudEvent): ...",
        "from wherry import CloudEvent\ndef handle(es: list[CloudEvent]): ...",
        "import wherry\ndef handle(e: 'wherry.CloudEvent | None'): ...",
        "def handle(event, context): ...",
        "def main(event): ...",
    ],
)
def test_events_of_any_type(source):
    found = read(source)
    assert not found.http
    assert found.event_types == ()


@pytest.mark.parametrize(
    "expression", ["f'{x}.b'", "make()", "OTHER", "settings.TYPE", "'a' + 'b'"]
)
def test_what_only_running_would_tell_is_reported(expression):
    source = f"from wherry import cloud_event\n@cloud_event(type={expression})\ndef f(e): ..."
    found = read(source)
    assert found.event_types == ()
    assert found.unclear == (f"2: event type {expression}",)


def test_a_decorator_of_that_name_from_elsewhere_is_not_ours():
    source = "from functions_framework import cloud_event\n@cloud_event\ndef f(e): ..."
    assert read(source).http


def test_the_source_is_not_run(tmp_path):
    canary = tmp_path / "ran"
    read(f"open({str(canary)!r}, 'w').close()\ndef handle(request): ...")
    assert not canary.exists()


@pytest.mark.parametrize("source", ["def f(:", "x = '\\d'\ndef f(", "\0", "(" * 500])
def test_what_does_not_parse_names_the_file(source):
    with pytest.raises(HandlerUnreadable, match=r"handler\.py"):
        read(source)


@given(st.binary())
def test_any_bytes_give_declarations_or_an_error(source):
    try:
        read_declarations(source, filename="handler.py")
    except HandlerUnreadable as error:
        assert error.exit_code == 2  # noqa: PT017 - not every text is refused
