"""Connections straight to a host, to one that says what a test has it say, byte for byte."""

import io
import socket
import threading
from contextlib import closing, suppress

import pytest

from wherry_build.image.registry.direct import Direct
from wherry_build.image.registry.transport import NotCarried

END = b"\r\n\r\n"


class Host:
    """Answers each request with the next of `answers`; None closes the connection."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.heads, self.bodies, self.connections = [], [], 0
        self.closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):  # who has heard enough leaves
                self._talk(connection)
            self.closed.set()

    def _talk(self, connection):
        received = b""
        while block := connection.recv(65536):
            received += block
            head, found, body = received.partition(END)
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Len")),
                0,
            )
            if not found or len(body) < length:
                continue
            self.heads.append(head)
            self.bodies.append(body)
            received = b""
            answer = self.answers.pop(0)
            if answer is None:
                return
            connection.sendall(answer)
            if self.answers[:1] == [None]:
                del self.answers[0]
                return
            if b"close" in answer:
                return


@pytest.fixture
def host():
    """A host that gives these answers: `host(b"HTTP/1.1 200 OK...", None)`."""
    running = []

    def host(*answers):
        running.append(Host(answers).__enter__())
        return running[-1]

    yield host
    for each in running:
        each.__exit__()


def ask(direct, host, method="GET", body=None, headers=None):
    url = f"http://127.0.0.1:{host.port}/v2/a b?c=%20"
    length = {"Content-Length": str(len(body))} if body is not None else {}
    content = io.BytesIO(body) if body is not None else None
    answer = direct.send(method, url, {**length, **(headers or {})}, content, read_s=30)
    found = b""
    try:
        while block := answer.read1(3):
            assert len(block) <= 3
            found += block
    except NotCarried:
        answer.close()
        raise
    answer.release()
    return answer, found


@pytest.fixture
def direct():
    """Connections to a host."""
    made = []

    def direct(host):
        made.append(Direct("127.0.0.1", host.port, None))
        return made[-1]

    yield direct
    for each in made:
        each.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: 1\r\na: 2\r\n\r\nhello"
CHUNKS = b"2;x\r\nhe\r\n3\r\nllo\r\n0\r\nC: 3\r\n\r\n"
FRAMED = [
    OK,
    b"HTTP/1.1 100 Continue\r\nB: 1\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: 1\r\nA: 2\r\n\r\n%s" % CHUNKS,
]


@pytest.mark.parametrize("framed", FRAMED)
def test_a_connection_is_kept_for_the_next_request(framed, host, direct):
    there = host(framed, framed)
    connections = direct(there)
    for _ in range(2):
        answer, body = ask(connections, there)
        assert (answer.status, body) == (200, b"hello")
        assert answer.headers["A"] == answer.headers["a"] == "1, 2"
        assert not {"B", "C"} & set(answer.headers)
    assert there.connections == 1
    assert there.heads[0].startswith(b"GET /v2/a%20b?c=%20 HTTP/1.1\r\n")
    assert b"\r\nHost: 127.0.0.1:" in there.heads[0]


def test_after_head_no_body_is_waited_for(host, direct):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    there = host(head, OK)
    connections = direct(there)
    assert ask(connections, there, "HEAD")[1] == b""
    assert ask(connections, there)[1] == b"hello"
    assert there.connections == 1


def test_a_body_may_end_with_its_connection(host, direct):
    there = host(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", OK)
    connections = direct(there)
    assert ask(connections, there)[1] == b"hello"
    assert ask(connections, there)[1] == b"hello"
    assert there.connections == 2


def test_a_kept_connection_that_its_host_has_closed_is_not_used(host, direct):
    there = host(OK, None, OK)
    connections = direct(there)
    ask(connections, there)
    assert there.closed.wait(30)
    assert ask(connections, there)[1] == b"hello"
    assert there.connections == 2


def test_a_body_goes_with_its_head_and_whole(host, direct):
    there = host(OK, OK)
    connections = direct(there)
    ask(connections, there, "PUT", b"x" * 1_000_000)
    ask(connections, there, "PUT", b"")
    assert [len(body) for body in there.bodies] == [1_000_000, 0]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhel", "in the middle"),
        (b"<html>close</html>", "not HTTP/1.1"),
        (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000, "head is too long"),
    ],
)
def test_what_is_no_whole_answer_is_none(answer, why, host, direct):
    there = host(answer)
    with pytest.raises(NotCarried, match=why):
        ask(direct(there), there)


@pytest.mark.parametrize("text", ["a\r\nB: c", "a\nb", "a\0b", "\u20ac"])
def test_a_field_is_one_line(text, host, direct):
    there = host(OK)
    with pytest.raises(NotCarried, match="header field"):
        ask(direct(there), there, headers={"Authorization": text})
    assert there.heads == []


def test_an_answer_that_is_not_read_to_its_end_is_not_followed_by_another(host, direct):
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + b"x" * 8_000_000
    there = host(long, OK)
    connections = direct(there)
    connections.send("GET", f"http://127.0.0.1:{there.port}/", {}, read_s=30).release()
    assert ask(connections, there)[1] == b"hello"
    assert there.connections == 2


def test_nothing_is_kept_after_the_end(host, direct):
    there = host(OK)
    with closing(direct(there)) as connections:
        answer = connections.send("GET", f"http://127.0.0.1:{there.port}/", {}, read_s=30)
        while answer.read1(100):
            pass
    answer.release()
    assert there.closed.wait(30)
