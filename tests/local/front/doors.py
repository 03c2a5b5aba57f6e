"""A door on a free port, for as long as a test lasts."""

import asyncio
import socket
from contextlib import asynccontextmanager

from wherry_local.front.door import Door


class Served:
    def __init__(self, door, port):
        self.door = door
        self.port = port


@asynccontextmanager
async def opened(**what):
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        door = Door(loop=loop, **what)
        door.listen(listener)
        door.start()
        try:
            yield Served(door, listener.getsockname()[1])
        finally:
            door.close()
