"""The Docker Engine, the base image and the API server; a test skips where one is absent."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.interop.cluster import BUNDLE, ToolAbsentError, api_server

from wherry_cli.main import run

BASE = "wherry-test-base:bookworm"
RESTRICTED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


def docker(*arguments, check=True, timeout=120):
    """Run the docker command; what it printed."""
    done = subprocess.run(
        ["docker", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"docker {arguments[0]}: {done.stderr or done.stdout}")
    return done.stdout.strip()


@pytest.fixture(scope="session")
def base_image():
    """The base image, made by `base_image.sh` from Debian's archive: the Hub is not needed."""
    if shutil.which("docker") is None:
        pytest.skip("docker not found")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no Docker Engine answers")
    if not docker("images", "-q", BASE):
        if shutil.which("debootstrap") is None:
            pytest.skip(f"{BASE} is absent, and so is debootstrap to make it")
        script = Path(__file__).with_name("base_image.sh")
        subprocess.run([script, BASE], check=True, timeout=900)
    return BASE


@pytest.fixture(scope="session")
def build(base_image, tmp_path_factory):
    """Build an image with `wherry build`, once for each set of arguments, and remove it at last."""
    built = {}

    def build(path, *options):
        key = (str(path), options)
        if key not in built:
            tag = f"wherry-interop/{Path(path).name}-{len(built)}-{os.getpid()}:test"
            # The test base trusts this machine's certificates; its network is the machine's own.
            arguments = ["build", path, "--tag", tag, "--base", base_image, "--network", "host"]
            assert run([*map(str, arguments), *options, "--quiet"]) == 0
            built[key] = tag
        return built[key]

    yield build
    for tag in built.values():
        docker("rmi", "--force", tag, check=False)


@pytest.fixture
def docker_build():
    """Build a context with the docker command, as faas-cli does: `docker_build(folder, base)`."""
    built = []

    def docker_build(context, base, *options):
        built.append(f"wherry-interop/context-{len(built)}-{os.getpid()}:test")
        arguments = ["--build-arg", f"BASE={base}", "--network", "host", "--tag", built[-1]]
        docker("build", *arguments, *options, context, timeout=600)
        return built[-1]

    yield docker_build
    for tag in built:
        docker("rmi", "--force", tag, check=False)


class Container:
    """A running container; `port` is where it answers on this machine."""

    def __init__(self, image, *options):
        self.id = docker("run", "--detach", *RESTRICTED, "--tmpfs", "/tmp", *options, image)

    @property
    def port(self):
        return int(docker("port", self.id, "8080/tcp").splitlines()[0].rpartition(":")[2])

    @property
    def log(self):
        done = subprocess.run(
            ["docker", "logs", self.id], capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    @property
    def state(self):
        return json.loads(docker("inspect", self.id))[0]["State"]

    def terminate(self):
        """Send SIGTERM to its first process."""
        docker("kill", "--signal", "TERM", self.id)

    def wait(self):
        """Wait for its end; the exit code."""
        return int(docker("wait", self.id))

    def python(self, code):
        """Run Python inside the container, as its user."""
        return docker("exec", self.id, "python3", "-c", code)

    def get(self, path):
        """The body of a 200 answer."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read()

    def wait_ready(self, within_s=60):
        """Wait until it says that it is ready."""
        deadline = time.monotonic() + within_s
        while "is ready on" not in self.log:
            assert self.state["Running"], self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)
        return self


@pytest.fixture
def _containers():
    running = []
    yield running
    for each in running:
        docker("rm", "--force", each.id, check=False)


@pytest.fixture
def container(_containers):
    """Run an image as production would, until the test ends: `container(image, ...)`."""

    def container(image, *options):
        _containers.append(Container(image, "--publish", "127.0.0.1:0:8080", *options))
        return _containers[-1].wait_ready()

    return container


@pytest.fixture
def container_without_network(_containers):
    """As `container`, with no network at all."""

    def container(image):
        _containers.append(Container(image, "--network", "none", "--user", "12345"))
        return _containers[-1].wait_ready()

    return container


@pytest.fixture
def inspect():
    """What the engine knows of an image."""
    return lambda image: json.loads(docker("image", "inspect", image))[0]


@pytest.fixture(scope="session")
def cluster():
    """An API server with all definitions of the shared bundle; each test its own namespace."""
    if not BUNDLE.is_file():
        pytest.skip(f"{BUNDLE} is absent")
    with ExitStack() as stack:
        try:
            running = stack.enter_context(api_server())
        except ToolAbsentError as absent:
            pytest.skip(str(absent))
        yield running
