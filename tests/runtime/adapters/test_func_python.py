"""Functions written for Knative's func-python, as its templates write them."""

import json

import pytest

from wherry.errors import HandlerSignatureError
from wherry.handler import Kind
from wherry.loader import load
from wherry.testing import invoke, invoke_event, running

HTTP = """
    import logging


    def new():
        return Function()


    class Function:
        def __init__(self):
            self.settings = None

        async def handle(self, scope, receive, send):
            logging.info("OK: Request Received")
            await send({
                'type': 'http.response.start',
                'status': 200,
                'headers': [[b'content-type', b'text/plain']],
            })
            await send({
                'type': 'http.response.body',
                'body': ('OK ' + scope['path'] + ' ' + str(self.settings)).encode(),
            })

        def start(self, cfg):
            self.settings = cfg.get("FUNC_COLOUR")

        def stop(self):
            print("Function stopping")

        def alive(self):
            return True, "Alive"

        def ready(self):
            return True, "Ready"
"""
EVENTS = """
    from cloudevents.core.v1.event import CloudEvent


    def new():
        return Function()


    class Function:
        async def handle(self, scope, receive, send):
            event = scope["event"]
            assert isinstance(event, CloudEvent)
            answer = CloudEvent(
                {"type": "dev.answer", "source": "/f", "id": event.get_id()},
                {"got": event.get_data()},
            )
            SEND
"""
STATIC = """
    async def handle(scope, receive, send):
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": body.upper()})
"""


def event(number="1"):
    from wherry import CloudEvent

    return CloudEvent(type="com.acme.placed", source="/till", id=number, data={"n": 1})


def test_an_instance_of_new(written):
    handler = load(written(HTTP, "function/func.py"))
    answer = invoke(handler, path="/some%20where")
    assert (answer.status, answer.text) == (200, "OK /some where None")
    assert answer.headers["content-type"] == "text/plain"
    assert handler.name == "func.new"
    assert handler.kind is Kind.HTTP


@pytest.mark.parametrize(
    "names", [["function/func.py"], ["function/func.py", "function/__init__.py"]]
)
def test_a_project_as_its_tool_lays_it_out(written, names):
    for name in names:
        file = written("from .func import new" if "__init__" in name else HTTP, name)
    written('[project]\nname = "function"\n', "pyproject.toml")
    assert invoke(load(file.parent.parent)).status == 200


def test_a_package_that_is_named_for_its_folder(written):
    written(HTTP, "function/func.py")
    file = written("from function.func import new", "function/__init__.py")
    assert invoke(load(file)).status == 200
    assert load(file).name == "function.new"


def test_a_function_without_an_instance(written):
    answer = invoke(load(written(STATIC, "func.py")), method="POST", body=b"abc")
    assert (answer.status, answer.body) == (201, b"ABC")


def test_hooks_from_the_real_server(written):
    import urllib.request

    file = written(HTTP, "function/func.py")
    with running(file, FUNC_COLOUR="blue") as function:
        with urllib.request.urlopen(function.url + "/x", timeout=10) as answer:
            assert answer.read() == b"OK /x blue"
        with urllib.request.urlopen(function.url + "/health/readiness", timeout=10) as answer:
            assert answer.read() == b"Ready\n"
        assert function.terminate() == 0
        assert "Function stopping" in function.log


def test_a_start_that_fails_stops_the_server(written):
    text = HTTP.replace('self.settings = cfg.get("FUNC_COLOUR")', 'raise OSError("no database")')
    with pytest.raises(RuntimeError, match="no database"), running(written(text, "func.py")):
        pass


