"""Log lines: one a record, valid, with their call, without secrets."""

import io
import json
import logging
import os

import pytest

from wherry.access_log import AccessLog
from wherry.config import Config
from wherry.context import CURRENT, Context, Identity
from wherry.deadline import Deadline
from wherry.log import ConsoleFormatter, JsonFormatter, configure
from wherry.trace import TraceParent

CONTEXT = Context(
    call_id="call-1",
    deadline=Deadline.after(1),
    identity=Identity(function="orders"),
    trace=TraceParent("a" * 32, "b" * 16, "01"),
)


def record(message: str, *details: object, fault: BaseException | None = None):
    information = (type(fault), fault, None) if fault is not None else None
    return logging.LogRecord("app", logging.INFO, "x.py", 1, message, details, information)


@pytest.fixture
def in_a_call():
    token = CURRENT.set(CONTEXT)
    yield
    CURRENT.reset(token)


def redact(text: str) -> str:
    return text.replace("hunter2", "***")


@pytest.mark.usefixtures("in_a_call")
def test_json_lines_know_their_call_and_trace():
    line = json.loads(JsonFormatter(redact).format(record("took %s", "hunter2")))
    assert line["message"] == "took ***"
    assert (line["call_id"], line["function"]) == ("call-1", "orders")
    assert (line["trace_id"], line["span_id"]) == ("a" * 32, "b" * 16)


@pytest.mark.parametrize("shape", [JsonFormatter, ConsoleFormatter])
def test_control_characters_and_secrets_do_not_get_out(shape: type[logging.Formatter]):
    fault = ValueError("hunter2 \x1b[31m")
    line = shape(redact).format(record("a\x1b[2Jb\x00\x85\u2028c hunter2", fault=fault))
    assert "\x1b[2J" not in line and "\u2028" not in line and "\x00" not in line
    assert "hunter2" not in line


def test_json_is_one_line_whatever_is_said():
    assert "\n" not in JsonFormatter(redact).format(record("a\nb\r\nc"))


def test_a_long_message_is_cut():
    assert len(JsonFormatter(redact).format(record("x" * 100_000))) < 4000


def test_configure_replaces_the_handlers(monkeypatch: pytest.MonkeyPatch):
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    try:
        configure(Config(log_format="json", log_level="warning"))
        logging.getLogger("any").info("quiet")
        logging.getLogger("any").warning("loud")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert [json.loads(line)["message"] for line in written.getvalue().splitlines()] == ["loud"]


@pytest.mark.parametrize(
    "path",
    ["/plain", '/quo"te', "/back\\slash", "/new\nline", "/\x1b[0m", "/ünï", "/" + "x" * 9999],
)
def test_an_access_line_is_valid_json_for_any_path(path: str):
    reader, writer = os.pipe()
    log = AccessLog(json=True, descriptor=writer)
    log.add(CONTEXT, "GET", path, 200, 12, 0.0015, 10.0)
    log.flush()
    os.close(writer)
    with os.fdopen(reader, "rb") as written:
        [line] = written.read().splitlines()
    found = json.loads(line)
    assert (found["status"], found["bytes"], found["seconds"]) == (200, 12, 0.0015)
    assert found["path"][:3] == path[:3] or "\\" in found["path"]
    assert found["trace_id"] == "a" * 32


def test_a_log_that_cannot_be_written_fails_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    log = AccessLog(json=False, descriptor=writer)
    log.add(CONTEXT, "GET", "/", 200, 0, 0.1, 10.0)
    log.flush()
    os.close(writer)
