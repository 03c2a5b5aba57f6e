"""What nobody should send: paths, bodies and thousands of generated requests.

No answer is a 5xx of ours, none shows a traceback, and no file appears outside the state folder.
"""

import http.client
import json
import logging
import os
import random

import pytest
from tests.local.gateway.function_server import server
from tests.local.gateway.recording_fleet import RecordingFleet
from tests.local.gateway.served_gateway import AUTHORIZATION, FAAS_CLI, served_gateway

SEED = 20_261_123
USUAL, HARDENED = 2_000, 10_000

ROUTES = (
    ("GET POST PUT DELETE", "/system/functions"),
    ("GET", "/system/function/{}"),
    ("POST", "/system/scale-function/{}"),
    ("GET", "/system/info"),
    ("GET POST PUT DELETE", "/system/secrets"),
    ("GET", "/system/logs"),
    ("GET", "/system/namespaces"),
    ("POST", "/system/namespace/"),
    ("GET POST PUT DELETE", "/system/namespace/{}"),
    ("POST", "/system/alert"),
    ("GET", "/system/telemetry"),
    ("GET", "/system/overview"),
    ("GET", "/system/routes"),
    ("GET", "/system/calls"),
    ("POST", "/system/calls/{}/replay"),
    ("GET POST DELETE", "/async-function/{}"),
    ("POST", "/async-function/{}/path"),
    ("GET POST PUT DELETE", "/function/{}"),
    ("GET POST PUT DELETE", "/function/{}/a/{}"),
)
NAMES = (
    "hello", "hello.openfaas-fn", "orders", "new", "..", ".", "%2e%2e", "..%2fsystem", "a%00b",
    "%ff", "a" * 300, "hello.", ".hello", "a.b.c.d", "-x", "Hello", "héllo", "%0a", "~", "a b",
    "hello%2f..%2f", "hello;x", "{}", "'", "$(id)", "CON", "con.nul", "0",
)  # fmt: skip
WORDS = (
    None, True, False, 0, -1, 1, 3.5, 1e308, 2**31, 2**63, 2**64, "", "hello", "orders", "new",
    "openfaas-fn", "team", "../../etc/passwd", "/etc/passwd", "a\0b", "a\nb", "é", "\ud7ff",
    "x" * 5_000, "cat", "hello:latest", "AAEC", "not base64!", [], {}, [None], ["a"], [["a"]],
    {"a": "b"}, {"a": None}, {"": ""}, {"com.openfaas.scale.max": "-1"},
    {"com.openfaas.scale.factor": "x"}, {"com.openfaas.retry.codes": "9"}, {"a" * 400: "b"},
    {"__proto__": "x"}, "http://127.0.0.1/", "1970-01-01T00:00:00Z",
)  # fmt: skip
KEYS = (
    "service", "image", "namespace", "envProcess", "envVars", "constraints", "secrets", "labels",
    "annotations", "limits", "requests", "readOnlyRootFilesystem", "functionName", "serviceName",
    "replicas", "name", "value", "rawValue", "alerts", "status", "network",
)  # fmt: skip
QUERIES = (
    "", "namespace=openfaas-fn", "namespace=../x", "namespace=%00", "usage=1", "tail=x", "tail=5",
    "since=x", "name=hello", "name=..", "limit=0", "limit=x", "before=1", "state=dead",
    "function=hello", "instance=%ff", "&&&==", "a=b" * 200, "&".join(f"a{i}=1" for i in range(200)),
    "contains=%E2%98%83", "callId=x", "follow=x",
)  # fmt: skip
HEADERS = (
    {}, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"},
    {"X-Callback-Url": "http://127.0.0.1/"}, {"X-Callback-Url": "x" * 3000},
    {"X-Callback-Url": "http://a@b/"}, {"X-Call-Id": "../../x"}, {"X-Call-Id": "a" * 500},
    {"X-Call-Id": "same"},
    {"Origin": "http://evil.example"}, {"Connection": "X-Call-Id"}, {"Expect": "100-continue"},
    {"Accept": "text/html"}, {"X-Forwarded-For": "é"},
)  # fmt: skip
LIKELY = ("hello", "orders", "new", "team", "same")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


@pytest.fixture
def gateway_beside_files(tmp_path):
    """A gateway whose project is beside other files, all of which are to stay as they are."""
    project = tmp_path / "project"
    (project / ".secrets").mkdir(parents=True)
    (project / ".secrets/theirs").write_text("x")
    (tmp_path / "beside").write_text("x")
    with server() as function:
        fleet = RecordingFleet(function.server_address)
        with served_gateway(project, fleet=fleet) as gateway:
            yield gateway


def body_of(chance):
    kind = chance.random()
    if kind < 0.05:
        return None
    if kind < 0.1:
        return chance.randbytes(chance.randrange(200))
    if kind < 0.15:
        return json.dumps(chance.choice(WORDS)).encode()
    if kind < 0.2:
        return chance.choice((b"{", b"[" * 5_000, b'{"a":' * 3_000, b"\xff{}", b"{}" * 2, b"NaN"))
    if kind < 0.6:
        return json.dumps(_likely(chance)).encode()
    return json.dumps({key: chance.choice(WORDS) for key in chance.sample(KEYS, 6)}).encode()


