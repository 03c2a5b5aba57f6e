"""A shrinkwrapped function, and a workshop that records what it is asked for."""

import threading

import pytest
from tests.builder.remote.client import docker_config, request_tar

from wherry_build.template import template_files


class RecordingWorkshop:
    """Says what it is told to say, and keeps the orders that it got.

    Attributes:
        orders: What was ordered; of each the image, and what was in its files meanwhile.
        lines: What it says.
        error: What it raises in the end.
        gate: Waited for before the end, so long as anybody listens.
        most: How many orders it has worked on at one time.
    """

    def __init__(self):
        self.orders = []
        self.lines = ["one", "two"]
        self.error = None
        self.gate = threading.Event()
        self.gate.set()
        self.left = 0
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()

    def build(self, order, listener):
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            self.orders.append(
                {
                    "image": order.configuration.image,
                    "order": order,
                    "files": sorted(
                        path.relative_to(order.context).as_posix()
                        for path in order.context.rglob("*")
                        if path.is_file()
                    ),
                    "secrets": {name: file.read_bytes() for name, file in order.secrets.items()},
                    "modes": {oct(file.stat().st_mode)[-3:] for file in order.secrets.values()},
                }
            )
        try:
            for line in self.lines:
                listener.say(line)
            while not self.gate.wait(0.01):
                listener.check()
        except BaseException:
            self.left += 1
            raise
        finally:
            with self._lock:
                self._running -= 1
        if self.error is not None:
            raise self.error
        return f"{order.configuration.image}@sha256:{'0' * 64}"


@pytest.fixture
def workshop():
    return RecordingWorkshop()


@pytest.fixture
def shrinkwrap(tmp_path):
    """A context as faas-cli makes it: `shrinkwrap({"handler.py": "..."}, "python3-wherry")`."""

    def shrinkwrap(files=None, language="python3-wherry", name="hello"):
        context = tmp_path / "build" / name
        for path, content in template_files(language).items():
            file = context / path.partition("/")[2]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        for path, content in (files or {}).items():
            file = context / "function" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        (context / "meta.json").write_text("{}")
        (context / "function").chmod(0o700)
        return context

    return shrinkwrap


@pytest.fixture
def body(shrinkwrap):
    """The body of a request: `body("acme/hello:1", sealed, skipPush=True)`."""

    def body(image="localhost:5000/hello:1", sealed=None, **config):
        return request_tar(shrinkwrap(), docker_config(image, **config), sealed)

    return body
