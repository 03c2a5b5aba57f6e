"""Each template's context, laid out as faas-cli lays it out, builds in a real Docker Engine.

faas-cli itself is not needed: its rules for contexts are followed by hand, and `docker build` is
what it would run. Both builders are tried, for faas-cli leaves the choice to the docker command.
"""

import json
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml
from tests.builder.image.wheels.package_index import package_index
from tests.builder.image.wheels.wheel_making import wheel, wheel_name
from tests.builder.template.shrinkwrap import new, packages, shrinkwrap

from wherry_build.template import FOLDER, TEMPLATES, export_templates
from wherry_cli.main import run

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

LANGUAGES = [template.language for template in TEMPLATES]
CALLS = {
    "python3-wherry": ("/?name=Ada", None, {"hello": "Ada"}),
    "python3-wherry-events": (
        "/",
        {
            "specversion": "1.0",
            "id": "7",
            "source": "/shop",
            "type": "com.example.greeting.asked",
            "data": {"name": "Ada"},
        },
        {
            "specversion": "1.0",
            "id": "7.made",
            "source": "/function",
            "type": "com.example.greeting.made",
            "data": {"hello": "Ada"},
        },
    ),
    "python3-wherry-typed": (
        "/",
        {"name": "oar", "price": 19.5, "quantity": 2},
        {"name": "oar", "total": 39.0},
    ),
    "python3-wherry-async": ("/?name=ada&name=grace", None, {"hello": ["Ada", "Grace"]}),
    "python3-wherry-stream": ("/?to=1", None, 'id: 1\ndata: {"count":1}\n\n'),
}
"""What each template's own function is asked, and what it answers."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    export_templates(folder)
    return folder


@pytest.fixture
def root(exported, tmp_path):
    """A folder in which faas-cli would be run."""
    (tmp_path / "template").symlink_to(exported / "template")
    return tmp_path


@pytest.fixture(scope="module")
def buildkit():
    """A docker command that builds with BuildKit: by buildx, or as older ones have it inside."""
    found = [shutil.which("docker"), "/usr/bin/docker"]
    for command in filter(None, found):
        done = subprocess.run([command, "buildx", "version"], capture_output=True, check=False)
        version = subprocess.run([command, "--version"], capture_output=True, check=False).stdout
        if done.returncode == 0 or b" 20.10." in version:
            return command
    pytest.skip("no docker command with BuildKit")


def call(running, language):
    """Ask the template's own function; the answer."""
    path, asked, expected = CALLS[language]
    kind = "application/cloudevents+json" if "events" in language else "application/json"
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}{path}",
        data=None if asked is None else json.dumps(asked).encode(),
        headers={"Content-Type": kind},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        body = answer.read()
    if isinstance(expected, str):
        return body.decode(), expected
    told = json.loads(body)
    return {key: told[key] for key in expected}, expected


def listed(running):
    """Files of the function in a running container."""
    code = "import os; print(*sorted(os.listdir('/srv/function')))"
    return running.python(code).split()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_function_builds_and_answers(root, language, docker_build, base_image, container):
    handler = new(root, "hello", language)
    (handler / ".env").write_text("canary")
    (handler / "build").mkdir()
    context = shrinkwrap(root, "hello", language, handler)
    image = docker_build(context, base_image, "--build-arg", "ADDITIONAL_PACKAGE=")
    running = container(image, "--user", "12345", "--env", "OPENFAAS_NAME=hello")
    assert running.get("/_/health")
    assert running.get("/_/ready")
    got, expected = call(running, language)
    assert got == expected
    assert listed(running) == ["__pycache__", "handler.py", "requirements.txt"]


def test_what_the_template_brought_does_not_win(root, docker_build, base_image, container):
    """The template's own handler and test lie under a user's; neither may win."""
    handler = root / "mine"
    handler.mkdir()
    (handler / "main.py").write_text("def handle(request):\n    return 'mine'\n")
    (handler / "test_main.py").write_text(
        "def test_mine(wherry_invoke):\n    assert wherry_invoke().text == 'mine'\n"
    )
    context = shrinkwrap(root, "mine", "python3-wherry-events", handler, is_ci=True)
    image = docker_build(context, base_image, "--build-arg", "TEST_ENABLED=true")
    running = container(image)
    assert running.get("/") == b"mine"
    assert listed(running) == ["__pycache__", "main.py", "requirements.txt"]


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_a_test_that_fails_fails_the_build(root, builder, base_image, buildkit):
    handler = new(root, "hello", "python3-wherry")
    (handler / "test_handler.py").write_text("def test_it():\n    assert not 'reached'\n")
    context = shrinkwrap(root, "hello", "python3-wherry", handler)
    command = [buildkit if builder == "buildkit" else "docker", "build", "--network", "host"]
    command += ["--build-arg", f"BASE={base_image}", "--build-arg", "TEST_ENABLED=true", context]
    is_buildkit = str(int(builder == "buildkit"))
    done = run_docker(command, DOCKER_BUILDKIT=is_buildkit)
    assert done.returncode != 0
    assert "assert not 'reached'" in done.stdout + done.stderr


