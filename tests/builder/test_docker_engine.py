"""The engine's adapter, with a recorder in the engine's place and with no engine at all."""

import pytest
from docker.errors import APIError

from wherry_build.errors import EngineUnavailable, ImageBuildFailed
from wherry_build.image.docker_engine import ContextRequest, DockerEngine

REQUEST = ContextRequest(tag="ghcr.io/acme/hello:1", context=b"tar", base="python:3.13", pull=True)


class Recorder:
    """Answers as an engine would, and keeps what it was asked."""

    def __init__(self, *events):
        self.events = events
        self.asked = {}

    def build(self, **options):
        self.asked = options
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    def inspect_image(self, tag):
        return {"Id": "sha256:1", "Size": 7, "tag": tag}


def build(*events):
    lines = []
    recorder = Recorder(*events)
    return DockerEngine(recorder).build(REQUEST, lines.append), lines, recorder


def test_a_build_tells_its_lines_and_gives_the_image():
    image, lines, recorder = build(
        {"stream": "Step 1/2 : FROM x\n"}, {"status": "Pulling"}, {"aux": {}}, {"stream": "\n"}
    )
    assert (image.id, image.tag, image.size_bytes) == ("sha256:1", REQUEST.tag, 7)
    assert lines == ["Step 1/2 : FROM x", "Pulling"]
    assert recorder.asked["buildargs"] == {"BASE": "python:3.13"}
    assert recorder.asked["fileobj"].read() == b"tar"
    assert recorder.asked["pull"] is True


@pytest.mark.parametrize(
    ("events", "hint"),
    [
        ([{"error": "manifest for nope:1 not found"}], "--base"),
        ([{"stream": "NewConnectionError("}, {"error": "exit code 1"}], "--network host"),
        ([{"stream": "CERTIFICATE_VERIFY_FAILED"}, {"error": "exit code 1"}], "certificate"),
        ([APIError("refused", explanation="no space left")], ""),
    ],
)
def test_a_failed_build_says_what_to_try(events, hint):
    with pytest.raises(ImageBuildFailed) as caught:
        build({"stream": "Step 1/2\n"}, *events)
    assert hint in caught.value.hint
    assert caught.value.log[0] == "Step 1/2"


def test_no_engine_says_what_was_tried(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable) as caught:
        DockerEngine()
    assert f"{tmp_path}/none.sock (DOCKER_HOST)" in caught.value.message
    assert "No such file" in caught.value.message
    assert caught.value.exit_code == 3
    assert "DOCKER_HOST" in caught.value.hint


def test_dockers_current_context_is_asked(monkeypatch, tmp_path):
    import hashlib
    import json

    name = "elsewhere"
    meta = tmp_path / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoint = {"Host": f"unix://{tmp_path}/other.sock", "SkipTLSVerify": False}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": name}))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(EngineUnavailable) as caught:
        DockerEngine()
    assert "other.sock (docker context 'elsewhere')" in caught.value.message


def test_the_sdk_is_an_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(EngineUnavailable) as caught:
        DockerEngine()
    assert caught.value.hint == "pip install 'wherry[build]'"