def _likely(chance):
    """A body that is right but for one thing, which gets further than others."""
    name = chance.choice(("hello", "orders", "new", "other", "team"))
    body = {
        "service": name,
        "functionName": name,
        "serviceName": name,
        "name": name,
        "value": "v",
        "replicas": chance.randrange(12),
        "image": chance.choice(("hello", "orders", "nginx")),
        "envProcess": chance.choice(("", "cat")),
    }
    body[chance.choice(KEYS)] = chance.choice(WORDS)
    return body


def ask(connection, chance):
    methods, pattern = chance.choice(ROUTES)
    method = chance.choice(METHODS if chance.random() < 0.1 else methods.split())
    name = chance.choice(NAMES) if chance.random() < 0.5 else chance.choice(LIKELY)
    path = pattern.replace("{}", name)
    query = chance.choice(QUERIES) if chance.random() < 0.5 else ""
    headers = {
        "Authorization": AUTHORIZATION,
        **chance.choice(HEADERS if chance.random() < 0.5 else ({},)),
    }
    target = (path + (f"?{query}" if query else "")).replace(" ", "%20")
    body = body_of(chance) if method not in {"GET", "HEAD"} else None
    # By hand, since clients refuse to send half of this.
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [] if body is None else [f"Content-Length: {len(body)}"]
    head = "\r\n".join([*lines, "", ""]).encode()
    if connection.sock is None:
        connection.connect()
    connection.sock.sendall(head + (body or b""))
    with http.client.HTTPResponse(connection.sock, method=method) as response:
        response.begin()
        content = response.read()
        if response.will_close:
            connection.close()
    return f"{method} {target[:200]} {body and body[:200]}", response.status, content


def tree(root):
    """Every file below a folder, but for the state folder: its content and its mode."""
    found = {}
    for folder, folders, files in os.walk(root):
        if ".wherry" in folders:
            folders.remove(".wherry")
        for each in files:
            path = os.path.join(folder, each)
            with open(path, "rb") as file:
                found[path] = (file.read(), os.stat(path).st_mode)
    return found


@pytest.mark.parametrize("count", [USUAL, pytest.param(HARDENED, marks=pytest.mark.hardening)])
def test_generated_requests_are_answered_and_leave_no_trace(gateway_beside_files, count, caplog):
    gateway = gateway_beside_files
    outside = gateway.root.parent
    before = tree(outside)
    caplog.set_level(logging.ERROR)
    chance = random.Random(SEED + count)
    connection = gateway.connection()
    seen = {}
    try:
        for _ in range(count):
            try:
                asked, status, body = ask(connection, chance)
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                connection.close()  # closed after what was no HTTP, as it should be
                connection = gateway.connection()
                continue
            seen[status] = seen.get(status, 0) + 1
            assert status < 500, (asked, body)
            assert b"Traceback" not in body, asked
            assert b".py" not in body, asked
    finally:
        connection.close()
    assert {200, 202, 400, 404, 405}.issubset(seen), seen
    assert sum(seen.values()) > count * 0.9
    assert tree(outside) == before
    assert not [each for each in caplog.records if each.exc_info], caplog.text
    # It serves on, and what it keeps can be read again.
    assert gateway.ask("GET", "/system/functions").status == 200
    kept = [each.name for each in gateway.state.path.iterdir()]
    assert not [name for name in kept if name.endswith(".part")]


@pytest.mark.parametrize(
    "path",
    [
        "/function/../system/info",
        "/function/..%2fsystem/info",
        "/function/%2e%2e/system/info",
        "/async-function/../system/info",
        "/async-function/%2e%2e/system/info",
        "/async-function/..%2fsystem%2finfo",
        "/async-function/hello/../../system/info",
        "/async-function//system/info",
        "//system/info",
        "/system//info",
        "/system/./info",
        "/system/info/",
        "/System/info",
        "/system/%69nfo",
        "/system%2finfo",
        "/ui/../system/info",
        "/healthz/../system/info",
        "/system/function/..%2f..%2finfo",
        "/system\\info",
        "/system/info;x",
    ],
)
def test_no_path_but_its_own_leads_to_the_admin_api(gateway, path):
    for method in ("GET", "POST"):
        for headers in ({}, FAAS_CLI):
            answer = gateway.ask(method, path, headers=headers)
            assert answer.status in {400, 401, 404, 405}, (method, path)
            assert b"provider" not in answer.body


def test_pages_of_other_origins_change_nothing(gateway):
    wanted = {"service": "new", "image": "hello"}
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        headers = {**FAAS_CLI, "Origin": origin, "Content-Type": "application/json"}
        assert gateway.ask("POST", "/system/functions", wanted, headers).status == 403
    assert gateway.ask("GET", "/system/function/new").status == 404


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'{"envVars":{' + b",".join(b'"A%d":"x"' % n for n in range(20_000)) + b"}}",
        b'{"labels":"' + b"x" * 1_000_000 + b'"}',
        b'{"service":' + b"9" * 500_000 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"service":"\\ud800"}',
    ],
    ids=["arrays", "objects", "variables", "text", "number", "mark", "surrogate"],
)
def test_bombs_of_json_are_refused(gateway, bomb):
    for method, path in (
        ("POST", "/system/functions"),
        ("DELETE", "/system/functions"),
        ("POST", "/system/secrets"),
        ("POST", "/system/namespace/"),
        ("POST", "/system/alert"),
    ):
        assert gateway.ask(method, path, bomb).status == 400, path
    assert gateway.ask("POST", "/system/functions", b"x" * ((1 << 20) + 1)).status == 413
