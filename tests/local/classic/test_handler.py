"""A command behind the real server: what the caller gets, and what only the log has."""

import os
import re
import shlex
import sys
import time
from pathlib import Path

import pytest

import wherry_local
from wherry.testing.server import running
from wherry_local.classic import HANDLER

LOCAL = str(Path(wherry_local.__file__).resolve().parent.parent)
CODE = """
import os, sys, time
if os.environ["Http_Path"] == "/fail":
    sys.stderr.write("the password is 1234\\n")
    print("half an answer")
    sys.exit(3)
if os.environ["Http_Path"] == "/slow":
    print("process", os.getpid(), file=sys.stderr, flush=True)
    time.sleep(600)
data = sys.stdin.buffer.read()
names = ("Http_Method", "Http_Query", "Http_X_Test", "WHERRY_LISTEN_FD", "fprocess", "GREETING")
print({name: os.environ.get(name) for name in names}, data)
"""


@pytest.fixture(scope="module")
def server():
    with running(
        HANDLER,
        fprocess=shlex.join((sys.executable, "-c", CODE)),
        GREETING="hi",
        WHERRY_TIMEOUT="2s",
        PYTHONPATH=os.pathsep.join([str(Path(LOCAL).parent / "runtime"), LOCAL]),
    ) as found:
        yield found


def test_a_call_is_a_command(server):
    answer = server.invoke(
        method="PUT", path="/x?a=b", headers={"X-Test": "1", "Content-Type": "text/csv"}, body=b"in"
    ).expect(200)
    assert answer.text == (
        "{'Http_Method': 'PUT', 'Http_Query': 'a=b', 'Http_X_Test': '1', "
        "'WHERRY_LISTEN_FD': None, 'fprocess': None, 'GREETING': 'hi'} b'in'\n"
    )
    assert answer.values("content-type") == ["text/csv"]


def test_a_failure_is_a_500_that_tells_the_caller_nothing(server):
    answer = server.invoke(path="/fail").expect(500)
    assert answer.problem["detail"] == "the function's command failed"
    assert "1234" not in answer.text
    assert "half" not in answer.text
    assert "the password is 1234" in server.log
    assert "ended with exit code 3" in server.log


def test_at_the_deadline_the_command_is_gone_and_the_caller_has_a_504(server):
    server.invoke(path="/slow").expect(504)
    process = re.search(r"process (\d+)", server.log)[1]
    deadline = time.monotonic() + 10
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_path_that_no_variable_holds_is_the_callers_fault(server):
    server.invoke(path="/a%00").expect(400)


def test_a_command_that_is_not_there_is_a_500_and_says_so_in_the_log():
    with running(HANDLER, fprocess="no-such-command -x", PYTHONPATH=LOCAL) as server:
        answer = server.invoke().expect(500)
        assert "no-such-command" not in answer.text
        assert "no-such-command: cannot be started: No such file or directory" in server.log


def test_without_a_command_nothing_is_served():
    with (
        pytest.raises(RuntimeError, match="fprocess: got no command"),
        running(HANDLER, fprocess="", PYTHONPATH=LOCAL),
    ):
        pass
