"""Twenty secrets lie about while an image is built: none is in it, nor in what is said or kept."""

import base64
import contextlib
import gzip
import json
import zlib

import pytest
from tests.builder.image.recording_registry import RecordingRegistry

FILES = (
    ".env", ".env.production", "prod.env", ".envrc", ".netrc", ".pypirc", "pip.conf", ".npmrc",
    ".git/config", ".git-credentials", "id_rsa", "id_ed25519", "server.pem", "tls.key",
    ".aws/credentials", ".kube/config", "lib/.env", "wherry.yaml",
)  # fmt: skip


def canary(number):
    return f"canary-{number:02}-5ca1ab1e"


CANARIES = [canary(number) for number in range(22)]


@pytest.fixture
def seeded(here, monkeypatch):
    """A function's folder, the index and the registry's credentials, each with a secret."""
    folder = here / "leaky"
    folder.mkdir()
    (folder / "handler.py").write_text("def handle(request): return 'ok'\n")
    for number, name in enumerate(FILES):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        text = canary(number)
        file.write_text(f"# {text}\nversion: 1\n" if name == "wherry.yaml" else text)
    index = f"http://me:{canary(18)}@127.0.0.1:1/simple"
    (folder / "requirements.txt").write_text(f"--extra-index-url {index}\nclick\n")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:{canary(19)}@127.0.0.1:1/simple")
    monkeypatch.setenv("UV_INDEX_URL", f"http://me:{canary(20)}@127.0.0.1:1/simple")
    return folder


@pytest.fixture
def registry(here, monkeypatch):
    with RecordingRegistry(username="me", password=canary(21)) as registry:
        auth = base64.b64encode(f"me:{canary(21)}".encode()).decode()
        (here / "docker").mkdir()
        (here / "docker/config.json").write_text(
            json.dumps({"auths": {registry.host: {"auth": auth}}})
        )
        monkeypatch.setenv("DOCKER_CONFIG", str(here / "docker"))
        yield registry


def leaked(content):
    """The secrets in `content`, packed or not."""
    if content[:2] == b"\x1f\x8b":
        with contextlib.suppress(OSError, EOFError, zlib.error):
            content += gzip.decompress(content)
    return [text for text in CANARIES if text.encode() in content]


def test_no_secret_leaves(wherry, seeded, registry, ground, here, monkeypatch, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("WHERRY_CACHE", str(cache))
    name = f"{registry.host}/acme/leaky:1"
    done = wherry("build", seeded, "--image", name, "--push", "--explain", *ground.arguments)
    assert done.code == 0, done.err
    assert wherry("build", seeded, "-o", f"oci:{cache}/out", *ground.arguments).code == 0
    said = done.out + done.err + wherry("image", "inspect", name).out
    assert leaked(said.encode()) == []
    pushed = [*registry.blobs.values(), *(c for _, c in registry.manifests["acme/leaky"].values())]
    assert len(pushed) >= 5
    for content in pushed:
        assert leaked(content) == []
    kept = [file for file in cache.rglob("*") if file.is_file()]
    assert len(kept) > 10
    for file in [*kept, seeded / "wherry.lock"]:
        assert leaked(file.read_bytes()) == [], file


def test_an_error_tells_no_secret(wherry, seeded, registry, ground, monkeypatch):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("PIP_RETRIES", "0")
    (seeded / "requirements.txt").write_text(
        f"--extra-index-url http://me:{canary(18)}@127.0.0.1:1/simple\nno-such-package==1\n"
    )
    name = f"{registry.host}/acme/leaky:1"
    done = wherry("build", seeded, "--image", name, "--engine", "oci", "--base", ground.base)
    assert done.code != 0
    assert leaked((done.out + done.err).encode()) == []
    registry.password = "another"
    (seeded / "requirements.txt").unlink()
    done = wherry("build", seeded, "--image", name, "--push", *ground.arguments)
    assert done.code == 3, done.err
    assert "docker login" in done.err
    assert leaked((done.out + done.err).encode()) == []
