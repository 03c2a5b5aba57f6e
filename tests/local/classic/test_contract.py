"""What a command is told of a call."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.context import Context, Identity
from wherry.errors import RequestRefused
from wherry.request import Request
from wherry_local.classic import HANDLER, served
from wherry_local.classic.contract import call_environment, content_type
from wherry_local.deployment import Deployment, FunctionKey


def request(*headers, path="/", query="", body=b"", said_type=None):
    return Request(
        method="POST",
        path=path,
        query=query,
        headers=list(headers),
        body=body,
        content_type=said_type,
        context=Context("call", 0.0, Identity(function="f")),
    )


def test_names_are_those_of_the_classic_watchdog():
    found = call_environment(
        request(
            (b"content-type", b"text/csv"),
            (b"X-Call-Id", b"abc"),
            (b"HOST", b"localhost:8080"),
            path="/a/b",
            query="q=1&q=%20",
            body=b"1234",
        )
    )
    assert found == {
        "Http_Method": "POST",
        "Http_Path": "/a/b",
        "Http_Query": "q=1&q=%20",
        "Http_Content_Type": "text/csv",
        "Http_X_Call_Id": "abc",
        "Http_Host": "localhost:8080",
        "Http_Content_Length": "4",
        "Http_ContentLength": "4",
    }


def test_without_a_query_there_is_none():
    assert "Http_Query" not in call_environment(request())


def test_of_a_header_that_is_repeated_the_first_counts():
    found = call_environment(request((b"X-A", b"1"), (b"x-a", b"2")))
    assert found["Http_X_A"] == "1"


def test_a_name_with_an_underscore_hides_none_with_a_dash():
    found = call_environment(request((b"X_Call_Id", b"forged"), (b"X-Call-Id", b"true")))
    assert found["Http_X_Call_Id"] == "true"


def test_a_header_cannot_pass_for_the_method():
    found = call_environment(request((b"Method", b"DELETE"), (b"Content-Length", b"999")))
    assert found["Http_Method"] == "POST"
    assert found["Http_Content_Length"] == "0"


def test_path_is_decoded_and_a_nul_in_it_is_the_callers_fault():
    assert call_environment(request(path="/a%20%C3%A9"))["Http_Path"] == "/a é"
    with pytest.raises(RequestRefused):
        call_environment(request(path="/a%00b"))


@settings(deadline=None)
@given(st.binary(max_size=20).filter(lambda text: b"\0" not in text))
def test_any_bytes_of_a_path_fit_in_a_variable(raw):
    path = "/" + "".join(f"%{byte:02X}" for byte in raw)
    found = call_environment(request(path=path))["Http_Path"]
    assert found.encode("utf-8", "surrogateescape") == b"/" + raw


@pytest.mark.parametrize(
    ("configured", "asked", "expected"),
    [
        ("", None, "text/plain"),
        ("", "text/csv", "text/csv"),
        ("image/png", "text/csv", "image/png"),
    ],
)
def test_type_of_an_answer(configured, asked, expected):
    assert content_type(request(said_type=asked), configured) == expected


def test_a_deployment_of_a_command_is_that_of_its_handler():
    key = FunctionKey("hello")
    plain = Deployment(key=key, handler="handler.py")
    assert served(plain) is plain
    command = ("sh", "-c", "echo 'a  b'")
    made = served(Deployment(key=key, command=command, environment={"A": "1"}))
    assert made.handler == HANDLER
    assert made.environment == {"A": "1", "fprocess": """sh -c 'echo '"'"'a  b'"'"''"""}
