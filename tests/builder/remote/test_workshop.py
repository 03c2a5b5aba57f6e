"""A build's process: what it is told and says, and that it ends with all that it has started."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from wherry_build.errors import ImageBuildFailed
from wherry_build.remote.build import Order
from wherry_build.remote.configuration import read_configuration
from wherry_build.remote.shrinkwrap import House
from wherry_build.remote.workshop import ProcessWorkshop, passed_on

DOCUMENT = json.dumps({"image": "acme/hello:1"}).encode()


class LeftError(Exception):
    pass


class Listener:
    def __init__(self):
        self.said = []
        self.is_left = lambda: False

    def say(self, line):
        self.said.append(line)

    def check(self):
        if self.is_left():
            raise LeftError


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def order(tmp_path):
    context = tmp_path / "build" / "context"
    context.mkdir(parents=True)
    return Order(
        configuration=read_configuration(DOCUMENT),
        context=context,
        secrets={"token": tmp_path / "token"},
        document=DOCUMENT,
    )


def workshop(code, **options):
    return ProcessWorkshop(command=(sys.executable, "-c", code), **options)


SAYS = (
    "import json, os, sys; order = json.loads(sys.stdin.readline())\n"
    "say = lambda **what: print(json.dumps(what), flush=True)\n"
)


def test_what_it_is_told_and_what_it_says(order, listener, tmp_path):
    code = SAYS + "say(say=json.dumps(order)); say(say=os.getcwd()); say(built='acme/hello@x')"
    made = workshop(code, house=House(base="debian:13", builds_sources=True), has_docker=True)
    assert made.build(order, listener) == "acme/hello@x"
    assert json.loads(listener.said[0]) == {
        "configuration": DOCUMENT.decode(),
        "context": str(order.context),
        "secrets": {"token": str(tmp_path / "token")},
        "base": "debian:13",
        "builds_sources": True,
        "has_docker": True,
        "is_insecure": False,
    }
    assert Path(listener.said[1]) == tmp_path / "build/tmp"


def test_it_says_why_not(order, listener):
    with pytest.raises(ImageBuildFailed, match="no way") as refused:
        workshop(SAYS + "say(refused='no way', hint='another')").build(order, listener)
    assert refused.value.hint == "another"


@pytest.mark.parametrize(
    "code",
    ["import sys; sys.exit('inner words')", "import os; os.abort()", "",
     SAYS + "say(broken='inner words')"],
)  # fmt: skip
def test_one_that_says_nothing(order, listener, caplog, code):
    with pytest.raises(ImageBuildFailed, match="has a fault") as failed:
        workshop(code).build(order, listener)
    assert "inner words" not in failed.value.message
    if "inner words" in code:
        assert "inner words" in caplog.text


def is_gone(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_who_leaves_ends_it_and_what_it_started(order, listener, monkeypatch):
    monkeypatch.setattr("wherry_build.remote.workshop._PATIENCE_S", 0.5)
    code = (
        SAYS + "import signal, subprocess, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "say(say=str(os.getpid())); say(say=str(child.pid)); time.sleep(300)"
    )
    listener.is_left = lambda: len(listener.said) == 2
    began = time.monotonic()
    with pytest.raises(LeftError):
        workshop(code).build(order, listener)
    assert time.monotonic() - began < 60
    deadline = time.monotonic() + 20
    while not all(map(is_gone, map(int, listener.said))):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("outcome", ["built='x'", "refused='no'"])
def test_what_it_started_ends_with_it_in_any_case(order, listener, outcome):
    code = (
        SAYS + "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        f"say(say=str(child.pid)); say({outcome})"
    )
    with suppress(ImageBuildFailed):
        workshop(code).build(order, listener)
    (child,) = map(int, listener.said)
    deadline = time.monotonic() + 20
    while not is_gone(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_that_is_killed_from_outside(order, listener):
    code = SAYS + "import signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(ImageBuildFailed):
        workshop(code).build(order, listener)


def test_its_environment_has_nothing_of_ours(order, listener):
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/ada",
        "PIP_INDEX_URL": "https://pypi.acme.example",
        "https_proxy": "http://proxy:3128",
        "DOCKER_CONFIG": "/etc/docker",
        "DOCKER_AUTH_CONFIG": "s3cr3t",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t",
        "OPENFAAS_PAYLOAD_SECRET": "/s3cr3t",
        "DATABASE_URL": "postgres://s3cr3t",
        "GITHUB_TOKEN": "s3cr3t",
    }
    code = SAYS + "say(say=json.dumps(dict(os.environ))); say(built='x')"
    workshop(code, environ=environ).build(order, listener)
    has = json.loads(listener.said[0])
    assert "s3cr3t" not in listener.said[0]
    assert has["PIP_INDEX_URL"] == "https://pypi.acme.example"
    assert has["PYTHONSAFEPATH"] == "1"
    assert has["TMPDIR"] == str(order.context.parent / "tmp")
    kept = {"PATH", "HOME", "PIP_INDEX_URL", "https_proxy", "DOCKER_CONFIG"}
    assert set(passed_on(environ)) == kept


def test_modules_are_found_from_another_folder():
    environ = {"PYTHONPATH": os.pathsep.join(["runtime", "/srv/build"])}
    assert passed_on(environ)["PYTHONPATH"].split(os.pathsep) == [
        os.path.join(os.getcwd(), "runtime"),
        "/srv/build",
    ]
    assert passed_on({"PYTHONPATH": ""}) == {"PYTHONPATH": ""}


def test_the_real_one_refuses_what_it_cannot_build(order, listener):
    (order.context / "template.yml").write_text("language: node20\n")
    with pytest.raises(ImageBuildFailed, match="none of Wherry's") as refused:
        ProcessWorkshop().build(order, listener)
    assert "--docker" in refused.value.hint


def test_the_real_one_takes_no_module_of_the_context(order, listener):
    for folder in (order.context, order.context.parent):
        (folder / "wherry_build.py").write_text("raise SystemExit('taken over')\n")
        (folder / "json.py").write_text("raise SystemExit('taken over')\n")
    with pytest.raises(ImageBuildFailed, match="none of Wherry's"):
        ProcessWorkshop().build(order, listener)


def test_it_ends_with_the_builder(order, tmp_path):
    """Standard input is all that holds it: of a builder that is killed nothing else is left."""
    (order.context / "function").mkdir()
    (order.context / "function/handler.py").write_text("def handle(): ...\n")
    (order.context / "template.yml").write_text("language: python3-wherry\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"127.0.0.1:{silent.getsockname()[1]}/base:1"
        said = {
            "configuration": DOCUMENT.decode(),
            "context": str(order.context),
            "secrets": {},
            "base": base,
            "builds_sources": False,
            "has_docker": False,
            "is_insecure": False,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "wherry_build.remote.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd=tmp_path,
            env={**os.environ, **passed_on(os.environ)},
        )
        with process:
            process.stdin.write(json.dumps(said).encode() + b"\n")
            process.stdin.flush()
            silent.settimeout(60)
            asked, _ = silent.accept()  # it waits for an answer that never comes
            assert process.poll() is None
            process.stdin.close()
            assert process.wait(20) == -signal.SIGKILL
            asked.close()
