"""`wherry build`, with a recorder in the engine's place."""

import json

import pytest

import wherry_build.image.docker_engine
from wherry_build.image.docker_engine import EngineImage


@pytest.fixture
def requests(monkeypatch):
    """What the engine is asked for; it answers at once."""
    asked = []

    class Recorder:
        def build(self, request, progress):
            asked.append(request)
            progress("Step 1/1")
            return EngineImage(id="sha256:" + "0" * 64, tag=request.tag, size_bytes=5_000_000)

    monkeypatch.setattr(wherry_build.image.docker_engine, "DockerEngine", Recorder)
    return asked


@pytest.fixture(autouse=True)
def functions(wherry, here):
    wherry("new", "hello")
    wherry("new", "orders", "--template", "events")


def test_one_function(wherry, requests):
    done = wherry(
        "build", "functions/hello", "--base", "python:3.13", "--network", "host", "--pull"
    )
    assert done.code == 0
    assert done.out == "dev.local/hello:latest\n"
    assert "Step 1/1" in done.err
    (request,) = requests
    assert (request.tag, request.base) == ("dev.local/hello:latest", "python:3.13")
    assert (request.network, request.pull) == ("host", True)


def test_a_tag_of_ones_own(wherry, requests):
    assert wherry("build", "functions/hello", "-t", "ghcr.io/acme/hi:1", "-q").code == 0
    assert requests[0].tag == "ghcr.io/acme/hi:1"


def test_every_function_of_a_folder_as_json(wherry, requests):
    done = wherry("build", "--registry", "ghcr.io/acme", "--json")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert [item["image"] for item in told] == [
        "ghcr.io/acme/hello:latest",
        "ghcr.io/acme/orders:latest",
    ]
    assert set(told[0]) == {"function", "image", "id", "size_bytes", "seconds"}
    assert done.err == ""


def test_quiet_prints_names_only(wherry, requests):
    assert wherry("build", "functions/hello", "--quiet") == (0, "dev.local/hello:latest\n", "")


def test_one_tag_for_two_functions_is_refused(wherry, requests):
    done = wherry("build", "--tag", "x")
    assert done.code == 2
    assert requests == []


def test_the_dockerfile_needs_no_engine(wherry, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///none")
    done = wherry("build", "functions/hello", "--print-dockerfile")
    assert done.code == 0
    assert done.out.startswith("# Made by wherry")
    assert "USER 65532:65532" in done.out
