"""A registry in memory, a home without credentials, and images made by hand."""

import hashlib
import json
from dataclasses import replace

import pytest
from tests.builder.image.recording_registry import RecordingRegistry

from wherry_build.image.content import BytesContent
from wherry_build.image.engine import BuiltImage, Layer, PlatformImage
from wherry_build.image.platform import Platform
from wherry_build.image.registry.blob_store import BlobStore
from wherry_build.image.registry.patience import Patience
from wherry_build.image.registry.registries import Registries

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
IMPATIENT = Patience(tries=3, total_s=5, first_pause_s=0.01, longest_pause_s=0.02)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of the test's own: no credentials, no cache, no proxies."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    return home


@pytest.fixture
def registry():
    """A registry for anybody."""
    with RecordingRegistry() as running:
        yield running


@pytest.fixture
def registries():
    """What asks registries, and does not ask again for long."""
    made = Registries(patience=IMPATIENT)
    yield made
    made.close()


@pytest.fixture
def store(tmp_path):
    """An empty cache of blobs."""
    return BlobStore(tmp_path / "blobs")


class Told:
    """Keeps what it is told; `Progress`."""

    def __init__(self):
        self.steps = []
        self.moves = []

    def step(self, text):
        self.steps.append(text)

    def moved(self, what, done_bytes, total_bytes):
        self.moves.append((what, done_bytes, total_bytes))


@pytest.fixture
def progress():
    """Keeps what it is told."""
    return Told()


@pytest.fixture
def log_in(home):
    """Have docker's credentials for a host: `log_in(host, "ann", "secret")`."""

    def log_in(host, username="", password="", **entry):
        file = home / ".docker" / "config.json"
        file.parent.mkdir(exist_ok=True)
        said = json.loads(file.read_text()) if file.exists() else {"auths": {}}
        said["auths"][host] = {"username": username, "password": password, **entry}
        file.write_text(json.dumps(said))
        return file

    return log_in


def named(content):
    """A descriptor as manifests have it."""
    return content.descriptor.document()


@pytest.fixture
def make_image():
    """An image: `make_image("127.0.0.1:1/acme/hello:1", layers={"code": b"..."}, base=(...))`."""

    def make_image(reference, *, layers, base=(), architectures=("amd64",), artifacts=()):
        images = []
        for architecture in architectures:
            made = tuple(
                Layer(
                    content=BytesContent.of(content, LAYER),
                    diff_id=f"sha256:{hashlib.sha256(content).hexdigest()}",
                    purpose=purpose,
                    size_bytes=len(content),
                )
                for purpose, content in layers.items()
            )
            config = BytesContent.of(
                json.dumps({"os": "linux", "architecture": architecture}).encode(), CONFIG
            )
            document = {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": named(config),
                "layers": [named(each) for each in (*base, *(layer.content for layer in made))],
            }
            images.append(
                PlatformImage(
                    platform=Platform(architecture=architecture),
                    manifest=BytesContent.of(json.dumps(document).encode(), MANIFEST),
                    config=config,
                    base=tuple(base),
                    layers=made,
                )
            )
        index = None
        if len(images) > 1:
            manifests = [
                replace(image.manifest.descriptor, platform=image.platform).document()
                for image in images
            ]
            document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
            index = BytesContent.of(json.dumps(document).encode(), INDEX)
        top = index or images[0].manifest
        return BuiltImage(
            reference=reference,
            digest=top.descriptor.digest,
            id=images[0].config.descriptor.digest,
            size_bytes=0,
            platforms=tuple(image.platform for image in images),
            images=tuple(images),
            index=index,
            artifacts=tuple(artifacts),
        )

    return make_image


def artifact(subject, content=b"sbom"):
    """A manifest about `subject`, after the blobs that it names."""
    empty = BytesContent.of(b"{}", "application/vnd.oci.empty.v1+json")
    blob = BytesContent.of(content, "application/spdx+json")
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/spdx+json",
        "config": named(empty),
        "layers": [named(blob)],
        "subject": named(subject),
        "annotations": {"made": "here"},
    }
    return empty, blob, BytesContent.of(json.dumps(document).encode(), MANIFEST)
