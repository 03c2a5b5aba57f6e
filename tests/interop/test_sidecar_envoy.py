"""What only Envoy does of what a project says, and how it ends: by a real Envoy."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.interop.proxying import Backend, Front, Site, envoy_program, wait

from wherry_build.manifests.sidecar.envoy.kind import drain

PROJECT = """
namespace: fns
functions:
  hello:
    traffic_policy:
      connection_pool: {max_connections: 1, max_pending: 1, max_requests_per_connection: 2}
      outlier_detection: {consecutive_5xx: 2, interval: 100ms, ejection_time: 1m, max_ejected: 100}
  orders: {}
hosts: {plain.example.com: {}}
routes:
  late: {path: {prefix: /late}, function: orders, fault: {delay: {time: 600ms, percent: 50}}}
  pages:
    path: {prefix: /pages}
    methods: [GET, PUT]
    headers: {x-who: {present: true}}
    function: orders
    cors:
      {origins: ["https://shop.example.com"], methods: [GET, PUT], headers: [x-who],
       expose_headers: [x-b], credentials: true, max_age: 10m}
  tries:
    path: {prefix: /tries}
    function: orders
    retries: {attempts: 2, per_try_timeout: 200ms, retry_on: [gateway-error]}
  hello: {path: {prefix: /hello}, function: hello, retries: {attempts: 0}}
"""
HOST = "plain.example.com"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(envoy_program() is None, reason="envoy is not installed"),
]


@contextmanager
def behind(folder: Path) -> Iterator[tuple[Front, list[Backend]]]:
    hello = [Backend("one"), Backend("two")]
    orders, own = Backend("orders"), Backend("own")
    try:
        backends = {"hello": hello, "orders": [orders]}
        with Site(folder, PROJECT, backends, own).run("envoy") as front:
            yield front, [*hello, orders, own]
    finally:
        for each in (*hello, orders, own):
            each.close()


def test_delays_are_as_declared(tmp_path):
    with behind(tmp_path) as (front, _):
        times = [front.get("/late", host=HOST).seconds for _ in range(40)]
        late = [each for each in times if each >= 0.5]  # its clock is a little fast
        assert 8 <= len(late) <= 32, times
        assert max(times) < 2


def test_pages_of_other_origins_are_let_in_as_declared(tmp_path):
    with behind(tmp_path) as (front, (*_, orders, _own)):
        asked = ("-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT")
        shop, other = ("-H", "Origin: https://shop.example.com"), ("-H", "Origin: https://x.com")
        before = front.get("/pages/a", *asked, *shop, host=HOST)
        assert before.status == 200
        assert before.headers["access-control-allow-origin"] == "https://shop.example.com"
        assert before.headers["access-control-allow-methods"] == "GET,PUT"
        assert before.headers["access-control-allow-headers"] == "x-who"
        assert before.headers["access-control-allow-credentials"] == "true"
        assert before.headers["access-control-max-age"] == "600"
        assert orders.seen == []
        refused = front.get("/pages/a", *asked, *other, host=HOST)
        assert "access-control-allow-origin" not in refused.headers
        called = front.get("/pages/a", "-H", "X-Who: me", *shop, host=HOST)
        assert called.headers["access-control-allow-origin"] == "https://shop.example.com"
        assert called.headers["access-control-expose-headers"] == "x-b"


def test_each_try_has_its_time(tmp_path):
    with behind(tmp_path) as (front, (*_, orders, _own)):
        orders.wait_s = 2
        answer = front.get("/tries", host=HOST)
        assert answer.status == 504
        assert answer.seconds < 1.9
        assert len(orders.seen) == 3


def test_connections_and_calls_that_wait_are_held_to_their_number(tmp_path):
    with behind(tmp_path) as (front, (one, two, *_)):
        one.wait_s = two.wait_s = 1
        found: list[int] = []

        def ask() -> None:
            found.append(front.get("/hello", host=HOST).status)

        callers = [threading.Thread(target=ask) for _ in range(8)]
        for each in callers:
            each.start()
        for each in callers:
            each.join()
        counted = Counter(found)
        assert counted.keys() == {200, 503}
        assert counted[503] >= 4, counted


def test_an_instance_that_fails_is_left_out(tmp_path):
    with behind(tmp_path) as (front, (one, *_)):
        one.answers = [500] * 100
        for _ in range(6):
            front.get("/hello", host=HOST)
        wait(lambda: "failed_outlier_check" in front.admin("/clusters"))

        def is_left_out() -> bool:  # Envoy gathers such news for a second
            return [front.get("/hello", host=HOST).status for _ in range(10)] == [200] * 10

        wait(is_left_out)
        assert one.answers, "it had not become well"


def test_what_a_pod_runs_before_it_ends_sends_callers_away(tmp_path):
    with behind(tmp_path) as (front, _):
        assert "connection" not in front.get("/hello", host=HOST).headers
        told = subprocess.run(drain(front.admin_port), capture_output=True, text=True, check=True)
        assert told.stdout.startswith("HTTP/1.1 200")
        answer = front.get("/late", host=HOST)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert front.get("/proxy-healthz", host=HOST).status == 503


def test_nobody_tells_the_proxy_what_to_do(tmp_path):
    """Headers by which Envoy takes orders from within are taken from nobody."""
    with behind(tmp_path) as (front, (*_, orders, _own)):
        orders.answers = [500] * 3
        orders_to_envoy = ("-H", "x-envoy-retry-on: 5xx", "-H", "x-envoy-max-retries: 3")
        assert front.get("/late", *orders_to_envoy, host=HOST).status == 500
        assert len(orders.seen) == 1
        assert front.get("/late", "-H", "a_b: c", host=HOST).status == 400


def test_calls_are_logged_as_json(tmp_path):
    with behind(tmp_path) as (front, _):
        front.get("/late/x", "-H", "X-Request-ID: call-1", host=HOST)
        wait(lambda: '"path"' in front.log)
        (line,) = [json.loads(line) for line in front.log.splitlines() if line.startswith("{")]
        assert line["path"] == "/late/x"
        assert line["request_id"] == "call-1"
        assert (line["status"], line["route"], line["cluster"]) == (200, "late", "orders")
