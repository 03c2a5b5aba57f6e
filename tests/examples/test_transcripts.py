"""Every command in an example's README gives the answer printed under it, from the real server.

The examples are served as a container serves them, `python -m wherry`; the commands are carried
out by a curl of a few lines, so that the machine needs none.
"""

import contextlib
import http.client
import re
import shlex
import urllib.parse
from pathlib import Path
from typing import NamedTuple

import pytest

from wherry.testing import running

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = sorted(path.parent for path in (ROOT / "functions").glob("*/handler.py"))
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Transcript(NamedTuple):
    """One command of a README, and what the README says that it prints."""

    function: Path
    command: str
    answer: str


def transcripts(function):
    found = []
    for block in BLOCK.findall((function / "README.md").read_text()):
        command, _, answer = block.partition("\n")
        assert command.startswith("$ curl "), f"{function.name}: {command}"
        found.append(Transcript(function, command.removeprefix("$ "), answer))
    return found


def curl(command, port, folder):
    """What curl prints, for the options that the READMEs use."""
    words = iter(shlex.split(command)[1:])
    headers, method, body, out, form, url = {}, None, None, None, "", None
    for word in words:
        match word:
            case "-s" | "-N":
                pass
            case "-H":
                name, _, value = next(words).partition(":")
                headers[name] = value.strip()
            case "-X":
                method = next(words)
            case "-d" | "--data-binary":
                given = next(words)
                body = (ROOT / given[1:]).read_bytes() if given[0] == "@" else given.encode()
            case "-o":
                out = next(words)
            case "-w":
                form = next(words)
            case _:
                assert not word.startswith("-"), f"curl {word}: not known here"
                url = urllib.parse.urlsplit(word)
    assert url.netloc == "localhost:8080", "READMEs use the default port"
    if body is not None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method or ("GET" if body is None else "POST"), target, body, headers)
        response = connection.getresponse()
        printed = response.read()
    if out is not None:
        (folder / Path(out).name).write_bytes(printed)
        printed = b""
    form = form.replace("%{http_code}", str(response.status)).replace("\\n", "\n")
    form = form.replace("%{content_type}", response.headers.get("content-type", ""))
    return printed.decode() + form


@pytest.fixture(scope="module", params=FUNCTIONS, ids=lambda function: function.name)
def served(request):
    with running(request.param, WHERRY_METRICS_PORT="off") as server:
        yield request.param, server.port
        assert server.terminate() == 0, server.log


def test_every_readme_command_gives_its_answer(served, tmp_path):
    function, port = served
    for transcript in transcripts(function):
        printed = curl(transcript.command, port, tmp_path)
        # A shell shows its prompt after an answer without a newline; the README shows a newline.
        assert printed.rstrip("\n") == transcript.answer.rstrip("\n"), transcript.command


def test_probes_answer(served):
    _, port = served
    for path in ("/_/health", "/_/ready", "/health/liveness", "/health/readiness", "/livez"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            assert connection.getresponse().status == 200, path


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_each_example_is_complete(function):
    """What `wherry new` gives a newcomer, each example has."""
    for name in ("handler.py", "requirements.txt", "README.md", "test_handler.py"):
        assert (function / name).is_file(), name
    assert transcripts(function), "its README has no command"
    assert f"[{function.name}]({function.name})" in (ROOT / "functions/README.md").read_text()
