"""Web applications beside other functions in one process: each below its own path."""

import http.client
import json

import pytest

from wherry.testing import running

FLASK = """
    from flask import Flask, request, url_for

    app = Flask(__name__)

    @app.get("/hello")
    def hello():
        return {"path": request.path, "root": request.script_root, "url": url_for("hello")}
"""
STARLETTE = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def hello(request):
        return JSONResponse({
            "path": request.url.path,
            "root": request.scope["root_path"],
            "url": request.url_for("hello").path,
        })

    app = Starlette(routes=[Route("/hello", hello)])
"""


def test_applications_know_where_they_are(written):
    pytest.importorskip("starlette")
    files = [
        written(FLASK, "shop/main.py"),
        written(STARLETTE, "till/main.py"),
        written("def handle(request): return request.path", "plain/handler.py"),
    ]
    with running(",".join(map(str, files))) as function:
        connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)

        def get(path):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

        for name, path in (("shop", "/hello"), ("till", "/till/hello")):
            status, body = get(f"/{name}/hello")
            expected = {"path": path, "root": f"/{name}", "url": f"/{name}/hello"}
            assert (status, json.loads(body)) == (200, expected)
        assert get("/shop/none")[0] == get("/till")[0] == 404
        assert get("/plain/x") == (200, b"/plain/x")
        connection.close()
