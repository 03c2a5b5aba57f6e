"""func-python's functions, started as its scaffolding starts them; the argument names one."""
# ruff: noqa: ARG002 - the signature is the framework's

import asyncio
import sys
import time
from urllib.parse import parse_qs


async def respond(scope, send):
    name = parse_qs(scope["query_string"].decode())["name"][0]
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": f"hello {name}\n".encode()})


class Greet:
    async def handle(self, scope, receive, send):
        await respond(scope, send)


class Block:
    async def handle(self, scope, receive, send):
        # The framework is async only: a blocking call that is not to stop the others needs this.
        await asyncio.to_thread(time.sleep, 0.01)
        await respond(scope, send)


class Check:
    async def handle(self, scope, receive, send):
        event = scope["event"]
        data = event.get_data()
        if event.get_type() != "com.acme.order.placed" or sum(data["parts"]) != data["total"]:
            raise RuntimeError("not the event that was sent")
        start = {"type": "http.response.start", "status": 204, "headers": []}
        await send.http(start)
        await send.http({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    if sys.argv[1] == "check":
        from func_python import cloudevent as flavour
    else:
        from func_python import http as flavour

    def new():
        return {"greet": Greet, "block": Block, "check": Check}[sys.argv[1]]()

    flavour.serve(new)
