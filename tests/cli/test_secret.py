"""`wherry secret`: values come from a file or the standard input, and are never shown."""

import io
import json
import sys

import pytest
from tests.cli.admin_recorder import Answer, told


@pytest.fixture
def secrets(platform):
    for method in ("POST", "PUT", "DELETE"):
        platform.answers[f"{method} /system/secrets"] = Answer(202)
    return platform


@pytest.fixture
def given(monkeypatch):
    """Let the command read these bytes from its standard input."""

    def given(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return given


@pytest.mark.parametrize(("word", "method"), [("create", "POST"), ("update", "PUT")])
def test_from_the_standard_input(wherry, secrets, given, word, method):
    given(b"s3cret\n")
    done = wherry("secret", word, "api-key")
    assert done.code == 0, done.err
    assert (secrets.last.method, secrets.last.json) == (
        method,
        {"name": "api-key", "value": "s3cret"},
    )
    assert "s3cret" not in done.out + done.err


@pytest.mark.parametrize(
    ("content", "options", "sent"),
    [
        (b"s3cret\r\n", (), {"value": "s3cret"}),
        (b"s3cret\n", ("--no-trim",), {"value": "s3cret\n"}),
        (b"\xff\x00", (), {"rawValue": "/wA="}),
    ],
)
def test_from_a_file(wherry, secrets, here, content, options, sent):
    (here / "key").write_bytes(content)
    done = wherry("secret", "create", "api-key", "--from-file", "key", "-n", "dev", *options)
    assert done.code == 0, done.err
    assert secrets.last.json == {"name": "api-key", "namespace": "dev", **sent}


def test_a_literal_is_warned_of(wherry, secrets):
    done = wherry("secret", "create", "api-key", "--literal", "s3cret")
    assert done.code == 0
    assert done.err.startswith("warning: --literal: the value is in the list of processes")
    assert "s3cret" not in done.out + done.err


def test_one_value_and_not_none(wherry, secrets, here, given):
    (here / "key").write_text("x")
    assert wherry("secret", "create", "k", "--from-file", "key", "--literal", "x").code == 2
    given(b"\n")
    assert wherry("secret", "create", "k").code == 2
    assert secrets.asked == []


def test_names_are_listed(wherry, secrets):
    listed = [{"name": "api-key", "namespace": "openfaas-fn"}]
    secrets.answers["GET /system/secrets"] = told(listed)
    done = wherry("secret", "list")
    assert done.out.splitlines()[1].split() == ["api-key", "openfaas-fn"]
    assert json.loads(wherry("secret", "list", "-o", "json").out) == listed


def test_remove(wherry, secrets):
    assert wherry("secret", "remove", "api-key").code == 0
    assert (secrets.last.method, secrets.last.json) == ("DELETE", {"name": "api-key"})
    secrets.answers["DELETE /system/secrets"] = Answer(404)
    assert wherry("secret", "remove", "api-key").code == 1
