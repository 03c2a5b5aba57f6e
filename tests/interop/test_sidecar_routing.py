"""A real Envoy, NGINX and HAProxy with the configuration of a pod: who gets which call, and how."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.interop.proxying import HOST, Backend, Front, Site, kinds, wait

from wherry.testing import running
from wherry_build.manifests.sidecar.placement import Address

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"
PROJECT = """
namespace: fns
functions:
  hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}
  orders: {}
  audit: {}
hosts:
  fns.example.com: {tls: {secret: fns-tls, redirect: false}}
  strict.example.com: {tls: {secret: strict-tls}}
  plain.example.com: {}
routes:
  checkout: {path: {exact: /service1/checkout}, function: audit, rewrite: {path: /pay}}
  writes: {path: {prefix: /service2}, methods: [POST], function: audit}
  canary:
    path: {prefix: /service2}
    headers: {x-canary: {exact: "a b$c"}, x-no: {present: false}}
    function: audit
    rewrite: {path: /canary, host: other.example.com}
  one: {path: {prefix: /service1}, function: orders, rewrite: {path: /}}
  two: {path: {prefix: /service2}, function: orders}
  shared: {path: {prefix: /hello}, function: hello, rewrite: {path: /}}
  again:
    path: {prefix: /again}
    function: orders
    retries: {attempts: 2, retry_on: [gateway-error]}
  never: {path: {prefix: /never}, function: orders, retries: {attempts: 0}}
  slow: {path: {prefix: /slow}, function: orders, timeout: 500ms}
  copied:
    path: {prefix: /copied}
    function: orders
    rewrite: {path: /c}
    mirror: {function: audit}
  some: {path: {prefix: /some}, function: orders, mirror: {function: audit, percent: 30}}
  faulty:
    path: {prefix: /faulty}
    function: orders
    fault: {abort: {status: 418, percent: 50}}
