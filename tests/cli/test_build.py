"""`wherry build` and what follows it, with a registry and a tiny base on this machine."""

import json
import os

import pytest

import wherry_build.image.docker
from wherry_build.errors import EngineUnavailable, WheelNotFound
from wherry_build.image.engine import BuiltImage
from wherry_build.image.platform import Platform


@pytest.fixture(autouse=True)
def functions(wherry, here, ground):
    wherry("new", "hello")
    wherry("new", "orders", "--template", "events")


@pytest.fixture
def build(wherry, ground):
    """Build on the tiny base: `build("functions/hello", "--push")`."""
    return lambda *arguments: wherry("build", *arguments, *ground.arguments)


@pytest.fixture
def containers(monkeypatch):
    """What a container engine is asked for; it answers at once."""
    asked = []

    class Recorder:
        def build(self, request, progress):
            asked.append(request)
            progress.step("Step 1/1")
            return BuiltImage(
                reference=request.reference,
                digest="",
                id="sha256:" + "0" * 64,
                size_bytes=5_000_000,
                platforms=(Platform(architecture="amd64"),),
            )

    monkeypatch.setattr(wherry_build.image.docker, "DockerBuilder", Recorder)
    return asked


def locked(here, path="functions/hello"):
    return json.loads((here / path / "wherry.lock").read_text())


def test_an_image_is_published_and_locked(build, ground, here):
    name = ground.reference("acme/published:1.0")
    done = build("functions/hello", "--image", name, "--push")
    assert done.code == 0, done.err
    reference, _, digest = done.out.strip().partition("@")
    assert reference == name
    assert ground.registry.tags["acme/published"]["1.0"] == digest
    assert locked(here) == {"version": 1, "images": {name: digest}}
    assert "built in" in done.err


def test_every_function_as_json(build, ground, here):
    done = build("--registry", ground.reference("acme"), "--push", "--json")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert [each["function"] for each in told] == ["hello", "orders"]
    assert [each["image"] for each in told] == [
        ground.reference("acme/hello:latest"),
        ground.reference("acme/orders:latest"),
    ]
    assert {each["engine"] for each in told} == {"oci"}
    assert told[0]["pushed"] == f"{told[0]['image']}@{told[0]['digest']}"
    assert done.err == ""
    images = json.loads((here / "wherry.lock").read_text())["images"]
    assert images == {each["image"]: each["digest"] for each in told}


def test_of_several_functions_each_has_a_line(build, ground):
    done = build("--registry", ground.reference("lines"), "--push")
    lines = [line for line in done.err.splitlines() if "built in" in line]
    assert [line.partition(":")[0] for line in lines] == ["hello", "orders"]
    assert all(line.endswith("; published") for line in lines)


def test_functions_with_the_same_requirements_share_all_but_the_code(build, ground):
    done = build("--registry", ground.reference("shared"), "--push", "--json")
    one, two = (json.loads(line)["layers"] for line in done.out.splitlines())
    assert one[:-1] == two[:-1]
    assert one[-1]["purpose"] == two[-1]["purpose"] == "code"
    assert one[-1]["digest"] != two[-1]["digest"]


def test_quiet_prints_the_name_only(build, ground):
    done = build("functions/hello", "-t", ground.reference("acme/quiet:1"), "--push", "-q")
    assert done.out.startswith(ground.reference("acme/quiet:1@sha256:"))
    assert (done.code, done.err) == (0, "")


def test_an_edit_is_explained(build, ground, here):
    arguments = ("functions/hello", "--image", ground.reference("acme/edited"), "--push")
    first = build(*arguments, "--explain")
    assert "there was no build before this one" in first.err
    ground.registry.forget_requests()
    (here / "functions/hello/handler.py").write_text("def handle(request): return 'edited'\n")
    second = build(*arguments, "--explain")
    assert "code: edited srv/function/handler.py" in second.err
    assert second.err.count("same ") == 3
    # The code, the configuration that names it, the list of parts and the provenance; and the
    # manifests of the image and of these two.
    assert ground.registry.count("PUT", "/blobs/uploads/") == 4
    assert ground.registry.count("PUT", "/manifests/") == 3


