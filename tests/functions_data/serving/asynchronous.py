"""An async function: sleeps, streams, takes a stream."""

import asyncio

import flask

CANCELLED = []


async def handle(request: flask.Request):
    what = request.path.strip("/")
    if what == "sleep":
        try:
            await asyncio.sleep(float(request.args["s"]))
        except asyncio.CancelledError:
            CANCELLED.append(1)
            raise
        return "slept"
    if what == "cancelled":
        return str(len(CANCELLED))
    if what == "stream":
        return chunks(int(request.args["n"]))
    if what == "endless":
        return endless()
    return "ok"


async def chunks(count):
    for _ in range(count):
        yield b"z" * 1024
        await asyncio.sleep(0)


async def endless():
    try:
        while True:
            yield b"tick\n"
            await asyncio.sleep(0.01)
    finally:
        CANCELLED.append(1)
