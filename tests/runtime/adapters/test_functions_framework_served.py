"""Functions of functions_framework behind the real server."""

import json
import sys
import urllib.error
import urllib.request

import pytest

from wherry.testing import running

MAIN = """
    import functions_framework
    from cloudevents.http import CloudEvent
    from flask import stream_with_context

    @functions_framework.errorhandler(LookupError)
    def on_lookup(error):
        return "looked in vain", 404

    @functions_framework.http
    def hello(request):
        if request.path == "/lost":
            raise KeyError("inner text")
        if request.path == "/broken":
            raise ValueError("inner text")
        return stream_with_context(f"{part} " for part in ("Hello", request.args["name"]))

    @functions_framework.cloud_event
    def stored(event: CloudEvent):
        print("stored", event["type"], event.data)

    def background(data, context):
        print("handled", data, context.event_id)
    """
AIO = """
    import asyncio
    import functions_framework.aio
    from starlette.background import BackgroundTask
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse

    async def later():
        await asyncio.sleep(0.3)
        print("done in the background")

    @functions_framework.aio.http
    async def hello(request: Request):
        if request.url.path == "/stream":
            async def parts():
                for part in "abc":
                    yield part
                    await asyncio.sleep(0)
            return StreamingResponse(parts())
        return Response(await request.body(), background=BackgroundTask(later))
    """


def asked(url, *, body=None, **headers):
    """Status and text of the answer."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, headers=fields)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_http_with_the_frameworks_own_settings(written):
    file = written(MAIN)
    names = {"FUNCTION_TARGET": "hello", "FUNCTION_SIGNATURE_TYPE": "http"}
    with running(file, **names) as function:
        assert asked(f"{function.url}/?name=Ada") == (200, "Hello Ada ")
        assert asked(f"{function.url}/lost") == (404, "looked in vain")
        status, text = asked(f"{function.url}/broken")
        assert status == 500
        assert "inner" not in text
        assert asked(f"{function.url}/favicon.ico")[0] == 404


def test_cloud_events(written):
    with running(f"{written(MAIN)}:stored") as function:
        attributes = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/", "ce_type": "t"}
        kind = {"content_type": "application/json"}
        assert asked(function.url, body=b'{"a": 1}', **attributes, **kind) == (200, "OK")
        document = {"specversion": "1.0", "id": "2", "source": "/", "type": "u", "data": [1]}
        kind = {"content_type": "application/cloudevents+json"}
        assert asked(function.url, body=json.dumps(document).encode(), **kind) == (200, "OK")
        status, text = asked(function.url, body=b"{}", **kind, authorization="secret")
        assert status == 400
        assert "secret" not in text
        assert asked(function.url)[0] == 405
        assert asked(f"{function.url}/health/readiness")[0] == 200
        function.terminate()
        assert "stored t {'a': 1}" in function.log
        assert "stored u [1]" in function.log


def test_a_background_function(written):
    file = written(MAIN)
    with running(file, WHERRY_NAME="background", WHERRY_SIGNATURE="event") as function:
        body = json.dumps({"context": {"eventId": "7"}, "data": {"a": 1}}).encode()
        assert asked(function.url, body=body, content_type="application/json") == (200, "OK")
        assert asked(function.url) == (200, "")
        function.terminate()
        assert "handled {'a': 1} 7" in function.log


def test_aio(written):
    pytest.importorskip("starlette", reason="starlette is not installed")
    with running(written(AIO)) as function:
        assert asked(f"{function.url}/stream") == (200, "abc")
        assert asked(function.url, body=b"echoed") == (200, "echoed")
        function.terminate()
        assert "done in the background" in function.log


def test_an_unknown_signature_is_told_at_the_start(written):
    file = written("def f(request): ...\n")
    with (
        pytest.raises(RuntimeError, match="expected one of wherry, functions-framework"),
        running(file, FUNCTION_SIGNATURE_TYPE="cgi"),
    ):
        pass


def test_the_command_takes_a_signature(written):
    import os
    import signal
    import subprocess

    file = written("def only(thing):\n    return thing.method\n")
    ready, told = os.pipe()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "wherry_cli",
            "run",
            str(file),
            "--signature",
            "http",
            "--port",
            "0",
        ],
        env={**os.environ, "WHERRY_READY_FD": str(told), "WHERRY_METRICS_PORT": "off"},
        pass_fds=[told],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    os.close(told)
    try:
        assert os.read(ready, 1) == b"1"
    finally:
        os.close(ready)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0