def test_nothing_is_attached_where_nothing_is_wanted(build, ground, here):
    image = ground.reference("acme/bare:1")
    arguments = ("functions/hello", "--image", image, "--push", "--sbom", "none")
    build(*arguments, "--no-provenance")
    assert list(ground.registry.tags["acme/bare"]) == ["1"]
    assert len(ground.registry.manifests["acme/bare"]) == 1


def test_nothing_changed(build, ground):
    arguments = ("functions/hello", "--image", ground.reference("acme/same:1"), "--push")
    first = build(*arguments)
    ground.registry.forget_requests()
    assert build(*arguments).out == first.out
    assert ground.registry.count("PUT") == ground.registry.count("POST") == 0


def test_two_builds_are_one_image(build, ground, here, tmp_path_factory, monkeypatch):
    digests = []
    for number, umask in enumerate((0o022, 0o077)):
        folder = tmp_path_factory.mktemp(f"at-{number}") / "twice"
        before = os.umask(umask)
        try:
            folder.mkdir()
            (folder / "handler.py").write_text("def handle(request): return 1\n")
            (folder / "lib").mkdir()
            (folder / "lib" / "a.py").write_text("A = {1, 2, 3}\n")
        finally:
            os.umask(before)
        os.utime(folder / "handler.py", (number * 1e9, number * 1e9))
        monkeypatch.setenv("WHERRY_CACHE", str(tmp_path_factory.mktemp("cache")))
        done = build(folder, "--image", ground.reference(f"acme/twice-{number}"), "--push", "-q")
        assert done.code == 0, done.err
        digests.append(done.out.strip().rpartition("@")[2])
    assert digests[0] == digests[1]


def test_source_date_epoch(build, ground, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    done = build("functions/hello", "--image", ground.reference("acme/dated:1"), "--push", "-q")
    assert done.code == 0, done.err
    manifest = ground.registry.manifest("acme/dated", "1")
    config = json.loads(ground.registry.blobs[manifest["config"]["digest"]])
    assert config["created"] == "2023-11-14T22:13:20Z"


def test_two_platforms_make_an_index(build, ground, here):
    done = build(
        *("functions/hello", "--image", ground.reference("acme/both:1"), "--push"),
        *("--platform", "linux/amd64,linux/arm64", "--json"),
    )
    assert json.loads(done.out)["platforms"] == ["linux/amd64", "linux/arm64"]
    index = ground.registry.manifest("acme/both", "1")
    assert [each["platform"]["architecture"] for each in index["manifests"]] == ["amd64", "arm64"]
    assert locked(here)["images"][ground.reference("acme/both:1")] == json.loads(done.out)["digest"]


def test_the_base_is_locked_in_a_project_and_kept(build, ground, here):
    (here / "wherry.yaml").write_text("version: 1\n")
    arguments = ("functions/hello", "--image", ground.reference("acme/pinned:1"), "--push")
    first = build(*arguments)
    assert first.code == 0, first.err
    assert locked(here, ".")["bases"] == {ground.base: ground.base_digest}
    ground.registry.forget_requests()
    second = build(*arguments, "--json")
    assert json.loads(second.out)["base"] == f"{ground.base}@{ground.base_digest}"
    assert json.loads(second.out)["pushed"] == first.out.strip()
    assert ground.registry.count("GET", "/base/python/") == 0


def test_one_name_for_two_images_is_refused(build):
    done = build("--image", "acme/x")
    assert done.code == 2
    assert "several functions: hello, orders" in done.err


def test_a_local_name_is_not_published(build, ground):
    ground.registry.forget_requests()
    done = build("functions/hello", "--push")
    assert done.code == 2
    assert "--registry" in done.err
    assert ground.registry.count() == 0


def test_an_output_is_of_one_image(build):
    assert build("-o", "tar:x.tar").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--platform", "arm64"),
        ("--build-arg", "x"),
        ("--secret", "netrc"),
        ("--label", "=x"),
        ("-o", "zip:x"),
        ("--tag", "a/b", "--image", "c"),
        ("--engine", "oci", "--network", "host"),
    ],
)
def test_what_is_written_otherwise_is_refused(build, arguments):
    done = build("functions/hello", *arguments)
    assert done.code == 2, done
    assert done.out == ""


def test_what_needs_docker_is_built_there_and_says_why(build, containers):
    done = build("functions/hello", "--network", "host", "--label", "team=x", "--pull")
    assert done.code == 0, done.err
    assert done.out == "dev.local/hello:latest\n"
    assert "the network 'host' for its steps" in done.err
    assert "Step 1/1" in done.err
    (request,) = containers
    assert (request.network, request.pull, request.labels) == ("host", True, {"team": "x"})


