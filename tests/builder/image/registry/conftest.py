"""A registry in memory, a home without credentials, and images made by hand."""

import json

import pytest
from tests.builder.image.recording_registry import RecordingRegistry
from tests.builder.image.registry import images

from wherry_build.image.registry.blob_store import BlobStore
from wherry_build.image.registry.patience import Patience
from wherry_build.image.registry.registries import Registries

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


@pytest.fixture
def progress():
    """Keeps what it is told."""
    return images.Told()


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


@pytest.fixture
def make_image():
    """Make an image by hand; see `images.make_image`."""
    return images.make_image
