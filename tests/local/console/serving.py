"""The console on a real door of its own, with a recorder behind it, in a thread."""

import asyncio
import socket
import threading
from contextlib import contextmanager

from wherry.reply import Reply
from wherry_local.console import routes
from wherry_local.front.door import Door
from wherry_local.front.guard import Guard
from wherry_local.front.route import Route

PASSWORD = "let-me-in"


class Site:
    """A console that is served; `changed` tells those who follow."""

    def __init__(self, api):
        self.api = api
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._followers = set()
        self._up = threading.Event()
        self._down = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        assert self._up.wait(10)

    def stop(self):
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(10)

    def changed(self):
        self._loop.call_soon_threadsafe(lambda: [each.set() for each in self._followers])

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _serve(self):
        self._down = asyncio.Event()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            own = [
                Route(methods=("GET",), pattern=f"/system/{name}", answer=self._follow)
                for name in ("events", "logs")
            ]
            guard = Guard(password=PASSWORD)
            door = Door(loop=self._loop, routes=[*routes(self.api), *own], guard=guard)
            door.listen(listener)
            door.start()
            self._up.set()
            await self._down.wait()
            await door.drain(2)
            door.close()

    async def _follow(self, asked):
        async def lines():
            turn = asyncio.Event()
            self._followers.add(turn)
            try:
                while True:
                    await turn.wait()
                    turn.clear()
                    yield b"{}\n"
            finally:
                self._followers.discard(turn)

        return Reply(200, [(b"content-type", b"application/x-ndjson")], lines())


@contextmanager
def serving(api):
    site = Site(api)
    site.start()
    try:
        yield site
    finally:
        site.stop()
