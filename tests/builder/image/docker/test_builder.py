"""`Builder` and `Publisher` over a command line that is recorded."""

import pytest
from tests.builder.image.docker.recorded_command import (
    DIGEST,
    IMAGE,
    docker_answers,
    podman_answers,
)

from wherry_build.errors import BuildUnsupported
from wherry_build.image.docker import DockerBuilder, DockerPublisher
from wherry_build.image.engine import ImageRequest
from wherry_build.image.platform import Platform

REFERENCE = "ghcr.io/acme/hello:1"
PINNED = "python@sha256:" + "b" * 64


def test_a_function_becomes_an_image(commands, function, progress):
    commands.add("docker", docker_answers(build={"out": "Step 1/1\n"}))
    image = DockerBuilder().build(
        ImageRequest(function=function, reference=REFERENCE, base=PINNED), progress
    )
    (call,) = commands.asked("build")
    assert sorted(call["files"])[:3] == [
        "Dockerfile",
        "function/handler.py",
        "function/requirements.txt",
    ]
    assert f"BASE={PINNED}" in call["words"]
    assert (image.reference, image.id, image.digest) == (REFERENCE, IMAGE["Id"], "")
    assert [str(each) for each in image.platforms] == ["linux/amd64"]
    assert progress.lines[0] == f"{REFERENCE}: by docker 28.2.2, the classic builder"


@pytest.mark.parametrize(("version", "has_mounts"), [("28.2.2", False), ("20.10.24", True)])
def test_pip_is_given_a_cache_where_mounts_are_taken(
    commands, function, progress, version, has_mounts
):
    commands.add("docker", docker_answers(version=version, build={}))
    DockerBuilder().build(
        ImageRequest(function=function, reference=REFERENCE, cache_from=("old:1",)), progress
    )
    (call,) = commands.asked("build")
    assert ("--mount=type=cache" in call["dockerfile"]) is has_mounts
    assert call["words"][-3:] == ["--cache-from", "old:1", "."]


def test_several_platforms_are_refused_with_the_way_out(commands, function, progress):
    commands.add("docker", docker_answers(build={}))
    platforms = tuple(map(Platform.parse, ("linux/amd64", "linux/arm64")))
    with pytest.raises(BuildUnsupported, match="linux/amd64, linux/arm64") as caught:
        DockerBuilder().build(
            ImageRequest(function=function, reference=REFERENCE, platforms=platforms), progress
        )
    assert "--engine oci" in caught.value.hint
    with pytest.raises(BuildUnsupported) as caught:
        DockerBuilder().build(
            ImageRequest(
                function=function, reference=REFERENCE, platforms=platforms, packages=("libpq5",)
            ),
            progress,
        )
    assert caught.value.hint == "build each by itself: --platform linux/amd64"


def test_an_image_that_runs_as_root_is_told_of(commands, function, progress):
    import json

    root = json.dumps([{**IMAGE, "Config": {"User": "0:0"}}])
    commands.add("docker", docker_answers(build={}) | {"image inspect": {"out": root}})
    DockerBuilder().build(ImageRequest(function=function, reference=REFERENCE), progress)
    assert progress.lines[-1] == f"{REFERENCE}: runs as root, which clusters may refuse"


def test_what_is_published_has_its_digest(commands, function, progress):
    commands.add("podman", podman_answers(build={}))
    image = DockerBuilder().build(ImageRequest(function=function, reference=REFERENCE), progress)
    assert DockerPublisher().publish(image, progress) == f"{REFERENCE}@{DIGEST}"
