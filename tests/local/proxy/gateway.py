"""A gateway before a replica whose behaviour a test writes down, all in one loop."""

import asyncio
import socket
from contextlib import asynccontextmanager

from tests.local.front.doors import opened
from tests.local.front.wire import until

from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.fleet.replica import NoReplica
from wherry_local.proxy.forward import Forwarder

KEY = FunctionKey("hello")


class Replica:
    def __init__(self, address):
        self.name = "hello-1"
        self.address = address
        self.in_flight = 0
        self.pid = None


class Replicas:
    """One replica with room for `room` calls; `ready` opens it to those who wait."""

    def __init__(self, address, *, timeout_s=30.0, room=1000, ready=True, refusal=None):
        self.deployment = Deployment(key=KEY, timeout_s=timeout_s)
        self.replica = Replica(address)
        self.room = room
        self.refusal = refusal
        self.claims = self.waiting = 0
        self.changed = asyncio.Event()
        self.ready = ready

    def claim_now(self):
        if not self.ready or self.refusal or self.replica.in_flight >= self.room:
            return None
        self.replica.in_flight += 1
        self.claims += 1
        return self.replica

    async def claim(self):
        if self.refusal:
            raise NoReplica(*self.refusal)
        self.waiting += 1
        try:
            while (replica := self.claim_now()) is None:
                self.changed.clear()
                await self.changed.wait()
            return replica
        finally:
            self.waiting -= 1

    def release(self, replica):
        assert replica is self.replica
        assert replica.in_flight > 0
        replica.in_flight -= 1
        self.changed.set()

    def open(self):
        self.ready = True
        self.changed.set()


class Functions:
    def __init__(self, found):
        self.found = found

    def find(self, key):
        return self.found.get(key)

    def keys(self):
        return sorted(self.found)


class Asked:
    """One request as the replica saw it."""

    def __init__(self, method, target, fields, body):
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body

    def header(self, name):
        found = [value for each, value in self.fields if each == name]
        assert len(found) <= 1, f"{name} was sent more than once"
        return found[0] if found else None


class Backend:
    """Reads requests strictly, keeps them, and lets `script` answer each.

    The script gets the request, the reader and the writer; it returns True to end the connection.
    """

    def __init__(self, script):
        self.script = script
        self.asked = []
        self.faults = []
        self.tasks = []
        self.connections = 0
        self.open = 0

    def accept(self, reader, writer):
        self.tasks.append(asyncio.ensure_future(self.serve(reader, writer)))

    async def serve(self, reader, writer):
        self.connections += 1
        self.open += 1
        try:
            while (asked := await self.read(reader)) is not None:
                self.asked.append(asked)
                if await self.script(asked, reader, writer):
                    break
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except (AssertionError, ValueError) as error:  # it was sent what is no request
            self.faults.append(error)
        finally:
            self.open -= 1
            writer.close()

    async def read(self, reader):
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise AssertionError(error.partial) from None
            return None
        line, *rest = raw.decode("latin-1").split("\r\n")[:-2]
        method, target, version = line.split(" ")
        assert version == "HTTP/1.1"
        fields = [(n.lower(), v.strip()) for n, _, v in (each.partition(":") for each in rest)]
        asked = Asked(method, target, fields, b"")
        if getattr(self.script, "streams", False):
            return asked
        length, coding = asked.header("content-length"), asked.header("transfer-encoding")
        assert length is None or coding is None
        if length is not None:
            asked.body = await reader.readexactly(int(length))
        elif coding is not None:
            assert coding == "chunked"
            while size := int(await reader.readuntil(b"\r\n"), 16):
                asked.body += (await reader.readexactly(size + 2))[:-2]
            assert await reader.readuntil(b"\r\n") == b"\r\n"
        return asked


def answering(raw, *, end=False):
    """A script that sends these bytes to each request."""

    async def script(_asked, _reader, writer):
        writer.write(raw)
        return end

    return script


class Stage:
    def __init__(self, port, door, forwarder, replicas, backend, counted):
        self.port = port
        self.door = door
        self.forwarder = forwarder
        self.replicas = replicas
        self.backend = backend
        self.counted = counted


@asynccontextmanager
async def staged(script, *, folder=None, functions=None, **how):
    """A gateway before one function, `hello`."""
    backend = Backend(script)
    if folder is not None:
        address = str(folder / "replica")
        server = await asyncio.start_unix_server(backend.accept, address, limit=2**22)
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        address = listener.getsockname()
        server = await asyncio.start_server(backend.accept, sock=listener, limit=2**22)
    counted = []
    replicas = Replicas(address, **how)
    forwarder = Forwarder(
        Functions({KEY: replicas, **(functions or {})}),
        loop=asyncio.get_running_loop(),
        count=lambda key, status, seconds: counted.append((key, status, seconds)),
    )
    try:
        async with opened(services={"/function/": forwarder}) as served:
            yield Stage(served.port, served.door, forwarder, replicas, backend, counted)
            await until(lambda: not forwarder.flights)
            assert replicas.replica.in_flight == 0
            assert not backend.faults
    finally:
        server.close()
        forwarder.pool.close()
        for task in backend.tasks:
            task.cancel()
        await asyncio.gather(*backend.tasks, return_exceptions=True)
