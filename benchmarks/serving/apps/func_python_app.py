"""func-python's functions, started as its scaffolding starts them; the argument names one."""
# ruff: noqa: ARG002 - the signature is the framework's

import asyncio
import json
import sys
import time
from urllib.parse import parse_qs

CHUNK = b"0123456789abcdef" * 64
TEXT, JSON, BYTES = b"text/plain; charset=utf-8", b"application/json", b"application/octet-stream"


async def respond(send, body, content_type=TEXT):
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def received(receive):
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def name_of(scope):
    return parse_qs(scope["query_string"].decode())["name"][0]


class Greet:
    async def handle(self, scope, receive, send):
        await respond(send, f"hello {name_of(scope)}\n".encode())


class Json:
    async def handle(self, scope, receive, send):
        await respond(send, json.dumps({"hello": name_of(scope)}).encode(), JSON)


class Typed:
    async def handle(self, scope, receive, send):
        parcel = json.loads(await received(receive))
        await respond(send, json.dumps({"pence": 2 * parcel["weight_g"]}).encode(), JSON)


class Block:
    async def handle(self, scope, receive, send):
        # The framework is async only: a blocking call that is not to stop the others needs this.
        await asyncio.to_thread(time.sleep, 0.01)
        await respond(send, f"hello {name_of(scope)}\n".encode())


class Pause:
    async def handle(self, scope, receive, send):
        await asyncio.sleep(0.01)
        await respond(send, f"hello {name_of(scope)}\n".encode())


class Body:
    async def handle(self, scope, receive, send):
        await respond(send, await received(receive), BYTES)


class Stream:
    async def handle(self, scope, receive, send):
        headers = [(b"content-type", BYTES)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(64):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class EchoBinary:
    async def handle(self, scope, receive, send):
        await send.binary(scope["event"])


class EchoStructured:
    async def handle(self, scope, receive, send):
        await send.structured(scope["event"])


class Check:
    async def handle(self, scope, receive, send):
        event = scope["event"]
        data = event.get_data()
        if event.get_type() != "com.acme.order.placed" or sum(data["parts"]) != data["total"]:
            raise RuntimeError("not the event that was sent")
        start = {"type": "http.response.start", "status": 204, "headers": []}
        await send.http(start)
        await send.http({"type": "http.response.body", "body": b""})


HTTP = {
    "greet": Greet,
    "json": Json,
    "typed": Typed,
    "block": Block,
    "pause": Pause,
    "body": Body,
    "stream": Stream,
}
EVENTS = {"echo_binary": EchoBinary, "echo_structured": EchoStructured, "check": Check}

if __name__ == "__main__":
    if sys.argv[1] in EVENTS:
        from func_python import cloudevent as flavour
    else:
        from func_python import http as flavour

    def new():
        return (HTTP | EVENTS)[sys.argv[1]]()

    flavour.serve(new)
