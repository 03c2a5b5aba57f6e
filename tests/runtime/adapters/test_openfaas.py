"""Functions of OpenFaaS' Python templates, and the functions of ours that look like them."""

import pytest

from wherry.adapters import openfaas_flask
from wherry.errors import HandlerNameNotFound, HandlerSignatureError
from wherry.handler import Kind
from wherry.loader import load
from wherry.testing import invoke, running

TEMPLATE = """
    def handle(event, context):
        return {
            "statusCode": 200,
            "body": "Hello from OpenFaaS!"
        }
"""
STORE = """
    import json

    def handle(event, context):
        if event.method == "POST":
            order = json.loads(event.body)
            return {
                "statusCode": 201,
                "body": {"id": order["id"], "by": event.headers.get("X-User")},
                "headers": {"Location": event.path + "/" + order["id"]},
            }
        if event.method == "GET":
            return {"statusCode": 200, "body": {"page": event.query.get("page", "1")}}
        return {"statusCode": 405, "body": "Method not allowed"}
"""


def test_the_templates_own_function(written):
    answer = invoke(load(written(TEMPLATE, "function/handler.py")))
    assert (answer.status, answer.text) == (200, "Hello from OpenFaaS!")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_everything_of_the_event_and_of_the_answer(written):
    handler = load(written(STORE, "handler.py"))
    answer = invoke(
        handler,
        method="POST",
        path="/orders%20",
        headers={"X-User": "ada"},
        json={"id": "7"},
    )
    assert (answer.status, answer.json) == (201, {"id": "7", "by": "ada"})
    assert answer.headers["location"] == "/orders /7"
    assert answer.headers["content-type"] == "application/json"
    assert invoke(handler, path="/?page=2&x=1").json == {"page": "2"}
    assert invoke(handler, method="DELETE").status == 405


@pytest.mark.parametrize(
    ("result", "status", "body", "content_type"),
    [
        ("None", 200, b"", "text/html; charset=utf-8"),
        ("'text'", 200, b"text", "text/html; charset=utf-8"),
        ("('made', 201)", 201, b"made", "text/html; charset=utf-8"),
        ("{'statusCode': 204}", 204, b"", "text/html; charset=utf-8"),
        ("{'statusCode': '202', 'body': 7}", 202, b"7", "text/html; charset=utf-8"),
        ("{'body': {'a': 1}}", 200, b'{"a":1}', "application/json"),
        # Where the template prints what Python shows, or drops the answer.
        ("{'body': [1, 2]}", 200, b"[1,2]", "application/json"),
        ("{'body': b'\\x00\\xff'}", 200, b"\x00\xff", "text/html; charset=utf-8"),
        ("{'body': None}", 200, b"", "text/html; charset=utf-8"),
        ("{'a': 1}", 200, b'{"a":1}', "application/json"),
        (
            "{'body': b'\\x89PNG', 'headers': {'Content-type': 'image/png'}}",
            200,
            b"\x89PNG",
            "image/png",
        ),
    ],
)
def test_what_a_function_may_return(written, result, status, body, content_type):
    file = written(f"def handle(event, context):\n    event.body\n    return {result}\n")
    answer = invoke(load(file))
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("content-type") == content_type


def test_headers_may_be_pairs(written):
    text = """
        def handle(event, context):
            pairs = [("Set-Cookie", "a=1"), ("X-Host", context.hostname)]
            return {"statusCode": 200, "body": "", "headers": pairs}
    """
    answer = invoke(load(written(text)))
    assert answer.headers["set-cookie"] == "a=1"
    assert answer.headers["x-host"]


def test_flask_is_at_hand_as_it_is_there(written):
    text = """
        from flask import jsonify, request

        def handle(event, context):
            return jsonify(path=event.path, same=request.path == event.path)
    """
    assert invoke(load(written(text)), path="/a").json == {"path": "/a", "same": True}


