"""The stands of a queue."""

import json
import secrets
import shutil
import subprocess
import time

import pytest
from tests.local.queue.stands import JetStreamStand, SqliteStand


@pytest.fixture(params=["sqlite", pytest.param("jetstream", marks=pytest.mark.interop)])
def stand(request, tmp_path):
    """Each implementation, for the tests of what all have in common."""
    if request.param == "sqlite":
        return SqliteStand(tmp_path)
    return request.getfixturevalue("jetstream")


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory):
    """The address of a real nats-server with JetStream, on a port of its own choice."""
    program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if program is None:
        pytest.skip("nats-server is absent (hint: tests/interop/tools.sh)")
    pytest.importorskip("nats", reason="nats-py is absent (hint: pip install 'wherry[nats]')")
    folder = tmp_path_factory.mktemp("nats")
    server = subprocess.Popen(
        [program, "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", folder, "--ports_file_dir", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _address(folder, server)
    finally:
        server.terminate()
        server.wait(10)


def _address(folder, server):
    deadline = time.monotonic() + 20
    while not (found := list(folder.glob("*.ports"))) or not found[0].read_text():
        assert server.poll() is None, "nats-server has ended"
        assert time.monotonic() < deadline, "nats-server does not say where it listens"
        time.sleep(0.02)
    return json.loads(found[0].read_text())["nats"][0]


@pytest.fixture
def jetstream(nats_server):
    """A stream of its own on a real server."""
    return JetStreamStand(nats_server, f"Q{secrets.token_hex(6)}")
