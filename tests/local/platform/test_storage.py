"""The queue of a platform, where it cannot be opened."""

import asyncio
import socket
from types import SimpleNamespace

import pytest

from wherry_local.errors import QueueUnavailable
from wherry_local.platform.storage import open_queue
from wherry_local.state import StateFolder


@pytest.fixture
def state(tmp_path):
    made = StateFolder.of(tmp_path)
    made.make()
    return made


def refusal(state, queue_url=None):
    with pytest.raises(QueueUnavailable) as raised:
        asyncio.run(open_queue(SimpleNamespace(queue_url=queue_url), state))
    assert raised.value.exit_code == 3
    return raised.value


def test_a_file_that_is_none_of_a_queue_is_no_start(state):
    state.queue.write_text("no queue")
    error = refusal(state)
    assert str(state.queue) in error.message
    assert error.hint.startswith("mv ")


def test_a_server_that_is_not_there_is_told_once(state, caplog, monkeypatch):
    monkeypatch.setattr("wherry_local.queue.stream.CONNECT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refusal(state, f"nats://127.0.0.1:{port}")
    assert (error.message, error.hint) == (
        f"no server of NATS answers at nats://127.0.0.1:{port}",
        "nats-server -js",
    )
    assert caplog.messages == []