def lacks_a_wheel(monkeypatch):
    def resolve(*_arguments, **_options):
        raise WheelNotFound("lxml 5: no wheel", hint="--engine docker")

    monkeypatch.setattr("wherry_build.image.oci_engine.builder.resolve", resolve)


def test_what_has_to_be_compiled_is_built_by_docker(wherry, ground, containers, monkeypatch):
    lacks_a_wheel(monkeypatch)
    done = wherry("build", "functions/hello", "--base", ground.base)
    assert done.code == 0, done.err
    assert "by the engine docker, because: lxml 5: no wheel" in done.err
    assert len(containers) == 1


def test_what_has_to_be_compiled_and_cannot_be(wherry, ground, monkeypatch):
    class Absent:
        def build(self, request, progress):
            raise EngineUnavailable("no engine answers")

    lacks_a_wheel(monkeypatch)
    monkeypatch.setattr(wherry_build.image.docker, "DockerBuilder", Absent)
    done = wherry("build", "functions/hello", "--base", ground.base)
    assert done.code == 2
    assert "lxml 5: no wheel; and no engine answers" in done.err
    asked = wherry("build", "functions/hello", "--base", ground.base, "--engine", "oci")
    assert asked.code == 2
    assert "no engine answers" not in asked.err


def test_the_dockerfile_needs_no_engine(wherry, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///none")
    done = wherry("build", "functions/hello", "--print-dockerfile")
    assert done.code == 0
    assert done.out.startswith("# Made by wherry")
    assert "USER 65532:65532" in done.out


def test_skaffold_says_what_it_wants(build, ground, monkeypatch):
    name = ground.reference("acme/skaffold:v1")
    for variable, value in {
        "IMAGE": name,
        "PUSH_IMAGE": "true",
        "BUILD_CONTEXT": ".",
        "PLATFORMS": "linux/arm64",
    }.items():
        monkeypatch.setenv(variable, value)
    done = build("functions/hello")
    assert done.code == 0, done.err
    assert done.out.startswith(f"{name}@sha256:")
    assert f"skaffold asks for {name}, published" in done.err
    manifest = ground.registry.manifest("acme/skaffold", "v1")
    config = json.loads(ground.registry.blobs[manifest["config"]["digest"]])
    assert config["architecture"] == "arm64"


def test_tilt_looks_for_the_image_in_the_local_engine(build, monkeypatch):
    monkeypatch.setenv("EXPECTED_REF", "localhost:1/hello:tilt-build-1")
    done = build("functions/hello")
    assert done.code == 3
    assert "Tilt asks for localhost:1/hello:tilt-build-1" in done.err
    assert "/nowhere/docker.sock" in done.err


def test_a_name_of_ones_own_goes_over_a_caller(build, ground, monkeypatch):
    monkeypatch.setenv("EXPECTED_REF", "localhost:1/tilt:1")
    done = build("functions/hello", "--image", ground.reference("acme/own:1"), "--push", "-q")
    assert done.out.startswith(ground.reference("acme/own:1@"))


def test_without_an_engine_it_is_kept(build):
    done = build("functions/hello")
    assert (done.code, done.out) == (0, "dev.local/hello:latest\n"), done.err
    assert "kept in the cache, for no local engine answers" in done.err
    assert "kept in the cache; next: wherry push" in build("functions/hello", "--no-load").err


def test_an_engine_that_is_asked_for_must_answer(build):
    done = build("functions/hello", "--load")
    assert done.code == 3
    assert "/nowhere/docker.sock" in done.err


def test_a_layout_is_what_was_published(build, wherry, ground, here):
    build("functions/hello", "--image", ground.reference("acme/laid:1"), "--push")
    done = build("functions/hello", "-o", "oci:out", "-o", "tar:out.tar", "--json")
    assert json.loads(done.out)["written"] == ["oci:out", "tar:out.tar"], done.err
    digest = ground.registry.tags["acme/laid"]["1"]
    assert json.loads(done.out)["digest"] == digest
    assert (here / "out.tar").stat().st_size > 1000
    seen = wherry("image", "inspect", "oci:out", "-o", "json")
    assert json.loads(seen.out)["digest"] == digest
