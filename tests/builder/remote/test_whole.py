"""From the bytes that faas-cli sends to the image in a registry: nothing is left out or made up."""

import gzip
import io
import json
import tarfile

import pytest
from tests.builder.image.engine.ground import Ground
from tests.builder.image.recording_registry import RecordingRegistry
from tests.builder.remote.client import docker_config, get, post, request_tar, seal, signed
from tests.builder.remote.command import HAS_UV, Builder

NEEDS_UV = pytest.mark.skipif(not HAS_UV, reason="uv is not installed: pip install uv")
HANDLER = "def handle(request):\n    return 'hello'\n"


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with RecordingRegistry() as registry:
        yield Ground(tmp_path_factory.mktemp("ground"), registry)


@pytest.fixture(scope="module")
def serve(ground, tmp_path_factory):
    """Serve the builder on the ground until the module's end: `serve("--sources")`."""
    running = []

    def serve(*arguments):
        folder = tmp_path_factory.mktemp("builder")
        (folder / "tmp").mkdir()
        builder = Builder(
            folder,
            *("--listen", "127.0.0.1:0", "--base", ground.base, *arguments),
            HOME=str(folder / "home"),
            XDG_CONFIG_HOME="",
            WHERRY_CACHE=str(ground.cache),
            TMPDIR=str(folder / "tmp"),
            PIP_NO_INDEX="1",
            PIP_FIND_LINKS=str(ground.wheels),
            AWS_SECRET_ACCESS_KEY="canary-of-the-builder",
        )
        running.append((builder, folder / "tmp"))
        return builder

    yield serve
    for builder, temporary in running:
        assert builder.stop() == 0, builder.errors
        assert list(temporary.iterdir()) == []


@pytest.fixture(scope="module")
def builder(serve):
    return serve()


@pytest.fixture
def build(builder, ground, shrinkwrap):
    """Ask for an image: `build("hello:1", {"handler.py": "..."}, platforms=[...])`."""

    def build(name, files, *, sealed=None, of=builder, without=(), **config):
        image = f"{ground.registry.host}/{name}"
        context = shrinkwrap(files)
        for path in without:
            (context / "function" / path).unlink(missing_ok=True)
        body = request_tar(context, docker_config(image, **config), sealed)
        return post(of.url, body, headers=signed(body, _secret(of)), timeout_s=110)

    return build


def _secret(builder):
    with open(builder.variables["OPENFAAS_PAYLOAD_SECRET"], "rb") as file:
        return file.read().strip()


def files_of(registry, repository, manifest):
    """Every file of an image above its base, with its content."""
    found = {}
    for layer in manifest["layers"][1:]:
        content = gzip.decompress(registry.blobs[layer["digest"]])
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.isreg():
                    found[member.name] = archive.extractfile(member).read()
    return found


def test_an_image_for_two_platforms(build, ground):
    answer = build(
        "acme/hello:1",
        {"handler.py": HANDLER, ".env": "canary-of-the-function"},
        platforms=["linux/amd64", "linux/arm64"],
        buildArgs={"ADDITIONAL_PACKAGE": ""},
    )
    assert answer.status == 200
    assert answer.last["status"] == "success", answer.results
    assert answer.last["image"] == f"{ground.registry.host}/acme/hello:1"
    assert {each["status"] for each in answer.results[:-1]} == {"in_progress"}
    index = ground.registry.manifest("acme/hello", "1")
    platforms = {each["platform"]["architecture"]: each["digest"] for each in index["manifests"]}
    assert platforms.keys() == {"amd64", "arm64"}
    for architecture, digest in platforms.items():
        manifest = ground.registry.manifest("acme/hello", digest)
        config = json.loads(ground.registry.blobs[manifest["config"]["digest"]])
        assert config["architecture"] == architecture
        assert config["config"]["User"] == "65532:65532"
        files = files_of(ground.registry, "acme/hello", manifest)
        assert files["srv/function/handler.py"] == HANDLER.encode()
        assert "srv/function/.env" not in files
        assert not any(b"canary" in content for content in files.values())
    assert answer.log[-1].startswith(f"pushed {ground.registry.host}/acme/hello:1@sha256:")


def test_the_image_is_that_of_wherry_build(build, ground, tmp_path, monkeypatch):
    from wherry_cli.main import run

    folder = tmp_path / "same"
    folder.mkdir()
    (folder / "handler.py").write_text(HANDLER)
    (folder / "requirements.txt").write_text("")
    monkeypatch.setenv("WHERRY_CACHE", str(ground.cache))
    monkeypatch.chdir(tmp_path)
    image = f"{ground.registry.host}/acme/same:ours"
    arguments = ["build", str(folder), "--image", image, *ground.arguments, "--push", "--quiet"]
    if run(arguments) != 0:
        pytest.fail("wherry build")
    context = {"handler.py": HANDLER, "requirements.txt": ""}
    assert build("acme/same:theirs", context).last["status"] == "success"
    theirs, ours = (ground.registry.manifest("acme/same", tag) for tag in ("theirs", "ours"))
    assert theirs == ours


