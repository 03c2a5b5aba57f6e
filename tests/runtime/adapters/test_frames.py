"""The frames of an open websocket, on a connection in memory."""

import asyncio
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

wsproto = pytest.importorskip("wsproto")

from wsproto.connection import Connection, ConnectionType  # noqa: E402
from wsproto.events import (  # noqa: E402
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    TextMessage,
)

from wherry.adapters.asgi import frames  # noqa: E402
from wherry.adapters.asgi.frames import Frames  # noqa: E402


class Wire:
    """A connection whose other end has sent all that it will; it may stay silent then."""

    def __init__(self, *arrivals, silent=False):
        self.arrivals = deque(arrivals)
        self.silent = silent
        self.sent = b""

    async def receive(self):
        if self.arrivals:
            return self.arrivals.popleft()
        if self.silent:
            await asyncio.sleep(60)
        return b""

    async def send(self, data):
        self.sent += data


def caller(*events):
    """The bytes that a caller would send."""
    connection = Connection(ConnectionType.CLIENT)
    return b"".join(connection.send(event) for event in events)


def heard(wire):
    """What the caller would make of what it was sent."""
    connection = Connection(ConnectionType.CLIENT)
    connection.receive_data(wire.sent)
    return list(connection.events())


def run(wire, application=None):
    """All that an application receives on `wire`, which takes messages until the end."""
    received = []

    async def collect(websocket):
        while not received or received[-1]["type"] != "websocket.disconnect":
            received.append(await websocket.receive())

    async def main():
        websocket = Frames()
        websocket.task = asyncio.create_task((application or collect)(websocket))
        await asyncio.wait_for(websocket.run(wire), 10)

    asyncio.run(main())
    return received


def test_messages_and_the_end():
    wire = Wire(caller(TextMessage(data="é"), BytesMessage(data=b"\0"), CloseConnection(code=1000)))
    assert run(wire) == [
        {"type": "websocket.receive", "text": "é"},
        {"type": "websocket.receive", "bytes": b"\0"},
        {"type": "websocket.disconnect", "code": 1000, "reason": ""},
    ]
    assert [type(event).__name__ for event in heard(wire)] == ["CloseConnection"]


def test_a_message_in_parts_with_a_ping_between():
    sent = caller(
        TextMessage(data="one ", message_finished=False),
        Ping(payload=b"p"),
        TextMessage(data="", message_finished=False),
        TextMessage(data="two"),
    )
    one_by_one = [sent[index : index + 1] for index in range(len(sent))]
    wire = Wire(*one_by_one)
    assert run(wire)[0] == {"type": "websocket.receive", "text": "one two"}
    assert heard(wire)[0].payload == b"p"


def test_a_silent_caller_is_pinged_and_then_gone(monkeypatch):
    monkeypatch.setattr(frames, "PING_S", 0.05)
    wire = Wire(caller(TextMessage(data="a")), silent=True)
    assert run(wire)[-1]["code"] == 1006
    assert type(heard(wire)[0]) is Ping


def test_a_caller_that_answers_the_ping_is_kept(monkeypatch):
    monkeypatch.setattr(frames, "PING_S", 0.05)

    class Answers(Wire):
        answered = asyncio.Event()

        async def send(self, data):
            await super().send(data)
            if type(heard(self)[-1]) is Ping and self.sent.count(b"\x89\0") < 4:
                self.answered.set()

        async def receive(self):
            await self.answered.wait()
            self.answered.clear()
            return caller(Ping().response())

    wire = Answers()
    assert run(wire)[-1]["code"] == 1006
    assert wire.sent.count(b"\x89\0") == 4


def test_parts_without_end_are_too_large(monkeypatch):
    monkeypatch.setattr(frames, "MESSAGE_BYTES", 1000)
    part = caller(BytesMessage(data=b"x" * 100, message_finished=False))
    more = b"\x00" + part[1:]  # as the part that follows
    wire = Wire(part, *[more] * 20)
    assert run(wire) == [{"type": "websocket.disconnect", "code": 1009, "reason": ""}]
    assert heard(wire)[0].code == 1009


def test_empty_parts_without_end_take_no_memory():
    part = caller(BytesMessage(data=b"", message_finished=False))
    websockets = []

    async def application(websocket):
        websockets.append(websocket)
        await websocket.receive()

    run(Wire(part, b"\x00" + part[1:]), application)
    assert websockets[0]._parts == []


def test_who_sends_after_the_end_is_told():
    async def application(websocket):
        assert (await websocket.receive())["type"] == "websocket.disconnect"
        with pytest.raises(ConnectionResetError):
            await websocket.send({"type": "websocket.send", "text": "late"})
        await websocket.send({"type": "websocket.close"})
        with pytest.raises(RuntimeError, match="out of order"):
            await websocket.send({"type": "websocket.accept"})

    run(Wire(), application)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes_end_with_a_farewell(arrivals):
    wire = Wire(*(each for each in arrivals if each))
    last = run(wire)[-1]
    assert last["type"] == "websocket.disconnect"
    assert isinstance(last["code"], int)
    kinds = [type(event) for event in heard(wire)]
    assert set(kinds) <= {Pong, CloseConnection}
    assert kinds.count(CloseConnection) <= 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.text(max_size=20), st.binary(max_size=20)), max_size=6),
    st.integers(1, 30),
)
def test_messages_arrive_whole_however_they_are_cut(messages, size):
    events = [
        TextMessage(data=each) if isinstance(each, str) else BytesMessage(data=each)
        for each in messages
    ]
    sent = caller(*events, CloseConnection(code=1000))
    received = run(Wire(*(sent[at : at + size] for at in range(0, len(sent), size))))
    assert [each.get("text", each.get("bytes")) for each in received[:-1]] == messages
