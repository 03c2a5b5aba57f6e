"""Unmodified faas-cli builds, runs and publishes functions from the exported templates.

By Docker, and by `wherry builder serve`. Where faas-cli cannot be had these tests skip; that the
contexts build and run is seen by `test_template_image.py`, which needs no faas-cli.
"""

import socket
import subprocess
import time
import urllib.request
from contextlib import ExitStack

import pytest
import yaml
from tests.builder.remote.command import Builder
from tests.interop import faas_cli as real
from tests.interop.base_index import manifest_of, two_platforms
from tests.interop.cluster import ToolAbsentError
from tests.interop.conftest import docker
from tests.interop.distribution import distribution

from wherry_build.template import TEMPLATES, export_templates

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

LANGUAGES = [template.language for template in TEMPLATES]


@pytest.fixture(scope="module")
def faas_cli(tmp_path_factory):
    """Run faas-cli in a folder: `faas_cli(folder, "build", "-f", "stack.yaml")`."""
    command = real.found()
    if command is None:
        pytest.skip(real.ABSENT)
    home = tmp_path_factory.mktemp("home")
    path = real.docker_with_the_machines_network(tmp_path_factory.mktemp("bin"))

    def faas_cli(folder, *arguments, **variables):
        done = subprocess.run(
            [command, *map(str, arguments)],
            cwd=folder,
            env=real.environment(home, PATH=path, **variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return faas_cli


@pytest.fixture
def folder(tmp_path):
    """Where faas-cli is run: the templates, and no network for them."""
    export_templates(tmp_path)
    return tmp_path


def described(folder, **changes):
    """The stack file that faas-cli has written, with more said of each function."""
    (file,) = folder.glob("*.y*ml")
    file = file.rename(folder / "stack.yaml")
    stack = yaml.safe_load(file.read_text())
    for function in stack["functions"].values():
        function.update(changes)
    file.write_text(yaml.safe_dump(stack))
    return stack


@pytest.mark.parametrize("language", LANGUAGES)
def test_new_makes_a_function_of_a_template_offline(faas_cli, folder, language):
    told = faas_cli(folder, "new", "hello", "--lang", language, "--prefix", "ghcr.io/acme")
    assert "You have a function" in told
    files = sorted(path.name for path in (folder / "hello").iterdir())
    assert files == ["handler.py", "requirements.txt", "test_handler.py"]
    (function,) = described(folder)["functions"].values()
    assert (function["lang"], function["handler"]) == (language, "./hello")
    assert function["image"] == "ghcr.io/acme/hello:latest"


def test_new_appends_to_a_stack(faas_cli, folder):
    faas_cli(folder, "new", "hello", "--lang", "python3-wherry")
    described(folder)
    faas_cli(folder, "new", "orders", "--lang", "python3-wherry-events", "--append", "stack.yaml")
    stack = yaml.safe_load((folder / "stack.yaml").read_text())
    assert sorted(stack["functions"]) == ["hello", "orders"]


def test_new_makes_a_function_that_is_a_dockerfile_offline(faas_cli, folder):
    faas_cli(folder, "new", "plain", "--lang", "dockerfile")
    assert (folder / "plain/Dockerfile").is_file()


@pytest.mark.parametrize("language", LANGUAGES)
def test_shrinkwrap_makes_a_whole_context_offline(faas_cli, folder, language):
    faas_cli(folder, "new", "hello", "--lang", language)
    described(folder)
    faas_cli(folder, "build", "-f", "stack.yaml", "--shrinkwrap")
    context = folder / "build/hello"
    template = folder / "template" / language
    for path in template.rglob("*"):
        if path.is_file():
            there = context / path.relative_to(template)
            assert there.read_bytes() == path.read_bytes()
    assert (context / "function").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def image():
    """Names of images, which are deleted at last."""
    made = []

    def image(name):
        made.append(f"wherry-interop/faas-cli-{name}:test")
        return made[-1]

    yield image
    for each in made:
        docker("rmi", "--force", each, check=False)


@pytest.fixture
def hello(faas_cli, folder, base_image, image):
    """A function that Docker has built for faas-cli, with its tests and a package: its image."""
    faas_cli(folder, "new", "hello", "--lang", "python3-wherry")
    described(folder, image=image("hello"), build_args={"BASE": base_image})
    options = ["--no-cache", "--build-arg", "TEST_ENABLED=true"]
    told = faas_cli(folder, "build", "-f", "stack.yaml", *options)
    assert "2 passed" in told
    return "wherry-interop/faas-cli-hello:test"


def test_build(hello, container):
    running = container(hello, "--user", "12345")
    assert running.get("/?name=Ada") == b'{"hello":"Ada"}'
    assert running.get("/_/health")
    assert running.get("/_/ready")


def test_local_run(hello, faas_cli, folder, tmp_path_factory):
    printed = faas_cli(folder, "local-run", "hello", "-f", "stack.yaml", "--build=false", "--print")
    assert "docker run" in printed
    assert hello in printed
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [real.found(), "local-run", "hello", "-f", "stack.yaml", "--build=false"]
    with (tmp_path_factory.mktemp("log") / "log").open("w+") as log:
        running = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env=real.environment(tmp_path_factory.mktemp("home")),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            assert answered(f"http://127.0.0.1:{port}/?name=Ada") == b'{"hello":"Ada"}'
        finally:
            docker("rm", "--force", "hello", check=False)
            running.terminate()
            running.wait(60)


def answered(url, *, within_s=60):
    """The answer of `url`, as soon as there is one."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError:  # noqa: PERF203 - it is waited for
            assert time.monotonic() < deadline, url
            time.sleep(0.1)


@pytest.fixture
def registry(tmp_path, base_image):
    """A registry on loopback with the base for two platforms: its host, and the base."""
    with ExitStack() as stack:
        try:
            host = stack.enter_context(distribution(tmp_path / "registry"))
        except ToolAbsentError as absent:
            pytest.skip(str(absent))
        docker("tag", base_image, f"{host}/base:one")
        stack.callback(docker, "rmi", f"{host}/base:one", check=False)
        docker("push", f"{host}/base:one", timeout=300)
        yield host, two_platforms(host, "base", source="one", tag="two")


def test_up_builds_with_docker_and_pushes(faas_cli, folder, registry, base_image):
    host, _ = registry
    faas_cli(folder, "new", "hello", "--lang", "python3-wherry-async")
    described(folder, image=f"{host}/hello:1", build_args={"BASE": base_image})
    try:
        faas_cli(folder, "up", "-f", "stack.yaml", "--skip-deploy")
    finally:
        docker("rmi", "--force", f"{host}/hello:1", check=False)
    assert manifest_of(host, "hello", "1")["schemaVersion"] == 2


def test_publish_for_two_platforms(faas_cli, folder, registry, tmp_path, container, image):
    """No Docker command is run by faas-cli, and nothing is emulated: the builder does it all."""
    host, base = registry
    faas_cli(folder, "new", "hello", "--lang", "python3-wherry")
    described(folder, image=f"{host}/hello:2")
    (tmp_path / "builder").mkdir()
    builder = Builder(tmp_path / "builder", "--listen", "127.0.0.1:0", "--base", base)
    try:
        flags = ["--remote-builder", builder.url]
        flags += ["--payload-secret", builder.variables["OPENFAAS_PAYLOAD_SECRET"]]
        platforms = ["--platforms", "linux/amd64,linux/arm64"]
        faas_cli(folder, "publish", "-f", "stack.yaml", *platforms, *flags)
    finally:
        assert builder.stop() == 0, builder.errors
    index = manifest_of(host, "hello", "2")
    built = [each["platform"]["architecture"] for each in index["manifests"]]
    assert sorted(name for name in built if name != "unknown") == ["amd64", "arm64"]
    docker("pull", f"{host}/hello:2", timeout=300)
    docker("tag", f"{host}/hello:2", image("pulled"))
    running = container("wherry-interop/faas-cli-pulled:test", "--user", "12345")
    assert running.get("/?name=Ada") == b'{"hello":"Ada"}'
