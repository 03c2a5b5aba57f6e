"""`wherry run --image` in a real engine: what production forbids is forbidden, and it drains."""

import concurrent.futures
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from tests.interop.cluster import ToolAbsentError
from tests.interop.conftest import docker
from tests.interop.distribution import distribution

pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]

HANDLER = """
import os, pathlib, time

def handle(request):
    if request.path == "/slow":
        print("began", flush=True)
        time.sleep(2)
        return "finished"
    if request.path == "/grow":
        return str(len(bytearray(os.urandom(1) * (300 << 20))))
    status = dict(
        line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines()
    )
    refused = []
    for folder in ("/", "/srv/function", "/etc", "/tmp"):
        try:
            pathlib.Path(folder, "written").write_text("x")
        except OSError:
            refused.append(folder)
    return {
        "uid": os.getuid(),
        "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
        "no_new_privileges": int(status["NoNewPrivs"]),
        "refused": refused,
        "secret": pathlib.Path("/var/openfaas/secrets/api-key").read_text(),
        "greeting": os.environ.get("GREETING"),
        "inherited": os.environ.get("WHERRY_TEST_INHERITED"),
    }
"""
PROJECT = """\
version: 1
functions:
  guarded:
    secrets: [api-key]
    environment: {GREETING: hi}
    resources: {limits: {memory: 128Mi, cpu: "1"}}
"""

MEMORY_SEEN = """
import pathlib
for name in ("memory.max", "memory/memory.limit_in_bytes"):
    file = pathlib.Path("/sys/fs/cgroup") / name
    if file.exists():
        print(file.read_text().strip())
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a function that tells what it may, and a secret."""
    root = tmp_path_factory.mktemp("project")
    (root / "functions/guarded").mkdir(parents=True)
    (root / "functions/guarded/handler.py").write_text(HANDLER)
    (root / "wherry.yaml").write_text(PROJECT)
    (root / ".secrets").mkdir()
    (root / ".secrets/api-key").write_text("the key")
    (root / ".secrets/api-key").chmod(0o600)
    return root


class Running:
    """`wherry run --image` in a process of its own."""

    def __init__(self, folder, *arguments):
        self._out, self._err = folder / "run.out", folder / "run.err"
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wherry_cli", "run", *map(str, arguments), "--port", "0"],
                cwd=folder,
                env={**os.environ, "WHERRY_TEST_INHERITED": "from the machine"},
                stdout=out,
                stderr=err,
            )

    @property
    def err(self):
        return self._err.read_text()

    @property
    def port(self):
        """Where it is, once it says so."""
        deadline = time.monotonic() + 120
        while not (said := self._out.read_text().split()):
            assert self.process.poll() is None, self.err
            assert time.monotonic() < deadline, self.err
            time.sleep(0.05)
        return int(said[1].rpartition(":")[2])

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def said(self, text):
        """Wait until it has said `text`."""
        deadline = time.monotonic() + 60
        while text not in self.err:
            assert self.process.poll() is None, self.err
            assert time.monotonic() < deadline, self.err
            time.sleep(0.02)


@pytest.fixture
def running(project, build):
    """Run the project's function until the test ends."""
    image = build(project / "functions/guarded")
    made = Running(project, "functions/guarded", "--image", image)
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGINT)
        made.process.wait(60)
    left = docker("ps", "--all", "--quiet", "--filter", f"ancestor={image}")
    assert left == "", "nothing is left behind"


def test_what_production_forbids_is_forbidden(running):
    status, body = running.get("/")
    assert status == 200, body
    assert json.loads(body) == {
        "uid": 65532,
        "capabilities": 0,
        "no_new_privileges": 1,
        "refused": ["/", "/srv/function", "/etc"],
        "secret": "the key",
        "greeting": "hi",
        "inherited": None,
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_calls_in_flight_end(running, number):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        calling = pool.submit(running.get, "/slow")
        running.said("began")
        running.process.send_signal(number)
        assert calling.result(60) == (200, b"finished")
    assert running.process.wait(60) == 0, running.err


def test_it_is_held_to_its_resources(running, build, project):
    assert running.port
    image = build(project / "functions/guarded")
    (made,) = docker("ps", "--quiet", "--filter", f"ancestor={image}").splitlines()
    limits = json.loads(docker("inspect", "--format", "{{json .HostConfig}}", made))
    assert limits["Memory"] == limits["MemorySwap"] == 128 << 20
    assert (limits["NanoCpus"], limits["PidsLimit"]) == (1_000_000_000, 512)
    name = docker("inspect", "--format", "{{.Name}}", made)
    assert name.startswith("/wherry-guarded-")
    seen = docker("exec", made, "python3", "-c", MEMORY_SEEN)
    assert seen == str(128 << 20), "from inside"


def test_one_that_ends_by_itself_gives_its_exit_code(running):
    assert running.port
    image = docker("ps", "--quiet", "--filter", "label=io.wherry.run=guarded").splitlines()[0]
    docker("kill", "--signal", "KILL", image)
    assert running.process.wait(60) == 137
    assert "guarded: ended with exit code 137, killed; it may have 128 MiB" in running.err


def test_a_function_is_built_first(project, base_image):
    """By the engine docker, because it has a package; on the engine's own network."""
    text = (project / "wherry.yaml").read_text()
    own = project / "Dockerfile.own"
    own.write_text(
        "ARG BASE\nFROM ${BASE}\nCOPY function/ /srv/function/\n"
        "WORKDIR /srv/function\nUSER 65532:65532\nSTOPSIGNAL SIGINT\n"
        'ENTRYPOINT ["python3", "-u", "-m", "http.server", "8080"]\n'
    )
    (project / "wherry.yaml").write_text(
        text.replace(
            "version: 1", f"version: 1\nbuild: {{base: '{base_image}', dockerfile: Dockerfile.own}}"
        )
    )
    made = Running(project, "--image")
    try:
        made.said("built in")
        made.said("Serving HTTP")
    finally:
        (project / "wherry.yaml").write_text(text)
        made.process.send_signal(signal.SIGINT)
        code = made.process.wait(90)
        docker("rmi", "--force", "dev.local/guarded:latest", check=False)
    assert code == 0, made.err


def test_a_function_is_built_without_docker_and_run_in_it(project, base_image, tmp_path):
    with ExitStack() as stack:
        try:
            host = stack.enter_context(distribution(tmp_path / "registry"))
        except ToolAbsentError as absent:
            pytest.skip(str(absent))
        base = f"{host}/base:1"
        docker("tag", base_image, base)
        stack.callback(docker, "rmi", base, check=False)
        docker("push", base, timeout=600)
        said = f"version: 1\nbuild: {{base: '{base}'}}\nfunctions:\n  guarded:"
        text = (project / "wherry.yaml").read_text()
        (project / "wherry.yaml").write_text(
            text.replace("version: 1\nfunctions:\n  guarded:", said)
        )
        stack.callback((project / "wherry.yaml").write_text, text)
        stack.callback(docker, "rmi", "--force", "dev.local/guarded:latest", check=False)
        made = Running(project, "functions/guarded", "--image")
        try:
            status, body = made.get("/")
        finally:
            made.process.send_signal(signal.SIGINT)
            code = made.process.wait(90)
        assert (status, code) == (200, 0), made.err
        assert json.loads(body)["secret"] == "the key"
        assert "Step 1/" not in made.err, "no Dockerfile was built"
