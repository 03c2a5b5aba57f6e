"""Images that others ask the remote builder for: unmodified faas-cli, and a client in Go.

faas-cli is what `go install github.com/openfaas/faas-cli@c8191b71e7ed` makes. Where its source
cannot be had its tests skip; the client in `remote_builder_client` puts the same on the wire, by
the same packages of Go's standard library.
"""

import os
import shutil
import subprocess

import pytest
from tests.builder.image.engine.ground import Ground
from tests.builder.image.recording_registry import RecordingRegistry
from tests.builder.remote.command import Builder
from tests.interop.cluster import ToolAbsentError
from tests.interop.conftest import docker
from tests.interop.distribution import distribution

from wherry_build.remote.plugin import install, this_command
from wherry_build.template import template_files

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

HANDLER = "def handle(request):\n    return {'hello': request.args.get('name', 'world')}\n"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    try:
        with distribution(tmp_path_factory.mktemp("registry")) as host:
            yield host
    except ToolAbsentError as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="module")
def base(registry, base_image):
    """The base image, in the registry."""
    name = f"{registry}/base:bookworm"
    docker("tag", base_image, name)
    docker("push", name, timeout=300)
    yield name
    docker("rmi", name, check=False)


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Serve the remote builder until the module's end: `serve("--base", "x", PIP_NO_INDEX="1")`."""
    running = []

    def serve(*arguments, **environment):
        folder = tmp_path_factory.mktemp("builder")
        (folder / "tmp").mkdir()
        said = {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "XDG_CONFIG_HOME": "",
            **environment,
        }
        running.append((Builder(folder, "--listen", "127.0.0.1:0", *arguments, **said), folder))
        return running[-1][0]

    yield serve
    for builder, folder in running:
        assert builder.stop() == 0, builder.errors
        assert list((folder / "tmp").iterdir()) == []


@pytest.fixture(scope="module")
def builder(serve, base):
    return serve("--base", base, "--docker")


@pytest.fixture(scope="module")
def go_client():
    """Run the client in Go: `go_client(builder, context, "--image", "x")`; the process."""
    found = shutil.which("remote-builder-client")
    if found is None:
        pytest.skip("remote-builder-client not found: tests/interop/tools.sh builds it with Go")

    def go_client(builder, context, *options):
        words = [
            *(found, "--builder", builder.url),
            *("--payload-secret", builder.variables["OPENFAAS_PAYLOAD_SECRET"]),
            *map(str, options),
            str(context),
        ]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)

    return go_client


@pytest.fixture
def pull():
    """Pull an image, and remove it when whatever ran of it is gone: `pull("host/name:tag")`."""
    pulled = []

    def pull(image):
        docker("pull", image, timeout=300)
        pulled.append(image)
        return image

    yield pull
    for image in pulled:
        docker("rmi", "--force", image, check=False)


@pytest.fixture
def context(tmp_path):
    """A function as faas-cli shrinkwraps it."""
    context = tmp_path / "build/hello"
    for path, content in template_files("python3-wherry").items():
        file = context / path.partition("/")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (context / "function/handler.py").write_text(HANDLER)
    (context / "function" / ("deep/" * 30 + "name.txt")).parent.mkdir(parents=True)
    (context / "function" / ("deep/" * 30 + "name.txt")).write_text("a name for a PAX header")
    (context / "function/.env").write_text("canary")
    (context / "function").chmod(0o700)
    return context


def test_what_a_client_in_go_sends_runs(go_client, builder, registry, context, pull, container):
    image = f"{registry}/acme/hello:go"
    done = go_client(builder, context, "--image", image, "--build-arg", "ADDITIONAL_PACKAGE=")
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.splitlines()[-1] == f"success: {image}"
    running = container(pull(image), "--user", "12345", "--env", "OPENFAAS_NAME=hello")
    assert running.get("/?name=Ada") == b'{"hello":"Ada"}'
    assert running.get("/_/health")
    assert running.get("/_/ready")
    listed = running.python("import os; print(os.listdir('/srv/function'))")
    assert "deep" in listed
    assert ".env" not in listed


