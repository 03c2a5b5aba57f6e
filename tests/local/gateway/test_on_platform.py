"""The API against a whole platform: what is deployed runs, and secrets and changes reach it."""

import base64
import http.client
import json
import threading

import pytest
from tests.local.gateway.function_server import server
from tests.local.platform.life import eventually, living

HANDLER = """\
import os
import time


def handle(request, context):
    if request.path == "/env":
        return dict(os.environ)
    if request.path == "/secret":
        return {name: context.secrets[name] for name in context.secrets.names()}
    if request.path == "/slow":
        time.sleep(0.05)
    print("called", request.path, flush=True)
    return {"body": request.get_data(as_text=True), "call": context.call_id}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "hello").mkdir()
    (root / "hello/handler.py").write_text(HANDLER)
    return root


@pytest.fixture(scope="module")
def platform(project):
    with living(project, "--allow-private", "--no-watch") as life:
        yield life
        assert life.end() == 0


def deploy(platform, **wanted):
    return platform.admin("POST", "/system/functions", body=json.dumps(wanted))


def invoke(platform, path, body=b""):
    status, content = platform.ask("POST", f"/function/{path}", body=body)
    assert status == 200, (status, content)
    return content


def test_faas_cli_finds_everything_under_the_default_namespace(platform):
    answer = json.loads(invoke(platform, "hello.openfaas-fn", b"hi"))
    assert answer["body"] == "hi"


def test_an_image_of_the_project_runs_under_another_name(platform):
    deploy(platform, service="twin", image="ghcr.io/acme/hello:1", envVars={"MODE": "loud"})
    found = json.loads(invoke(platform, "twin/env"))
    assert found["MODE"] == "loud"
    assert found["WHERRY_FUNCTION"] == "twin"
    assert found["K_SINK"].endswith("/default/default")
    assert found["K_CE_OVERRIDES"] == ""
    assert found["OPENFAAS_URL"] == f"http://{platform.gateway}"
    assert "OPENFAAS_NAME" not in found


def test_a_command_runs_for_each_call(platform):
    deploy(platform, service="shout", envProcess="tr a-z A-Z")
    assert invoke(platform, "shout", b"hello") == b"HELLO"
    deploy(platform, service="shown", envProcess="env")
    found = dict(
        line.partition("=")[::2] for line in invoke(platform, "shown").decode().split("\n")
    )
    assert found["K_SINK"].endswith("/default/default")
    assert found["K_CE_OVERRIDES"] == ""
    assert found["OPENFAAS_URL"] == f"http://{platform.gateway}"
    assert found["Http_Method"] == "POST"


def test_a_secret_and_its_change_reach_a_function_that_runs(platform):
    secret = {"name": "token", "value": "first"}
    platform.admin("POST", "/system/secrets", body=json.dumps(secret))
    platform.admin("POST", "/system/secrets", body=json.dumps({**secret, "name": "other"}))
    deploy(platform, service="guarded", image="hello", secrets=["token"])
    assert json.loads(invoke(platform, "guarded/secret")) == {"token": "first"}
    platform.admin("PUT", "/system/secrets", body=json.dumps({**secret, "value": "second"}))
    assert json.loads(invoke(platform, "guarded/secret")) == {"token": "second"}


def test_an_asynchronous_call_is_made_logged_and_called_back(platform):
    with server() as receiver:
        connection = http.client.HTTPConnection(platform.gateway, timeout=10)
        connection.request(
            "POST", "/async-function/hello/p?q=1", b"later", {"X-Callback-Url": receiver.url}
        )
        accepted = connection.getresponse()
        accepted.read()
        connection.close()
        call_id = accepted.headers["X-Call-Id"]
        assert accepted.status == 202
        called_back = receiver.next()
    assert json.loads(called_back.body) == {"body": "later", "call": call_id}
    assert called_back.headers["X-Function-Status"] == "200"
    shown = platform.admin("GET", f"/async-function/{call_id}")
    assert (shown["state"], shown["status"]) == ("delivered", 200)

    def logged():
        password = platform.state.password.read_text().strip()
        token = base64.b64encode(f"admin:{password}".encode()).decode()
        _, lines = platform.ask(
            "GET",
            f"/system/logs?name=hello&callId={call_id}",
            headers={"Authorization": f"Basic {token}"},
        )
        return b"called /p" in lines

    eventually(logged)


def test_changing_a_function_loses_no_call(platform):
    deploy(platform, service="steady", image="hello", labels={"com.openfaas.scale.min": "2"})
    statuses = []
    over = threading.Event()

    def calling():
        connection = http.client.HTTPConnection(platform.gateway, timeout=20)
        while not over.is_set():
            connection.request("POST", "/function/steady/slow", b"x")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    callers = [threading.Thread(target=calling) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for revision in range(3):
            deploy(
                platform,
                service="steady",
                image="hello",
                envVars={"REVISION": str(revision)},
                labels={"com.openfaas.scale.min": "2"},
            )

            def is_new(revision=str(revision)):
                return json.loads(invoke(platform, "steady/env")).get("REVISION") == revision

            eventually(is_new)
            before = len(statuses)
            eventually(lambda before=before: len(statuses) >= before + len(callers))
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert set(statuses) == {200}


def test_a_function_that_is_scaled_to_zero_wakes_for_a_call(platform):
    body = json.dumps({"serviceName": "hello", "replicas": 0})
    platform.admin("POST", "/system/scale-function/hello", body=body)
    eventually(lambda: platform.admin("GET", "/system/function/hello")["availableReplicas"] == 0)
    assert json.loads(invoke(platform, "hello", b"awake"))["body"] == "awake"
    shown = platform.admin("GET", "/system/function/hello?usage=1")
    assert shown["availableReplicas"] > 0
    assert shown["usage"]["totalMemoryBytes"] > 1_000_000
