"""A bare ASGI application: what is left when there is no framework. A limit, not a choice."""

import asyncio
import json
from urllib.parse import parse_qs

CHUNK = b"0123456789abcdef" * 64
TEXT = [(b"content-type", b"text/plain; charset=utf-8")]
JSON = [(b"content-type", b"application/json")]
BYTES = [(b"content-type", b"application/octet-stream")]


async def respond(send, body, headers):
    headers = [*headers, (b"content-length", b"%d" % len(body))]
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


async def greet(scope, _receive, send):
    await respond(send, f"hello {name_of(scope)}\n".encode(), TEXT)


async def json_of(scope, _receive, send):
    await respond(send, json.dumps({"hello": name_of(scope)}).encode(), JSON)


async def typed(_scope, receive, send):
    parcel = json.loads(await received(receive))
    await respond(send, json.dumps({"pence": 2 * parcel["weight_g"]}).encode(), JSON)


async def pause(scope, _receive, send):
    await asyncio.sleep(0.01)
    await respond(send, f"hello {name_of(scope)}\n".encode(), TEXT)


async def body(_scope, receive, send):
    await respond(send, await received(receive), BYTES)


async def stream(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": BYTES})
    for _ in range(64):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


PATHS = {
    "/greet": greet,
    "/json": json_of,
    "/typed": typed,
    "/pause": pause,
    "/body": body,
    "/stream": stream,
}


async def app(scope, receive, send):
    if scope["type"] == "http":
        await PATHS[scope["path"]](scope, receive, send)