@pytest.mark.parametrize(
    "text",
    [
        # A CloudEvent: what it reads of the event only that one has.
        "def handle(event, context):\n    return {'id': event.id, 'body': event.data}",
        "def handle(event, context):\n    return event['type']",
        "def handle(event, context):\n    return None",
        "def handle(event, context):\n    return keep(event)\ndef keep(event): return None",
        # Annotated, or declared: nobody has to guess.
        "from wherry import CloudEvent\ndef handle(event: CloudEvent, context):\n    event.data",
        "import wherry\n@wherry.cloud_event\ndef handle(event, context):\n    {'statusCode': 1}",
        "async def handle(event, context):\n    return {'statusCode': 200}",
    ],
)
def test_a_function_of_events_stays_ours(written, text):
    assert load(written(text, "function/handler.py")).kind is Kind.EVENT


def test_a_hook_is_one_by_its_decorator_alone(written):
    text = """
        import wherry

        def start(order, at): ...

        @wherry.ready
        def warm(): return True

        def handle(event, context):
            return {"statusCode": 200}
    """
    hooks = load(written(text)).hooks
    assert hooks.start is None
    assert hooks.ready.__name__ == "warm"


def test_what_cannot_be_told_is_asked_for(written):
    file = written("def handle(event, context):\n    return act(event)\ndef act(e): return e.body")
    assert load(file).kind is Kind.EVENT
    handler = load(file, signature="openfaas-http")
    assert invoke(handler, method="POST", body=b"x").body == b"x"


def test_who_says_so_must_have_such_a_function(written):
    file = written("def other(event): return 1")
    with pytest.raises(HandlerNameNotFound, match="no function 'handle'"):
        load(file, signature="openfaas-http")
    with pytest.raises(HandlerSignatureError, match="expected a function of"):
        load(file, name="other", signature="openfaas-http")
    with pytest.raises(HandlerSignatureError, match="expected a function of"):
        load(written("def handle(): return 1"), signature="openfaas-flask")


# python3-flask --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "return req",
        "import json\n    return {'n': json.loads(req)['n']}",
        "return req.upper()",
        "return 'got ' + req",
        "return str(len(req)), 200",
    ],
)
def test_a_function_of_text(written, body):
    handler = load(written(f"def handle(req):\n    {body}\n", "function/handler.py"))
    answer = invoke(handler, method="POST", body=b'{"n":1}')
    assert answer.status == 200
    assert answer.text.lower() in {'{"n":1}', 'got {"n":1}', "7"}


def test_raw_body_gives_bytes(written, monkeypatch):
    file = written("def handle(req):\n    return req.hex()\n")
    with pytest.raises(HandlerSignatureError):  # `hex` is no method of text: not beyond doubt
        load(file, signature="none")
    monkeypatch.setenv("RAW_BODY", "True")
    assert invoke(load(file, signature="openfaas-flask"), body=b"\xff").text == "ff"


def test_what_is_no_text_in_the_body_is_replaced(written):
    handler = load(written("def handle(req):\n    return req.strip()\n"))
    assert invoke(handler, body=b" \xff ").text == "�"


@pytest.mark.parametrize(
    "text",
    [
        "def handle(req):\n    return req.path",
        "def handle(req):\n    return req.get_data()",
        "def handle(req):\n    return req.args.get('strip', '') + req.method.upper()",
        "def handle(req):\n    return 'hello'",
        "def handle(request):\n    return request.path.strip()",
    ],
)
def test_a_function_of_a_request_stays_ours(written, text):
    assert invoke(load(written(text))).status == 200


def test_nothing_that_tells_text_is_had_by_a_request():
    import flask

    assert openfaas_flask._OF_TEXT.isdisjoint(dir(flask.Request))


def test_from_the_real_server(written):
    import urllib.request

    with running(written(STORE, "function/handler.py").parent.parent) as function:
        request = urllib.request.Request(
            function.url + "/orders", data=b'{"id": "7"}', headers={"X-User": "ada"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201
            assert answer.read() == b'{"id":"7","by":"ada"}'