def test_two_platforms_and_sealed_secrets_of_a_client_in_go(
    go_client, serve, context, tmp_path, tmp_path_factory
):
    (tmp_path / "pip.conf").write_text("[global]\nextra-index-url = http://a:canary@localhost:9\n")
    with RecordingRegistry() as registry:
        ground = Ground(tmp_path_factory.mktemp("ground"), registry)
        builder = serve(
            *("--base", ground.base),
            PIP_NO_INDEX="1",
            PIP_FIND_LINKS=str(ground.wheels),
            WHERRY_CACHE=str(ground.cache),
        )
        options = ["--image", ground.reference("acme/two:1")]
        options += ["--platforms", "linux/amd64,linux/arm64"]
        options += ["--secret", f"pip.conf={tmp_path / 'pip.conf'}"]
        done = go_client(builder, context, *options)
        assert done.returncode == 0, done.stderr + done.stdout
        index = registry.manifest("acme/two", "1")
        assert len(index["manifests"]) == 2
        assert not any(b"canary" in blob for blob in registry.blobs.values())
        assert "canary" not in done.stdout + builder.errors


def test_a_wrong_secret_is_refused_to_a_client_in_go(go_client, builder, context, tmp_path):
    (tmp_path / "wrong").write_text("another secret of some length\n")
    done = go_client(builder, context, "--image", "a/b", "--payload-secret", tmp_path / "wrong")
    assert (done.returncode, done.stderr.strip()) == (1, "status 401")


def test_another_template_is_built_by_docker(go_client, builder, registry, base, tmp_path, pull):
    context = tmp_path / "other"
    context.mkdir()
    (context / "template.yml").write_text("language: dockerfile\nfprocess: ''\n")
    (context / "Dockerfile").write_text(
        f"FROM {base}\nARG WORD\nCOPY hello.py /hello.py\nENV WORD=$WORD\n"
        'CMD ["python3", "/hello.py"]\n'
    )
    (context / "hello.py").write_text("import os; print('hello', os.environ['WORD'])\n")
    image = f"{registry}/acme/other:1"
    done = go_client(builder, context, "--image", image, "--build-arg", "WORD=there")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "because its template is none of Wherry's" in done.stdout
    docker("rmi", "--force", image)
    assert docker("run", "--rm", "--network", "none", pull(image)) == "hello there"


@pytest.fixture
def faas_cli(tmp_path, builder, registry):
    """Run faas-cli in a folder with our templates, its builder set: `faas_cli("build")`."""
    found = shutil.which("faas-cli")
    if found is None:
        pytest.skip("faas-cli not found: go install github.com/openfaas/faas-cli@c8191b71e7ed")
    folder, home = tmp_path / "project", tmp_path / "home"
    for path, content in template_files("python3-wherry").items():
        file = folder / "template" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    home.mkdir()

    def faas_cli(*arguments):
        done = subprocess.run(
            [found, *arguments],
            cwd=folder,
            env={
                **os.environ,
                **builder.variables,
                "HOME": str(home),
                "OPENFAAS_PREFIX": f"{registry}/acme",
                "CI": "",
                # A docker command would be a mistake: none is found.
                "PATH": str(tmp_path / "nothing"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    faas_cli.folder, faas_cli.home = folder, home
    return faas_cli


def test_faas_cli_up_without_docker(faas_cli, registry, pull, container):
    faas_cli("new", "up", "--lang", "python3-wherry")
    (faas_cli.folder / "up/handler.py").write_text(HANDLER)
    said = faas_cli("up", "--skip-deploy")
    image = f"{registry}/acme/up:latest"
    assert image in said
    assert container(pull(image)).get("/?name=Ada") == b'{"hello":"Ada"}'


def test_faas_cli_runs_the_plugin(faas_cli):
    install(faas_cli.home, this_command())
    assert faas_cli("wherry", "--version").startswith("wherry ")
