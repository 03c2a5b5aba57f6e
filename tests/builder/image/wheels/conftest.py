"""An index on loopback, a cache of the test's own, and an environment that says nothing else."""

import os

import pytest
from tests.builder.image.wheels.package_index import package_index

from wherry_build.image.wheels.cache import WheelCache

_OURS = ("PIP_", "UV_", "SSL_CERT", "SSL_CLIENT")
_THEIRS = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "UV", "XDG_CONFIG_HOME"}


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    """Nothing of this machine's own settings reaches a test; `monkeypatch` to say more."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name in _THEIRS or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    return monkeypatch


@pytest.fixture
def index(environment):
    """An index that pip and uv are set to."""
    with package_index() as served:
        environment.setenv("PIP_INDEX_URL", served.url)
        yield served


@pytest.fixture
def cache():
    return WheelCache.default()


class Told:
    """A `Progress` that remembers."""

    def __init__(self):
        self.steps = []
        self.moves = []

    def step(self, text):
        self.steps.append(text)

    def moved(self, what, done_bytes, total_bytes):
        self.moves.append((what, done_bytes, total_bytes))


@pytest.fixture
def progress():
    return Told()