def test_one_that_is_not_pushed(build, ground):
    before = ground.registry.count("PUT", "/manifests/")
    answer = build("acme/unpushed:1", {"handler.py": HANDLER}, skipPush=True)
    assert answer.last["status"] == "success"
    assert ground.registry.count("PUT", "/manifests/") == before


def test_why_it_failed_is_told(build, ground):
    answer = build("acme/hello:2", {"requirements.txt": "no-such-thing==1.0\n"})
    assert answer.status == 200
    assert answer.last["status"] == "failed"
    assert "no-such-thing" in answer.last["error"]
    assert "/tmp/" not in answer.last["error"]


def test_the_environment_of_the_builder_reaches_no_requirement(build, ground):
    links = f"{ground.registry.url}/links/x${{AWS_SECRET_ACCESS_KEY}}x/"
    answer = build("acme/hello:3", {"requirements.txt": f"--find-links {links}\nno-such==1\n"})
    assert answer.last["status"] == "failed"
    assert "canary" not in json.dumps(answer.results)
    asked = [str(each) for each in ground.registry.requests(pattern="/links/")]
    assert not any("canary" in each for each in asked)


def test_a_file_of_the_builder_reaches_no_image_and_no_answer(build, ground, tmp_path):
    (tmp_path / "private.txt").write_text("canary-of-a-file")
    for line in (
        f"-r {tmp_path}/private.txt",
        f"-c {tmp_path}/private.txt",
        f"{tmp_path}/private",
        f"# harmless \\\n-r {tmp_path}/private.txt",
        f"--pre -r {tmp_path}/private.txt",
    ):
        answer = build("acme/hello:4", {"requirements.txt": f"{line}\n"})
        assert answer.last["status"] == "failed"
        assert "canary" not in json.dumps(answer.results)
        assert "requirements.txt: got" in answer.last["error"]


def project(has_run):
    """A project of which only its own build backend says what it needs; and where it has run."""
    return {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n'
        '[project]\nname = "evil"\nversion = "1"\ndynamic = ["dependencies"]\n',
        "backend.py": f"open({str(has_run)!r}, 'w').close()\n",
    }


def source(name, has_run):
    """A source distribution of such a project."""
    files = project(has_run)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-1/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return written.getvalue()


@pytest.fixture(scope="module")
def daring(serve):
    """A builder that may run the code of those who send it functions."""
    return serve("--sources")


@NEEDS_UV
def test_a_source_runs_no_code_unless_that_is_allowed(build, daring, ground, tmp_path):
    file, has_run = ground.wheels / "evil-1.tar.gz", tmp_path / "has-run"
    file.write_bytes(source("evil", has_run))
    try:
        for text in ("evil==1\n", "--no-binary evil\nevil==1\n"):
            answer = build("acme/hello:5", {"requirements.txt": text})
            assert answer.last["status"] == "failed"
            assert "evil" in answer.last["error"]
            assert not has_run.exists()
        build("acme/hello:5", {"requirements.txt": "evil==1\n"}, of=daring)
        assert has_run.exists()  # so it would have been seen
    finally:
        file.unlink()


@NEEDS_UV
def test_a_project_of_a_function_runs_no_code_unless_that_is_allowed(build, daring, tmp_path):
    has_run = tmp_path / "has-run"
    files = {"handler.py": HANDLER, **project(has_run)}
    answer = build("acme/hello:6", files, without=["requirements.txt"])
    assert answer.last["status"] == "failed"
    assert "dynamic dependencies" in answer.last["error"]
    assert not has_run.exists()
    build("acme/hello:6", files, of=daring, without=["requirements.txt"])
    assert has_run.exists()  # so it would have been seen


def test_secrets_are_for_this_build_and_in_nothing(build, builder, ground):
    public = json.loads(get(builder.url, "/publickey").body)["public_key"]
    index = "http://ada:canary-of-the-index@127.0.0.1:9/simple"
    sealed = seal(public, {"pip.conf": f"[global]\nextra-index-url = {index}\n".encode()})
    answer = build("acme/secret:1", {"handler.py": HANDLER}, sealed=sealed)
    assert answer.last["status"] == "success", answer.results
    told = json.dumps(answer.results) + builder.errors
    assert "canary-of-the-index" not in told
    assert not any(b"canary" in blob for blob in ground.registry.blobs.values())
    manifest = ground.registry.manifest("acme/secret", "1")
    files = files_of(ground.registry, "acme/secret", manifest)
    assert not any(b"canary" in content for content in files.values())
