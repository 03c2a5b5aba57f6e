"""The stands of a queue."""

import contextlib
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


def nats_program():
    """The server, or a skip that says where it is to be had."""
    program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if program is None:
        pytest.skip("nats-server is absent (hint: tests/interop/tools.sh)")
    pytest.importorskip("nats", reason="nats-py is absent (hint: pip install 'wherry[nats]')")
    return program


@contextlib.contextmanager
def serving(folder, program, *, port=-1, jetstream=True, end=subprocess.Popen.terminate):
    """A real nats-server with its data in a folder; its address, which is its own choice."""
    for file in folder.glob("*.ports"):
        file.unlink()
    options = ["-a", "127.0.0.1", "-p", str(port), "--ports_file_dir", str(folder)]
    if jetstream:
        options += ["-js", "-sd", str(folder)]
    server = subprocess.Popen(
        [program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield _address(folder, server)
    finally:
        end(server)
        server.wait(10)


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory):
    """The address of a server for all tests."""
    with serving(tmp_path_factory.mktemp("nats"), nats_program()) as address:
        yield address


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
