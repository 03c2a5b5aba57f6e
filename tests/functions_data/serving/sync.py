"""A sync function with one path for each thing that the server's tests ask."""

import threading
import time

import flask

GATE = threading.Event()
BEGUN = []


def handle(request: flask.Request):
    what = request.path.strip("/")
    if what == "sleep":
        time.sleep(float(request.args["s"]))
        return "slept"
    if what == "hold":
        BEGUN.append(1)
        GATE.wait(20)
        return "released"
    if what == "begun":
        return str(len(BEGUN))
    if what == "release":
        GATE.set()
        return "open"
    if what == "fail":
        raise ValueError("secret detail 4711")
    if what == "exit":
        raise SystemExit(7)
    if what == "big":
        return b"x" * int(request.args["n"])
    if what == "stream":
        return (b"y" * 1024 for _ in range(int(request.args["n"])))
    if what == "broken-stream":
        return broken()
    if what == "echo":
        return request.get_data(), {"Content-Type": "application/octet-stream"}
    if what == "empty":
        return "", 204
    return {"path": request.path, "query": request.query_string.decode(), "method": request.method}


def broken():
    yield b"first"
    raise RuntimeError("in the middle")
