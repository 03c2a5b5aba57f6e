"""The engine docker by each way that is here, against a real engine and a real registry."""

import io
import os
import shutil
import subprocess
import tarfile
import uuid
from contextlib import ExitStack

import pytest
from tests.interop.cluster import ToolAbsentError
from tests.interop.conftest import docker
from tests.interop.distribution import distribution

from wherry_build.errors import BuildUnsupported, ImageBuildFailed, ImagePushFailed
from wherry_build.image.docker import DockerBuilder, DockerPublisher
from wherry_build.image.docker.command_engine import CommandEngine
from wherry_build.image.docker.command_line import CommandLine
from wherry_build.image.docker.sdk_engine import SdkEngine
from wherry_build.image.engine import ImageRequest
from wherry_build.image.platform import Platform
from wherry_build.project import read_project

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

CANARY = "canary-0b77e1d4"
OWN = """\
ARG BASE
FROM ${BASE}
ARG COLOUR
RUN MOUNT cat SECRET > /dev/null && echo "$COLOUR" > /colour
COPY wheels/ /wheels/
COPY function/ /srv/function/
USER 65532:65532
ENTRYPOINT ["python3", "-c"]
"""


def ways():
    """The ways to build that this machine has; the classic one always, the newer where they are."""
    found = {"sdk": None, "classic": {"DOCKER_BUILDKIT": "0"}}
    for path in dict.fromkeys(filter(None, map(shutil.which, ("docker", "/usr/bin/docker")))):
        line = CommandLine.at(path, os.environ)
        if line is not None and line.build_way.has_mounts:
            found[line.build_way.value] = path
    return found


@pytest.fixture(params=ways())
def engine(request, base_image):
    """An engine by one of the ways."""
    if request.param == "sdk":
        return SdkEngine()
    way = ways()[request.param]
    path, variables = (way, {}) if isinstance(way, str) else (shutil.which("docker"), way)
    return CommandEngine(CommandLine.at(path, {**os.environ, **variables}))


@pytest.fixture
def reference():
    made = f"wherry-interop/engines-{uuid.uuid4().hex[:12]}:test"
    yield made
    docker("rmi", "--force", made, check=False)


@pytest.fixture
def function(tmp_path):
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "handler.py").write_text("def handle(request): return 'ok'\n")
    return read_project(folder).functions[0]


class Lines:
    def __init__(self):
        self.lines = []

    def step(self, text):
        self.lines.append(text)

    def moved(self, what, done_bytes, total_bytes):
        pass


def layers(reference):
    """Everything of an image, as `docker save` writes it."""
    done = subprocess.run(["docker", "save", reference], capture_output=True, check=True)
    return done.stdout


def every_file(saved):
    """The bytes of every file in every layer, and of every document."""
    with tarfile.open(fileobj=io.BytesIO(saved)) as image:
        for member in image.getmembers():
            content = image.extractfile(member)
            if content is None:
                continue
            data = content.read()
            yield data
            if member.name.endswith("layer.tar") or data[257:262] == b"ustar":
                with tarfile.open(fileobj=io.BytesIO(data)) as layer:
                    yield "\n".join(layer.getnames()).encode()


def test_a_function_is_built_and_runs(engine, base_image, reference, function, container):
    image = DockerBuilder(engine).build(
        ImageRequest(
            function=function,
            reference=reference,
            base=base_image,
            network="host",
            labels={"team": "a $HOME b"},
        ),
        Lines(),
    )
    assert image.id == docker("image", "inspect", "--format", "{{.Id}}", reference)
    assert docker("inspect", "--format", "{{.Config.Labels.team}}", reference) == "a $HOME b"
    assert container(reference).get("/") == b"ok"


def test_packages_of_the_distribution(engine, base_image, reference, function, container):
    DockerBuilder(engine).build(
        ImageRequest(
            function=function,
            reference=reference,
            base=base_image,
            network="host",
            packages=("tree",),
        ),
        Lines(),
    )
    running = container(reference)
    code = (
        "import os, subprocess; print(subprocess.run(['tree', '--version']).returncode, "
        "os.listdir('/var/lib/apt/lists'), os.getuid())"
    )
    assert running.python(code).splitlines()[-1] == "0 [] 65532"


