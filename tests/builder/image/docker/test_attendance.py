"""The order of a run: start, ready, an end or a wish, and nothing left behind."""

import http.server
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from wherry_build.errors import ContainerFailed
from wherry_build.image.docker.attendance import Wish, attend
from wherry_build.image.docker.container import Container
from wherry_build.image.docker.containers import Ending

WITHIN_S = 20


def container(name="hello", port=1):
    return Container(name=name, image="a:1", host="127.0.0.1", port=port, memory_bytes=1, grace_s=3)


class Engine:
    """Containers that end when they are told to, or are stopped."""

    name = "a recorder"

    def __init__(self, *, fails=(), ignores=()):
        self.fails, self.ignores = fails, ignores
        self.codes, self.ends, self.asked = {}, {}, []

    def start(self, wanted):
        if wanted.name in self.fails:
            raise ContainerFailed(f"{wanted.name}: no")
        self.ends[wanted.name] = threading.Event()
        return wanted.name

    def follow(self, made, tell):
        tell(f"{made} began")
        assert self.ends[made].wait(WITHIN_S)
        tell(f"{made} ended")

    def wait(self, made):
        assert self.ends[made].wait(WITHIN_S)
        return Ending(code=self.codes.get(made, 0))

    def stop(self, made, grace_s):
        self.asked.append(("stop", made, grace_s))
        if made not in self.ignores:
            self.ends[made].set()

    def remove(self, made):
        self.asked.append(("remove", made))
        self.ends[made].set()

    def end(self, made, code):
        self.codes[made] = code
        self.ends[made].set()


class Notes:
    """An observer that keeps what it is told, and acts when something comes."""

    def __init__(self, act=lambda kind, name: None):
        self.told = []
        self._act = act

    def printed(self, each, line):
        self._tell("printed", line)

    def ready(self, each):
        self._tell("ready", each.name)

    def unready(self, each, waited_s):
        self._tell("unready", each.name)

    def ended(self, each, ending):
        self._tell("ended", f"{each.name} {ending.code}")

    def _tell(self, kind, said):
        self.told.append((kind, said))
        self._act(kind, said)


@contextmanager
def answering(*statuses):
    """A server that answers with each of `statuses`, the last for good; its port."""
    left = list(statuses)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.path == "/_/ready"
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_container_is_told_when_it_is_ready_and_drains_when_that_is_wished():
    engine, wish = Engine(), Wish()
    notes = Notes(lambda kind, _: wish.stop() if kind == "ready" else None)
    with answering(503, 503, 200) as port:
        assert attend([container(port=port)], engine, notes, wish) == 0
    assert notes.told == [
        ("printed", "hello began"),
        ("ready", "hello"),
        ("printed", "hello ended"),
    ]
    assert engine.asked == [("stop", "hello", 3), ("remove", "hello")]


def test_one_that_ends_ends_the_others_and_gives_its_code():
    engine = Engine()
    notes = Notes(lambda kind, said: engine.end("b", 3) if said == "b began" else None)
    assert attend([container("a"), container("b")], engine, notes, Wish()) == 3
    assert ("ended", "b 3") in notes.told
    assert ("stop", "a", 3) in engine.asked
    assert {each for kind, each, *_ in engine.asked if kind == "remove"} == {"a", "b"}


def test_a_second_wish_does_not_wait():
    engine, wish = Engine(ignores=("hello",)), Wish()
    notes = Notes(lambda kind, _: wish.stop() if kind == "printed" else None)

    def again():
        deadline = time.monotonic() + WITHIN_S
        while ("stop", "hello", 3) not in engine.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        wish.stop()

    thread = threading.Thread(target=again)
    thread.start()
    began = time.monotonic()
    attend([container()], engine, notes, wish)
    thread.join()
    assert time.monotonic() - began < WITHIN_S / 2
    assert engine.asked == [("stop", "hello", 3), ("remove", "hello")]


def test_a_wish_while_they_start_starts_no_more():
    wish = Wish()
    notes = Notes(lambda kind, said: wish.stop() if said == "a began" else None)

    class Slow(Engine):
        def start(self, wanted):
            made = super().start(wanted)
            deadline = time.monotonic() + WITHIN_S
            while wanted.name == "b" and not wish.times and time.monotonic() < deadline:
                time.sleep(0.01)
            return made

    engine = Slow()
    attend([container("a"), container("b"), container("c")], engine, notes, wish)
    assert "c" not in engine.ends


def test_one_that_does_not_start_leaves_none_behind():
    engine = Engine(fails=("b",))
    with pytest.raises(ContainerFailed, match="b: no"):
        attend([container("a"), container("b")], engine, Notes(), Wish())
    assert engine.asked == [("remove", "a")]


def test_one_that_never_gets_ready_is_told_of(monkeypatch):
    monkeypatch.setattr("wherry_build.image.docker.attendance._READY_WITHIN_S", 0.2)
    engine, wish = Engine(), Wish()
    notes = Notes(lambda kind, _: wish.stop() if kind == "unready" else None)
    with answering(503) as port:
        attend([replace(container(), port=port)], engine, notes, wish)
    assert ("unready", "hello") in notes.told
