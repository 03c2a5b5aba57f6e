"""The brokers of a project behind real doors, with a real queue and its dispatcher."""

import asyncio
import base64
import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

from tests.local.broker.subscriber import Subscriber

from wherry_build.project import read_project
from wherry_local.broker.events import Events
from wherry_local.front.door import Door
from wherry_local.front.guard import Guard
from wherry_local.proxy.external import External
from wherry_local.queue.delivery import Kind
from wherry_local.queue.dispatch import Dispatcher
from wherry_local.queue.sqlite import SqliteQueue

PASSWORD = "a password of tests"
ADMIN = {"Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()}
EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-type": "com.acme.order.placed",
    "ce-source": "/eu/shop",
}


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)


def ask(port, method, path, body=b"", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path)
        pairs = headers.items() if isinstance(headers, dict) else headers or ()
        for name, value in pairs:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


class ServedEvents:
    """What is served; asked from the thread of the test."""

    def __init__(self, root, project, subscriber, *, bounds=None, **more):
        self.root = root
        self.project = project
        self.subscriber = subscriber
        self._bounds = bounds
        self._more = {"addresses": External(allow_private=True), **more}
        self._begun = threading.Event()
        self._failed = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))

    async def _live(self):
        self._stopping = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        try:
            self.queue = SqliteQueue(self.root / "queue.sqlite3", bounds=self._bounds)
            self.events = Events(
                queue=self.queue, functions=self.subscriber.functions, **self._more
            )
            self.events.declare(self.project)
            self.dispatcher = Dispatcher(self.queue, {Kind.EVENT: self.events.courier})
            guard = Guard(password=PASSWORD)
            doors = [
                Door(loop=self.loop, routes=self.events.ingress_routes(), guard=guard),
                Door(loop=self.loop, routes=self.events.routes(), guard=guard),
            ]
            socks = [socket.create_server(("127.0.0.1", 0)) for _ in doors]
            self.port, self.admin_port = (each.getsockname()[1] for each in socks)
            for door, sock in zip(doors, socks, strict=True):
                door.listen(sock)
                door.start()
            self.dispatcher.start()
            self.events.start()
        except BaseException as error:
            self._failed = error
            raise
        finally:
            self._begun.set()
        await self._stopping.wait()
        await self.events.close()
        for door in doors:
            door.close()
        await self.dispatcher.stop()
        await self.queue.close()

    def start(self):
        self._thread.start()
        assert self._begun.wait(10)
        assert self._failed is None, self._failed

    def stop(self):
        if self._failed is None:
            self.loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._more["addresses"].close()

    def run(self, coroutine):
        """Run something of the platform's on its loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def post(self, body=b"", headers=None, *, path="/default/default", **attributes):
        """Send an event in headers to the broker."""
        given = EVENT if headers is None else headers
        more = {f"ce-{name}": value for name, value in attributes.items()}
        return ask(self.port, "POST", path, body, {**given, **more})

    def ask(self, method, path, **more):
        """Ask the brokers' door."""
        return ask(self.port, method, path, **more)

    def admin(self, method, path, document=None):
        """Ask the gateway's door as the administrator."""
        if document is None:
            return ask(self.admin_port, method, path, headers=ADMIN)
        headers = {**ADMIN, "Content-Type": "application/json"}
        return ask(self.admin_port, method, path, json.dumps(document).encode(), headers)

    def explained(self, key):
        """The event, when nothing of it is left to do."""
        return self.wait_for(
            lambda: self.admin("GET", f"/system/events/{key}").json(),
            lambda shown: all(
                each["state"] not in {"due", "leased"} for each in shown["deliveries"]
            ),
        )

    async def _told(self, tell):
        return self.queue.on_change(tell)

    def wait_for(self, look, fits):
        """What `look` gives as soon as it fits; each look is made when something has changed."""
        changed = threading.Event()
        forget = self.run(self._told(lambda _key: changed.set()))
        end = time.monotonic() + 10
        try:
            while not fits(shown := look()):
                assert time.monotonic() < end, f"still {shown}"
                changed.wait(0.05)
                changed.clear()
        finally:
            self.loop.call_soon_threadsafe(forget)
        return shown


HANDLER = "def handle(event):\n    return None\n"


def project_of(root, yaml, functions=("hello", "other", "letters", "missing")):
    """A project of plain functions with this wherry.yaml."""
    for name in functions:
        folder = root / name
        folder.mkdir(exist_ok=True)
        (folder / "handler.py").write_text(HANDLER)
    (root / "wherry.yaml").write_text(yaml)
    return read_project(root)


@contextmanager
def served_events(root, yaml, *, files=(), **more):
    """The brokers of a project with this wherry.yaml."""
    project = project_of(root, yaml)
    subscriber = Subscriber()
    served = ServedEvents(root, project, subscriber, files=files, **more)
    try:
        served.start()
        yield served
    finally:
        served.stop()
        subscriber.close()


def events(served, query=""):
    answer = served.admin("GET", f"/system/events{query}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def dead_letters(served, count, query=""):
    return served.wait_for(
        lambda: served.admin("GET", f"/system/dead-letters{query}").json()["deadLetters"],
        lambda found: len(found) == count,
    )
