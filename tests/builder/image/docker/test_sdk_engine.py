"""The engine through its SDK, with a recorder in its place and with no engine at all."""

import hashlib
import json
import sys

import pytest
from docker.errors import APIError, ImageNotFound

from wherry_build.errors import (
    BuildUnsupported,
    EngineUnavailable,
    ImageBuildFailed,
    ImagePushFailed,
)
from wherry_build.image.context import Entry
from wherry_build.image.docker.request import ContextRequest
from wherry_build.image.docker.sdk_engine import SdkEngine
from wherry_build.image.platform import Platform

REFERENCE = "ghcr.io/acme/hello:1"
DIGEST = "sha256:" + "d" * 64


def request(**changes):
    entries = (Entry(path="Dockerfile", content=b"FROM x\n"),)
    return ContextRequest(**{"reference": REFERENCE, "entries": entries, **changes})


class Recorder:
    """Answers as an engine would, and keeps what it was asked."""

    def __init__(self, *events):
        self.events = events
        self.asked = {}

    def version(self):
        return {"Version": "28.0.1", "Arch": "amd64"}

    def build(self, **options):
        self.asked = options
        yield from self._answers()

    def push(self, reference, **options):
        self.asked = {"reference": reference, **options}
        yield from self._answers()

    def load_image(self, archive, **options):
        self.asked = {"archive": archive.read(), **options}
        yield from self._answers()

    def inspect_image(self, reference):
        if reference == "absent:1":
            raise ImageNotFound("no such image")
        return {"Id": "sha256:1", "Size": 7, "Os": "linux", "Architecture": "amd64"}

    def _answers(self):
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event


def test_a_build_tells_its_lines_and_gives_the_image(progress):
    recorder = Recorder(
        {"stream": "Step 1/2 : FROM x\n"}, {"status": "Pulling"}, {"aux": {}}, {"stream": "\n"}
    )
    image = SdkEngine(recorder).build(
        request(arguments={"BASE": "python:3.13"}, labels={"a": "b"}, pull=True), progress
    )
    assert (image.id, image.reference, image.size_bytes) == ("sha256:1", REFERENCE, 7)
    assert progress.lines == ["Step 1/2 : FROM x", "Pulling"]
    assert recorder.asked["buildargs"] == {"BASE": "python:3.13"}
    assert recorder.asked["labels"] == {"a": "b"}
    assert b"FROM x" in recorder.asked["fileobj"].read()
    assert recorder.asked["pull"] is True


def test_a_folder_is_given_as_it_stands(progress, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "Dockerfile").chmod(0o600)
    recorder = Recorder()
    SdkEngine(recorder).build(request(entries=(), folder=tmp_path), progress)
    assert recorder.asked["path"] == str(tmp_path)
    assert not recorder.asked.keys() & {"fileobj", "custom_context"}
    status = (tmp_path / "Dockerfile").stat()
    assert (status.st_mode & 0o777, status.st_mtime) == (0o644, 0)


@pytest.mark.parametrize(
    ("events", "hint"),
    [
        ([{"error": "manifest for nope:1 not found"}], "--base"),
        ([{"stream": "NewConnectionError("}, {"error": "exit code 1"}], "--network host"),
        ([{"stream": "CERTIFICATE_VERIFY_FAILED"}, {"error": "exit code 1"}], "certificate"),
        ([APIError("refused", explanation="no space left")], ""),
    ],
)
def test_a_failed_build_says_what_to_try(progress, events, hint):
    with pytest.raises(ImageBuildFailed) as caught:
        SdkEngine(Recorder({"stream": "Step 1/2\n"}, *events)).build(request(), progress)
    assert hint in caught.value.hint
    assert caught.value.log[0] == "Step 1/2"


def test_what_needs_buildkit_is_refused(progress):
    with pytest.raises(BuildUnsupported, match="the Docker SDK cannot do linux/arm64"):
        SdkEngine(Recorder()).build(request(platform=Platform(architecture="arm64")), progress)


def test_an_image_that_is_not_there_is_none():
    assert SdkEngine(Recorder()).image("absent:1") is None


def test_a_push_gives_the_digest(progress):
    recorder = Recorder(
        {"status": "Pushing", "id": "abc", "progress": "[=>  ]"},
        {"status": "Pushed", "id": "abc"},
        {"aux": {"Tag": "1", "Digest": DIGEST}},
    )
    assert SdkEngine(recorder).push(REFERENCE, progress) == DIGEST
    assert progress.lines == ["abc Pushed"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"error": "denied: no access"}, "denied"),
        (APIError("refused", explanation="unauthorized"), "unauthorized"),
        ({"status": "done"}, "does not say its digest"),
    ],
)
def test_a_failed_push_is_told(progress, event, said):
    with pytest.raises(ImagePushFailed, match=said):
        SdkEngine(Recorder(event)).push(REFERENCE, progress)


def test_an_archive_is_loaded(progress, tmp_path):
    archive = tmp_path / "image.tar"
    archive.write_bytes(b"tar")
    recorder = Recorder({"stream": "Loaded image: a:1\n"})
    SdkEngine(recorder).load(archive, progress)
    assert recorder.asked["archive"] == b"tar"
    assert progress.lines == ["Loaded image: a:1"]
    with pytest.raises(ImageBuildFailed, match="no tar"):
        SdkEngine(Recorder({"error": "no tar"})).load(archive, progress)


def test_no_engine_says_what_was_tried(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable) as caught:
        SdkEngine()
    assert f"{tmp_path}/none.sock (DOCKER_HOST)" in caught.value.message
    assert "No such file" in caught.value.message
    assert caught.value.exit_code == 3
    assert "DOCKER_HOST" in caught.value.hint


def test_dockers_current_context_is_asked(monkeypatch, tmp_path):
    name = "elsewhere"
    meta = tmp_path / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoint = {"Host": f"unix://{tmp_path}/other.sock", "SkipTLSVerify": False}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": name}))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(EngineUnavailable) as caught:
        SdkEngine()
    assert "other.sock (docker context 'elsewhere')" in caught.value.message


def test_the_sdk_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(EngineUnavailable) as caught:
        SdkEngine()
    assert caught.value.hint == "pip install 'wherry[build]'"
