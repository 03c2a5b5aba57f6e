"""Images brought into an engine of this machine: by Docker's way, and by a tar for another."""

import tarfile
from pathlib import Path

import pytest
from tests.builder.image.docker.recorded_command import docker_answers, podman_answers
from tests.builder.image.engine.ground import Ground
from tests.builder.image.recording_registry import RecordingRegistry

from wherry_build.image.docker.local_images import build_into
from wherry_build.image.docker.selection import container_engine
from wherry_build.project import read_project

HANDLER = "def handle(request): ...\n"


@pytest.fixture
def ground(tmp_path_factory, monkeypatch):
    """A base in a registry, and wheels in a folder that is all that there is of an index."""
    with RecordingRegistry() as registry:
        made = Ground(tmp_path_factory.mktemp("ground"), registry)
        monkeypatch.setenv("WHERRY_CACHE", str(made.cache))
        monkeypatch.setenv("PIP_FIND_LINKS", str(made.wheels))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        yield made


def project(write, build):
    root = write(
        {
            "wherry.yaml": f"version: 1\nbuild: {build}\nfunctions: {{hello: {{}}}}\n",
            "functions/hello/handler.py": HANDLER,
        }
    )
    return read_project(root)


def test_an_image_that_no_engine_built_is_loaded_as_a_tar(commands, ground, write, progress):
    commands.add("podman", podman_answers(load={"out": "Loaded image\n"}))
    engine = container_engine()
    loaded = []

    def load(archive, told):
        with tarfile.open(archive) as opened:
            loaded.append((archive, opened.getnames()))
        type(engine).load(engine, archive, told)

    engine.load = load
    declared = project(write, f"{{base: '{ground.base}', platforms: [linux/amd64, linux/arm64]}}")
    (finished,) = build_into(engine, declared, progress)
    assert [str(each) for each in finished.image.platforms] == ["linux/arm64"], "the engine's own"
    ((archive, names),) = loaded
    assert "manifest.json" in names
    assert commands.asked("load")[0]["words"] == ["load", "--input", str(archive)]
    assert not Path(archive).exists()
    assert finished.image.reference == "dev.local/hello:latest"


def test_what_the_engine_builds_is_there_already(commands, write, progress, monkeypatch, tmp_path):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    commands.add("docker", docker_answers(build={}))
    declared = project(write, "{engine: docker, base: 'base:1'}")
    (finished,) = build_into(container_engine(), declared, progress)
    assert finished.image.images == ()
    assert commands.asked("load") == []
    assert "linux/amd64" in commands.asked("build")[0]["words"]
