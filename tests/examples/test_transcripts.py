"""Every command in an example's README gives the answer printed under it, from the real server.

The examples are served as a container serves them, `python -m wherry`; the commands are carried
out by a curl of a few lines, so that the machine needs none.
"""

import contextlib
import http.client
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import NamedTuple

import pytest

from wherry.testing import running

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = sorted(path.parent for path in (ROOT / "functions").glob("*/handler.py"))
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(str(ROOT / wing) for wing in ("runtime", "build", "local", "cli"))
}
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


class Curl(NamedTuple):
    """A curl command line, for the options that the READMEs use."""

    url: urllib.parse.SplitResult
    method: str
    headers: dict[str, str]
    body: bytes | None
    out: str | None
    form: str


def parsed(command):
    """The command, its options read."""
    words = iter(shlex.split(command)[1:])
    headers, given, url = {}, {}, ""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(":")
            headers[name] = value.strip()
        elif word in {"-X", "-d", "--data-binary", "-o", "-w"}:
            given[word] = next(words)
        elif word not in {"-s", "-N"}:
            assert not word.startswith("-"), f"curl {word}: not known here"
            url = word
    data = given.get("-d", given.get("--data-binary"))
    body = None
    if data is not None:
        body = (ROOT / data[1:]).read_bytes() if data.startswith("@") else data.encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    method = given.get("-X", "GET" if body is None else "POST")
    form = given.get("-w", "").replace("\\n", "\n")
    return Curl(urllib.parse.urlsplit(url), method, headers, body, given.get("-o"), form)


def curl(command, port, folder):
    """What curl prints; `port` stands for the default one, None leaves the URL as it is."""
    asked = parsed(command)
    assert port is None or asked.url.netloc == "localhost:8080", "READMEs use the default port"
    target = (asked.url.path or "/") + (f"?{asked.url.query}" if asked.url.query else "")
    connection = http.client.HTTPConnection("127.0.0.1", port or asked.url.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(asked.method, target, asked.body, asked.headers)
        response = connection.getresponse()
        printed = response.read()
    if asked.out is not None:
        (folder / Path(asked.out).name).write_bytes(printed)
        printed = b""
    form = asked.form.replace("%{http_code}", str(response.status))
    return printed.decode() + form.replace("%{content_type}", response.headers["content-type"])


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


@pytest.mark.parametrize("command", [("run",), ("up", "--broker-port", "0")], ids=lambda c: c[0])
def test_what_is_printed_is_what_the_functions_answer(command, tmp_path):
    """`wherry run` of a folder, and `wherry up` behind `make run`: a line to paste for each."""
    shutil.copytree(ROOT / "functions", tmp_path / "functions", ignore=shutil.ignore_patterns(".*"))
    command = [sys.executable, "-m", "wherry_cli", *command, "functions", "--port", "0"]
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            table, pasted = read_until_told(process.stdout)
            assert [line.split()[0] for line in table] == [path.name for path in FUNCTIONS]
            assert len(pasted) == len(FUNCTIONS)
            for command, answer in pasted:
                printed = curl(command, None, tmp_path)
                assert printed.rstrip("\n") == answer.rstrip("\n"), command
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        log.seek(0)
        assert process.returncode == 0, log.read()


def read_until_told(lines):
    """The table of addresses, and each pasted command with its answer; the last one ends it."""
    last = transcripts(FUNCTIONS[-1])[0].answer
    told = ""
    for line in lines:
        told += line
        if told.endswith(last):
            break
    table, *blocks = told.split("\n\n$ ")
    return table.rpartition("\n\n")[2].splitlines(), [
        block.partition("\n")[::2] for block in blocks
    ]
