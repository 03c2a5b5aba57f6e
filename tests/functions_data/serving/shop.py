"""Several functions of one module: sync and async, HTTP and events, with hooks and limits."""

import asyncio
import os
import pathlib
import threading
import time
from collections.abc import AsyncIterator

import flask

import wherry

GATE = threading.Event()
SEEN = []
CANCELLED = []


def _note(word):
    if "HOOKS_LOG" in os.environ:
        with pathlib.Path(os.environ["HOOKS_LOG"]).open("a") as log:
            log.write(word + "\n")


def start():
    _note("start")


def stop():
    _note("stop")


@wherry.http(path="/orders", max_inflight=1, max_queue=0)
def create(request: flask.Request, context: wherry.Context):
    if request.path == "/orders/hold":
        GATE.wait(20)
    time.sleep(float(request.args.get("s", 0)))
    return {"path": request.path, "function": context.function}


@wherry.http
def release(request: flask.Request):
    GATE.set()
    return "open"


@wherry.http(timeout_s=0.5)
async def audit(request: flask.Request):
    if request.path == "/audit/cancelled":
        return str(len(CANCELLED))
    try:
        await asyncio.sleep(float(request.args.get("s", 0)))
    except asyncio.CancelledError:
        CANCELLED.append(1)
        raise
    return f"slept on {threading.current_thread().name}"


@wherry.http
async def nap(request: flask.Request):
    await asyncio.sleep(float(request.args["s"]))
    return "rested"


@wherry.http(path="/orders/export")
async def export(request: flask.Request):
    async def rows():
        try:
            for _ in range(int(request.args["n"])):
                yield b"r" * 1024
        finally:
            CANCELLED.append(1)

    return rows()


@wherry.http(timeout_s=20)
async def count(body: AsyncIterator[bytes]):
    return str(sum([len(chunk) async for chunk in body]))


@wherry.http
async def block(request: flask.Request):
    def inner(pause_s):
        time.sleep(pause_s)  # the line that blocks

    inner(float(request.args["s"]))
    return "done"


@wherry.cloud_event(type=["com.acme.placed", "com.acme.paid"])
def placed(event, context: wherry.Context):
    SEEN.append(event.type)
    return wherry.CloudEvent(type="seen", source="/placed", id=event.id, data=context.function)


@wherry.cloud_event
async def rest(event, context: wherry.Context):
    return wherry.CloudEvent(type="seen", source="/rest", id=event.id, data=context.function)
