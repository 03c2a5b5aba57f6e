"""Commands that are recorded, as the tests of the engine docker have them."""

import pytest
from tests.builder.image.docker.recorded_command import RecordedCommands


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """The only commands on PATH."""
    made = RecordedCommands(tmp_path / "commands")
    monkeypatch.setenv("PATH", str(made.folder))
    for name in ("WHERRY_CONTAINER_CLI", "DOCKER_BUILDKIT", "DOCKER_HOST", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return made