def test_a_package_that_is_none_is_told(engine, base_image, reference, function):
    with pytest.raises(ImageBuildFailed) as caught:
        DockerBuilder(engine).build(
            ImageRequest(
                function=function,
                reference=reference,
                base=base_image,
                network="host",
                packages=("no-such-package-anywhere",),
            ),
            Lines(),
        )
    assert "distribution" in caught.value.hint, caught.value.log


def test_a_dockerfile_of_ones_own_with_a_secret(engine, base_image, reference, function, tmp_path):
    secret = tmp_path / "tok"
    secret.write_text(CANARY)
    own = tmp_path / "Dockerfile.own"
    text = OWN
    if engine.has_mounts:
        mount = "--mount=type=secret,id=tok"
        text = text.replace("MOUNT", mount).replace("SECRET", "/run/secrets/tok")
        # It is printed on purpose: a step may do so by mistake.
        text = text.replace("> /dev/null", "")
    else:
        text = text.replace("MOUNT", "").replace("SECRET", "/dev/null")
    own.write_text(text)
    lines = Lines()
    asked = ImageRequest(
        function=function,
        reference=reference,
        base=base_image,
        dockerfile=own,
        arguments={"COLOUR": "teal"},
        secrets={"tok": secret} if engine.has_mounts else {},
    )
    DockerBuilder(engine).build(asked, lines)
    code = "import os; print(open('/colour').read().strip(), sorted(os.listdir('/srv/function')))"
    assert docker("run", "--rm", reference, code) == "teal ['handler.py']"
    assert not any(CANARY.encode() in data for data in every_file(layers(reference)))
    assert CANARY not in "\n".join(lines.lines)


def test_what_the_classic_builder_cannot_do_is_told(engine, base_image, reference, function):
    if engine.has_mounts:
        assert engine.name.endswith(("BuildKit", "buildx"))
        return
    other = "arm64" if engine.architecture == "amd64" else "amd64"
    with pytest.raises(BuildUnsupported, match=f"cannot do linux/{other}"):
        DockerBuilder(engine).build(
            ImageRequest(
                function=function,
                reference=reference,
                base=base_image,
                platforms=(Platform(architecture=other),),
            ),
            Lines(),
        )


@pytest.fixture(scope="module")
def pinned_base(base_image, tmp_path_factory):
    """The base in a registry on loopback, by its digest."""
    with ExitStack() as stack:
        try:
            host = stack.enter_context(distribution(tmp_path_factory.mktemp("registry") / "data"))
        except ToolAbsentError as absent:
            pytest.skip(str(absent))
        named = f"{host}/base:1"
        docker("tag", base_image, named)
        docker("push", named, timeout=600)
        found = docker("inspect", "--format", '{{join .RepoDigests "\\n"}}', named).splitlines()
        yield next(each for each in found if each.startswith(host))
        docker("rmi", "--force", named, check=False)


def test_what_is_published_can_be_pulled_by_its_digest(engine, pinned_base, function, container):
    host = pinned_base.partition("/")[0]
    named = f"{host}/acme/hello-{uuid.uuid4().hex[:8]}"
    asked = ImageRequest(
        function=function, reference=f"{named}:1", base=pinned_base, network="host"
    )
    image = DockerBuilder(engine).build(asked, Lines())
    pinned = DockerPublisher(engine).publish(image, Lines())
    assert pinned.startswith(f"{named}:1@sha256:")
    by_digest = f"{named}@{pinned.rpartition('@')[2]}"
    docker("rmi", "--force", f"{named}:1")
    docker("pull", by_digest)
    assert container(by_digest).get("/") == b"ok"


def test_a_base_that_is_pinned_is_the_one_that_is_used(engine, pinned_base, reference, function):
    wrong = f"{pinned_base.partition('@')[0]}@sha256:{'0' * 64}"
    with pytest.raises(ImageBuildFailed):
        DockerBuilder(engine).build(
            ImageRequest(function=function, reference=reference, base=wrong), Lines()
        )


def test_a_registry_that_is_not_there_is_told(engine, base_image):
    reference = f"127.0.0.1:9/acme/hello-{uuid.uuid4().hex[:8]}:1"
    docker("tag", base_image, reference)
    try:
        with pytest.raises(ImagePushFailed) as caught:
            engine.push(reference, Lines())
    finally:
        docker("rmi", reference, check=False)
    assert "reachable" in caught.value.hint, caught.value.message