def test_packages_that_pip_would_not_install_fail_the_build(root, base_image):
    handler = new(root, "hello", "python3-wherry")
    (handler / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["httpx"]\n')
    context = shrinkwrap(root, "hello", "python3-wherry", handler)
    command = ["docker", "build", "--network", "host", "--build-arg", f"BASE={base_image}", context]
    done = run_docker(command)
    assert done.returncode != 0
    assert "uv export --no-emit-project -o requirements.txt" in done.stdout + done.stderr


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_a_template_without_the_runtime_fails_the_build(tmp_path, builder, base_image, buildkit):
    """As faas-cli pulls it from a checkout; no index is asked for a package by that name."""
    context = shutil.copytree(FOLDER / "python3-wherry", tmp_path / "context")
    command = [buildkit if builder == "buildkit" else "docker", "build", "--network", "none"]
    command += ["--build-arg", f"BASE={base_image}", context]
    done = run_docker(command, DOCKER_BUILDKIT=str(int(builder == "buildkit")))
    assert done.returncode != 0
    assert "put it there: wherry template export" in done.stdout + done.stderr


def run_docker(command, **variables):
    """Run a docker command with these variables."""
    return subprocess.run(
        list(map(str, command)),
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def built_with_buildkit(buildkit, root, base_image):
    """The image of a new function, by BuildKit, its tests run before."""
    tag = "wherry-interop/template-buildkit:test"
    context = shrinkwrap(root, "hello", "python3-wherry", new(root, "hello", "python3-wherry"))
    command = [buildkit, "build", "--no-cache", "--progress", "plain", "--network", "host"]
    command += ["--tag", tag, "--build-arg", f"BASE={base_image}"]
    command += ["--build-arg", "TEST_ENABLED=true", context]
    done = run_docker(command, DOCKER_BUILDKIT="1")
    assert done.returncode == 0, done.stderr
    yield tag, done.stdout + done.stderr
    run_docker(["docker", "rmi", "--force", tag])


def test_buildkit_builds_the_same_function_and_runs_its_tests(built_with_buildkit, container):
    image, log = built_with_buildkit
    assert "2 passed" in log
    running = container(image, "--user", "12345")
    assert running.get("/?name=Ada") == b'{"hello":"Ada"}'
    assert listed(running) == ["__pycache__", "handler.py", "requirements.txt"]


def test_build_secrets_reach_pip_and_no_layer(buildkit, tmp_path, base_image, container):
    """A requirement that only an index behind a password has, for `build_secrets` of a stack."""
    export_templates(tmp_path, ["http"], has_mounts=True)
    handler = new(tmp_path, "hello", "python3-wherry")
    (handler / "requirements.txt").write_text("wherry-private\n")
    (handler / "handler.py").write_text(
        "import wherry_private\n\n\ndef handle(request):\n    return str(wherry_private.x)\n"
    )
    context = shrinkwrap(tmp_path, "hello", "python3-wherry", handler)
    tag, secret = "wherry-interop/template-secrets:test", tmp_path / "pip.conf"
    with package_index() as index:
        index.put(wheel_name("wherry-private"), wheel("wherry-private"))
        index.user = ("ada", "canary-of-the-index")
        url = index.url_of(*index.user)
        secret.write_text(f"[global]\nextra-index-url = {url}\ntrusted-host = 127.0.0.1\n")
        command = [buildkit, "build", "--no-cache", "--progress", "plain", "--network", "host"]
        command += ["--tag", tag, "--build-arg", f"BASE={base_image}"]
        command += ["--secret", f"id=pip.conf,src={secret}"]
        done = run_docker([*command, context], DOCKER_BUILDKIT="1")
    try:
        assert done.returncode == 0, done.stderr
        assert wheel_name("wherry-private") in index.downloads()
        assert "canary-of-the-index" not in done.stdout + done.stderr
        assert container(tag, "--user", "12345").get("/") == b"1"
        saved = subprocess.run(["docker", "save", tag], capture_output=True, check=True).stdout
        assert b"canary-of-the-index" not in saved
        assert b"wherry_private" in saved, "layers are saved as they are, not compressed"
    finally:
        run_docker(["docker", "rmi", "--force", tag])


def test_the_version_of_python_is_that_of_the_base(root, base_image):
    """A version that the index of images will never have, so that it can only be the one here."""
    base, tag = "python:3.99-slim", "wherry-interop/template-version:test"
    context = shrinkwrap(root, "hello", "python3-wherry", new(root, "hello", "python3-wherry"))
    command = ["docker", "build", "--network", "host", "--tag", tag]
    assert run_docker(["docker", "tag", base_image, base]).returncode == 0
    try:
        done = run_docker([*command, "--build-arg", "PYTHON_VERSION=3.99", context])
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        run_docker(["docker", "rmi", "--force", tag, base])


def test_a_new_project_is_built_by_its_workflows_last_step(
    base_image, container, tmp_path, monkeypatch
):
    """On this base, and with this machine's network; else as it is written there."""
    monkeypatch.chdir(tmp_path)
    assert run(["new", "--project", "wherry-interop-shop"]) == 0
    monkeypatch.chdir(tmp_path / "wherry-interop-shop")
    workflow = yaml.safe_load(Path(".github/workflows/functions.yaml").read_text())
    last = workflow["jobs"]["check"]["steps"][-1]["run"].split()
    assert last[0] == "wherry"
    image = "registry.example.com/wherry-interop-shop/hello:latest"
    try:
        assert run([*last[1:], "--base", base_image, "--network", "host"]) == 0
        assert container(image, "--user", "12345").get("/?name=Ada") == b'{"hello":"Ada"}'
    finally:
        run_docker(["docker", "rmi", "--force", image])


def test_packages_that_only_compiling_needs_are_not_in_the_image(
    root, docker_build, base_image, container
):
    assert packages(root, "python3-wherry", "libpq") == "gcc libpq-dev libpq5"
    handler = new(root, "hello", "python3-wherry")
    context = shrinkwrap(root, "hello", "python3-wherry", handler)
    # Two small ones stand for them; what Debian calls a compiler is two hundred megabytes.
    arguments = ["--build-arg", "ADDITIONAL_PACKAGE=make libpq5"]
    running = container(docker_build(context, base_image, *arguments))
    told = running.python(
        "import ctypes, shutil; ctypes.CDLL('libpq.so.5'); print(shutil.which('make'))"
    )
    assert told == "None"