# Events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("send", "status", "content_type"),
    [
        ("await send(answer)", 200, "application/cloudevents+json"),
        ("await send(answer, 202)", 202, "application/cloudevents+json"),
        ("await send.structured(answer, 201)", 201, "application/cloudevents+json"),
        ("await send.binary(answer)", 200, "application/json"),
    ],
)
def test_an_event_is_answered_as_it_is_sent(written, send, status, content_type):
    handler = load(written(EVENTS.replace("SEND", send), "func.py"))
    assert handler.kind is Kind.EVENT
    for structured in (False, True):
        answer = invoke_event(handler, event(), structured=structured)
        assert answer.status == status
        assert answer.headers["content-type"].startswith(content_type)
        assert (answer.event.type, answer.event.id) == ("dev.answer", "1")
        assert answer.event.data == {"got": {"n": 1}}


def test_an_event_may_be_answered_by_plain_messages(written):
    send = """await send.http({"type": "http.response.start", "status": 418,
                             "headers": [(b"x-a", b"1")]})
            await send.http({"type": "http.response.body", "body": b"tea", "more_body": True})
            await send.http({"type": "http.response.body", "body": b"pot"})"""
    answer = invoke_event(load(written(EVENTS.replace("SEND", send), "func.py")), event())
    assert (answer.status, answer.body, answer.headers["x-a"]) == (418, b"teapot", "1")


def test_a_function_that_sends_nothing_has_accepted(written):
    assert invoke_event(load(written(EVENTS.replace("SEND", "pass"))), event()).status == 204


def test_events_of_a_batch_are_answered_together(written):
    handler = load(written(EVENTS.replace("SEND", "await send.binary(answer)")))
    document = {"specversion": "1.0", "source": "/till", "type": "t"}
    batch = [{**document, "id": "1"}, {**document, "id": "2"}]
    headers = {"content-type": "application/cloudevents-batch+json"}
    answer = invoke(handler, method="POST", headers=headers, body=json.dumps(batch).encode())
    assert [each["id"] for each in answer.json] == ["1", "2"]


def test_what_is_no_event_is_the_callers_fault(written):
    handler = load(written(EVENTS.replace("SEND", "1 / 0")))
    assert invoke(handler, method="POST", body=b"{}").status == 400
    assert invoke(handler).status == 405


@pytest.mark.parametrize("error", ["ValueError('mine')", "KeyError('mine')"])
def test_an_error_of_the_function_is_its_own(written, error):
    handler = load(written(EVENTS.replace("SEND", f"raise {error}")))
    with pytest.raises((ValueError, KeyError), match="mine"):
        invoke_event(handler, event())


def test_an_answer_out_of_order_is_the_functions_fault(written):
    handler = load(written(EVENTS.replace("SEND", "await send(answer); await send(answer)")))
    with pytest.raises(RuntimeError, match="two answers"):
        invoke_event(handler, event())


@pytest.mark.parametrize(
    ("invoke_line", "kind"),
    [
        ("invoke: cloudevent", Kind.EVENT),
        ('invoke: "cloudevent"  # or http', Kind.EVENT),
        ("invoke: http", Kind.HTTP),
        ("# invoke: cloudevent", Kind.HTTP),
    ],
)
def test_the_project_says_which_flavour_it_is(written, invoke_line, kind):
    written(f"specVersion: 0.36.0\nname: f\n{invoke_line}\nruntime: python\n", "func.yaml")
    assert load(written(HTTP, "function/func.py")).kind is kind


def test_the_flavour_may_be_asked_for(written):
    file = written(HTTP, "func.py")
    assert load(file, signature="func-python-cloudevent").kind is Kind.EVENT


@pytest.mark.parametrize(
    "text",
    [
        "def new(request): return 'made'\ndef handle(request): return 'ours'",
        "def new(): 1 / 0\ndef handle(request): return 'ours'",
        "async def handle(request): return 'ours'",
    ],
)
def test_a_function_of_ours_stays_ours(written, text):
    assert invoke(load(written(text))).text == "ours"


def test_new_must_make_what_can_be_called(written):
    file = written("def new():\n    return object()\n")
    with pytest.raises(HandlerSignatureError, match="async handle"):
        load(file)
    with pytest.raises(HandlerSignatureError, match="async handle"):
        load(written("def handle(scope, receive, send): ..."), signature="func-python")
