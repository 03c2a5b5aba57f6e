"""Commands that are recorded, a function, and a progress that keeps its lines."""

import pytest
from tests.builder.image.docker.recorded_command import RecordedCommands

from wherry_build.project import read_project

HANDLER = "def handle(request): ...\n"


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """The only commands on PATH."""
    made = RecordedCommands(tmp_path / "commands")
    monkeypatch.setenv("PATH", str(made.folder))
    for name in ("WHERRY_CONTAINER_CLI", "DOCKER_BUILDKIT", "DOCKER_HOST", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def function(write):
    root = write({"hello/handler.py": HANDLER, "hello/requirements.txt": "six\n"})
    return read_project(root / "hello").functions[0]


class Lines:
    """A progress that keeps what it is told."""

    def __init__(self):
        self.lines = []

    def step(self, text):
        self.lines.append(text)

    def moved(self, what, done_bytes, total_bytes):
        self.lines.append(f"{what} {done_bytes}/{total_bytes}")


@pytest.fixture
def progress():
    return Lines()