"""

pytestmark = [pytest.mark.interop, kinds()]


class Stage:
    """The proxy, and everything behind it."""

    def __init__(self, front: Front, backends: dict[str, list[Backend]], own: Backend) -> None:
        self.front = front
        self.backends = backends
        self.own = own

    def targets(self, name: str) -> list[bytes]:
        return [target for backend in self.backends[name] for target in backend.targets]


@contextmanager
def stage(kind: str, folder: Path, text: str = PROJECT) -> Iterator[Stage]:
    names = {"hello": 1, "hello_v1": 1, "hello_v2": 1, "orders": 2, "audit": 1}
    backends = {name: [Backend(name) for _ in range(many)] for name, many in names.items()}
    own = Backend("own")
    try:
        with Site(folder, text, backends, own).run(kind) as front:
            yield Stage(front, backends, own)
    finally:
        for backend in [own, *(each for listed in backends.values() for each in listed)]:
            backend.close()


def is_of_this_machine(address: bytes) -> bool:
    """Envoy calls a caller on loopback by an address that others know."""
    with socket.create_server((address.strip().decode(), 0)):
        return True


@pytest.fixture
def staged(kind: str, tmp_path: Path) -> Iterator[Stage]:
    with stage(kind, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "backend", "target"),
    [
        ("/service1", "orders", b"/"),
        ("/service1/", "orders", b"/"),
        ("/service1?x=1&y=%2F", "orders", b"/?x=1&y=%2F"),
        ("/service1/a/b?x=1", "orders", b"/a/b?x=1"),
        ("/service1/a%2Fb", "orders", b"/a%2Fb"),
        ("/service1/a%20b%C3%A9", "orders", b"/a%20b%C3%A9"),
        ("/service1/a//b", "orders", b"/a//b"),
        ("/service1/checkout", "audit", b"/pay"),
        ("/service1/checkout?a=/service1", "audit", b"/pay?a=/service1"),
        ("/service1/checkout/", "orders", b"/checkout/"),
        ("/service2", "orders", b"/service2"),
        ("/service2/x%2Fy?z", "orders", b"/service2/x%2Fy?z"),
    ],
)
def test_the_function_sees_the_path_byte_for_byte(staged: Stage, path, backend, target):
    answer = staged.front.get(path)
    assert (answer.status, answer.text) == (200, backend), staged.front.log
    assert staged.targets(backend) == [target]


@pytest.mark.parametrize(
    "path", ["/service1x", "/SERVICE1", "/service1%2Fa", "/service", "/", "/hell", "/service10/a"]
)
def test_what_no_route_takes_is_answered_here(staged: Stage, kind, path):
    answer = staged.front.get(path)
    # NGINX decodes before it compares; it refuses what it would have to pass on in another form.
    assert answer.status == (400 if (kind, path) == ("nginx", "/service1%2Fa") else 404)
    if answer.status == 404:
        assert answer.headers["content-type"] == "application/problem+json"
        assert json.loads(answer.text)["status"] == 404
    assert not any(staged.targets(name) for name in staged.backends)
    assert staged.own.targets == []


def test_routes_are_asked_in_their_order_with_all_their_conditions(staged: Stage):
    ask = staged.front.get
    assert ask("/service2/a", "-X", "POST", "-d", "x").text == "audit"
    assert ask("/service2/a", "-H", "X-Canary: a b$c").text == "audit"
    assert ask("/service2/a", "-H", "X-Canary: a b$cd").text == "orders"
    assert ask("/service2/a", "-H", "X-Canary: a b$c", "-H", "X-No: 1").text == "orders"
    assert ask("/service2/a", "-H", "X-Canary: 1").text == "orders"
    assert ask("/service2/a").text == "orders"
    written, canary = staged.backends["audit"][0].seen
    assert (written.target, written.body) == (b"/service2/a", b"x")
    assert (canary.target, canary.headers[b"host"]) == (b"/canary/a", b"other.example.com")


def test_what_is_not_for_a_host_of_the_project_is_for_the_function(staged: Stage):
    for host in ("hello.fns.svc.cluster.local", "10.1.2.3", "example.com"):
        assert staged.front.get("/service1/a%2Fb?x", host=host).text == "own"
    assert staged.own.targets == [b"/service1/a%2Fb?x"] * 3
    assert staged.front.get("/service1", host="hello.fns.svc", secure=True).status == 200


def test_a_routed_call_is_given_to_the_function_and_not_routed_again(staged: Stage):
    answer = staged.front.get("/service1/x")
    assert answer.text == "orders"
    (sent,) = [seen for each in staged.backends["orders"] for seen in each.seen]
    assert sent.headers[b"x-wherry-routed"] == b"http"
    assert sent.headers[b"host"].startswith(HOST.encode())
    # As the next proxy gets it: the same host, and the path rewritten.
    again = staged.front.get(
        "/x", "-H", "X-Wherry-Routed: https", "-H", "X-Forwarded-For: 198.51.100.1"
    )
    assert again.text == "own"
    (got,) = staged.own.seen
    assert got.headers[b"x-forwarded-proto"] == b"https"
    # The account goes on: who was there before, and who calls now.
    before, after = got.headers[b"x-forwarded-for"].split(b",")
    assert before == b"198.51.100.1"
    assert is_of_this_machine(after)
    assert got.target == b"/x"
    assert staged.front.get("/x", "-H", "X-Wherry-Routed: junk").status == 404


def test_over_https_nobody_is_believed_to_have_routed(staged: Stage, kind):
    forged = ("-H", "X-Wherry-Routed: http", "-H", "X-Forwarded-For: 198.51.100.1")
    assert staged.front.get("/service1/x", *forged, secure=True).text == "orders"
    assert staged.front.get("/x", *forged, secure=True).status == 404
    (sent,) = [seen for each in staged.backends["orders"] for seen in each.seen]
    assert sent.headers[b"x-forwarded-proto"] == b"https"
    assert sent.headers[b"x-wherry-routed"] == b"https"
    *before, caller = sent.headers[b"x-forwarded-for"].split(b",")
    assert before == ([b"198.51.100.1"] if kind == "envoy" else [])  # which adds to any account
    assert is_of_this_machine(caller)


def test_at_the_edge_the_scheme_and_the_address_are_those_of_the_connection(staged: Stage):
    forged = (
        "-H",
        "X-Forwarded-Proto: ftp",
        "-H",
        "X-Request-ID: call-1",
        "-H",
        "X-Real-IP: 1.1.1.1",
    )
    staged.front.get("/service1", *forged, secure=True)
    (sent,) = [seen for each in staged.backends["orders"] for seen in each.seen]
    assert sent.headers[b"x-forwarded-proto"] == b"https"
    assert sent.headers[b"x-wherry-routed"] == b"https"
    assert is_of_this_machine(sent.headers[b"x-forwarded-for"])
    assert sent.headers[b"x-request-id"] == b"call-1"


def test_a_host_with_tls_sends_plain_calls_there(staged: Stage):
    answer = staged.front.get("/service1/a?b=c", host="strict.example.com")
    assert answer.status == 308
    assert answer.headers["location"].startswith("https://strict.example.com")
    assert answer.headers["location"].endswith("/service1/a?b=c")
    assert staged.front.get("/service1", host="strict.example.com", secure=True).text == "orders"
    assert staged.front.get("/service1", host="plain.example.com").text == "orders"
    # It has no certificate of its own, so the caller does not look at the one it is shown.
    assert staged.front.get("/service1", "-k", host="plain.example.com", secure=True).status == 421


def test_the_proxy_answers_for_its_own_health(staged: Stage):
    assert staged.front.get("/proxy-healthz", host="10.0.0.1").status == 200
    assert staged.own.seen == []


def test_weights_are_within_three_points(staged: Stage):
    port = staged.front.http_port
    url = f"http://{HOST}:{port}/hello?n=[1-1000]"
    done = staged.front.curl("--connect-to", f"{HOST}:{port}:127.0.0.1:{port}", "--no-include", url)
    assert done.returncode == 0, done.stderr
    counted = {name: len(staged.targets(name)) for name in ("hello_v1", "hello_v2")}
    assert sum(counted.values()) == 1000
    assert 870 <= counted["hello_v1"] <= 930, counted
    assert staged.targets("hello") == []


def test_a_backend_that_is_killed_gives_no_error(staged: Stage):
    first, second = staged.backends["orders"]
    for _ in range(10):
        assert staged.front.get("/service1/a").status == 200
    assert first.seen
    assert second.seen
    first.close()
    statuses = Counter(staged.front.get("/service1/a").status for _ in range(40))
    assert statuses == {200: 40}
    # A call with a body is not made twice, and none is lost: nothing of it had been sent.
    posted = Counter(
        staged.front.get("/service1/a", "-X", "POST", "-d", "x").status for _ in range(10)
    )
    assert posted == {200: 10}


def test_retries_are_as_declared(staged: Stage):
    first, second = staged.backends["orders"]
    first.answers = [503] * 5
    assert [staged.front.get("/again").status for _ in range(4)] == [200] * 4
    assert len(first.answers) < 5
    before = len(first.seen) + len(second.seen)
    first.answers = [503] * 10
    second.answers = [503] * 10
    assert staged.front.get("/never").status == 503
    assert len(first.seen) + len(second.seen) == before + 1


def test_a_timeout_is_as_declared(staged: Stage):
    for backend in staged.backends["orders"]:
        backend.wait_s = 5
    answer = staged.front.get("/slow")
    assert answer.status == 504
    assert 0.4 < answer.seconds < 2


def test_copies_are_sent_as_declared(staged: Stage, kind):
    if kind == "haproxy":
        assert staged.front.get("/copied/x").text == "orders"  # which sends none, and says so
        assert staged.targets("audit") == []
        return
    for _ in range(20):
        assert staged.front.get("/copied/x?y=1", "-d", "body").text == "orders"
    copies = staged.backends["audit"][0]
    wait(lambda: len(copies.seen) == 20)
    assert {(each.target, each.body, each.method) for each in copies.seen} == {
        (b"/c/x?y=1", b"body", b"POST")
    }
    copies.seen.clear()
    for number in range(200):
        assert staged.front.get(f"/some?{number}").text == "orders"
    wait(lambda: len(copies.seen) > 35)
    assert 35 <= len(copies.seen) <= 85


def test_faults_are_as_declared(staged: Stage):
    statuses = Counter(staged.front.get("/faulty").status for _ in range(100))
    assert statuses.keys() == {200, 418}
    assert 30 <= statuses[418] <= 70, statuses


def test_functions_are_served(kind, tmp_path):
    """In front of functions that Wherry serves, in the pod and beyond."""
    with ExitStack() as stack:
        served = {
            name: [
                Address(
                    host="127.0.0.1", port=stack.enter_context(running(FUNCTIONS / "sync.py")).port
                )
            ]
            for name in ("orders", "audit")
        }
        unused = [Backend("unused")]
        backends = {**served, "hello": unused, "hello_v1": unused, "hello_v2": unused}
        front = stack.enter_context(Site(tmp_path, PROJECT, backends, served["audit"][0]).run(kind))
        answer = front.get("/service1/a%2Fb?x=1", secure=True)
        assert (answer.status, json.loads(answer.text)["query"]) == (200, "x=1")
        body = "z" * 300_000
        (tmp_path / "body").write_text(body)
        echoed = front.get("/service1/echo", "--data-binary", f"@{tmp_path / 'body'}", secure=True)
        assert echoed.text == body
        for path in ("/health/readiness", "/health/liveness"):
            assert front.get(path, host="10.0.0.1").status == 200
        assert front.get("/stream?n=500", host="10.0.0.1").text.count("y") >= 500 * 1024
