"""The gateway's API on a real door, over a recording fleet, a real queue and a real journal."""

import asyncio
import base64
import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

from tests.local.gateway.recording_fleet import RecordingFleet

from wherry_build.project import Function, Project
from wherry_local.deployment import DEFAULT_NAMESPACE, Deployment, FunctionKey
from wherry_local.front.door import Door
from wherry_local.front.guard import Guard
from wherry_local.gateway.api import Parts, routes
from wherry_local.gateway.callbacks import Callbacks
from wherry_local.gateway.courier import CallCourier
from wherry_local.gateway.deployments import Deployments
from wherry_local.gateway.namespaces import Namespaces
from wherry_local.gateway.secret_mounts import SecretMounts
from wherry_local.gateway.secret_store import SecretStore, project_folders
from wherry_local.journal.store import JournalStore
from wherry_local.metrics.meters import Meters
from wherry_local.proxy.external import External
from wherry_local.proxy.forward import Forwarder
from wherry_local.queue.delivery import Kind, State
from wherry_local.queue.dispatch import Dispatcher
from wherry_local.queue.sqlite import SqliteQueue
from wherry_local.state import StateFolder

PASSWORD = "a password of tests"
AUTHORIZATION = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
FAAS_CLI = {"Authorization": AUTHORIZATION, "User-Agent": "faas-cli/dev"}


OVER = {State.DELIVERED, State.DEAD, State.CANCELLED}


def until(look):
    """What `look` gives when it gives something, within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.005)
    raise AssertionError("it has not come")


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class Gateway:
    """What is served; `ask` asks it as the administrator does."""

    def __init__(
        self, root, *, fleet=None, home=DEFAULT_NAMESPACE, external=None, search="", **more
    ):
        self.root = root
        self.home = home
        self.state = StateFolder.of(root)
        self.fleet = fleet or RecordingFleet()
        self.external = external or External()
        self.search = search
        self.more = more
        self.told = []
        self.loop = None
        self.port = 0
        self.said = self.project()

    def project(self):
        functions = tuple(
            Function(name=name, folder=self.root / name, environment={"GREETING": "hello"})
            for name in ("hello", "orders")
        )
        return Project(root=self.root, functions=functions)

    def declared(self):
        return [
            Deployment(
                key=FunctionKey(each.name, self.home),
                handler=str(each.folder),
                folder=each.folder,
                image=f"registry.example/team/{each.name}:latest",
                environment={"GREETING": "hello"},
                surroundings={"K_SINK": "http://127.0.0.1:1/"},
                labels={"tier": "front"},
                created_at=1_700_000_000.0,
            )
            for each in self.project().functions
        ]

    async def open(self):
        """Everything, on the running loop."""
        self.state.make()
        self.namespaces = Namespaces(self.state, home=self.home)
        self.secrets = SecretStore(
            self.state,
            project=project_folders(self.root, self.search),
            homes=[DEFAULT_NAMESPACE, self.home],
        )
        mounts = SecretMounts(self.state, self.secrets)
        self.deployments = Deployments(
            self.fleet,
            self.state,
            namespaces=self.namespaces,
            mounts=mounts,
            surroundings={"K_SINK": "http://127.0.0.1:2/"},
            tell=self.told.append,
            **self.more,
        )
        functions = {each.name: each for each in self.project().functions}
        await self.deployments.declare(self.declared(), functions)
        self.journal = JournalStore(self.state.logs)
        self.meters = Meters(services=list)
        self.queue = SqliteQueue(self.state.queue)
        self.callbacks = Callbacks(self.external)
        self.dispatcher = Dispatcher(
            self.queue, {Kind.CALL: CallCourier(self.fleet, self.callbacks)}
        )
        self.dispatcher.start()
        parts = Parts(
            fleet=self.fleet,
            deployments=self.deployments,
            namespaces=self.namespaces,
            secrets=self.secrets,
            journal=self.journal,
            meters=self.meters,
            queue=self.queue,
            callbacks=self.callbacks,
            brokers=lambda: [{"namespace": "default", "name": "default", "url": "", "triggers": 0}],
            gateway="http://127.0.0.1:8080",
            project=lambda: self.said,
        )
        loop = asyncio.get_running_loop()
        functions = Forwarder(self.fleet, loop=loop, namespace=self.home)
        self.door = Door(
            loop=loop,
            routes=routes(parts),
            services={"/function/": functions},
            guard=Guard(password=PASSWORD),
        )
        sock = socket.create_server(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]
        self.door.listen(sock)
        self.door.start()

    async def close(self):
        self.door.close()
        await self.dispatcher.stop()
        await self.queue.close()
        self.journal.close()
        self.callbacks.close()
        self.external.close()
        # What the door has closed ends on the loop's next turns.
        for _ in range(3):
            await asyncio.sleep(0)

    def run(self, work):
        """Run a coroutine on the gateway's loop; what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=10)

    def call(self, function, *arguments):
        """Call a function on the gateway's loop."""

        async def called():
            return function(*arguments)

        return self.run(called())

    def settled(self, call_id):
        """A call when it is over, as the administrator is shown it."""

        def shown():
            answer = self.ask("GET", f"/async-function/{call_id}")
            over = answer.status == 200 and answer.json()["state"] not in {"due", "leased"}
            return answer.json() if over else None

        return until(shown)

    def callback_of(self, call_id):
        """The delivery of a call's callback, when it is over."""

        def delivery():
            found = self.run(self.queue.message(f"{call_id}/callback"))
            return found[1][0] if found is not None and found[1][0].state in OVER else None

        return until(delivery)

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, method, path, body=None, headers=FAAS_CLI):
        """One request; a body that is no bytes is sent as JSON, with its type."""
        headers = dict(headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


@contextmanager
def served_gateway(root, **more):
    """A gateway on a free port of loopback, on a loop and a thread of its own."""
    gateway = Gateway(root, **more)
    ready = threading.Event()
    faults = []

    async def serve():
        gateway.loop = asyncio.get_running_loop()
        gateway.stopping = asyncio.Event()
        try:
            await gateway.open()
        except Exception as error:  # noqa: BLE001 - it is raised where the fixture is used
            faults.append(error)
            return
        finally:
            ready.set()
        await gateway.stopping.wait()
        await gateway.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait(timeout=20)
    try:
        if faults:
            raise faults[0]
        yield gateway
    finally:
        if not faults:
            gateway.loop.call_soon_threadsafe(gateway.stopping.set)
        thread.join(timeout=20)
