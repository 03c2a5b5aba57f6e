"""Knative's own queue-proxy in front of a function, without Kubernetes.

It listens on fixed ports, so it and the function live in a network of their own: the tests of this
module run in a new network namespace, which needs root.
"""

import ctypes
import fcntl
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from wherry.testing import running

pytestmark = pytest.mark.interop

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions_data" / "serving"
PORT = 8012  # all ports are free in a network of one's own
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41
LOGGING = {"level": "info", "encoding": "json", "outputPaths": ["stderr"],
           "errorOutputPaths": ["stderr"], "encoderConfig": {}}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _own_network():
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as before:
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_RUNNING))
        yield
        assert libc.setns(before.fileno(), CLONE_NEWNET) == 0


class QueueProxy:
    """A running queue-proxy."""

    def __init__(self, process, log):
        self.process = process
        self._log = log

    @property
    def log(self):
        return self._log.read_text()

    def ask(self, path="/", *, method="GET", body=None, timeout_s=30, **headers):
        """Status, headers by lower-case name, and body."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout_s)) as asking:
            asking.request(method, path, body=body, headers={"Host": "f.example", **fields})
            with asking.getresponse() as answer:
                got = {name.lower(): value for name, value in answer.getheaders()}
                return answer.status, got, answer.read()

    def is_ready(self):
        try:
            asked = self.ask(User_Agent="kube-probe/1.34", K_Network_Probe="queue", timeout_s=15)
        except OSError:
            return False
        return asked[0] == 200


def eventually(condition, within_s=20):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def queue_proxy(tmp_path):
    """Start a queue-proxy in front of a port: `queue_proxy(port, NAME=value)`."""
    program = shutil.which("queue-proxy")
    if program is None:
        pytest.skip("queue-proxy not found; tests/interop/tools.sh builds it")

    @contextmanager
    def queue_proxy(port, **settings):
        probe = {"httpGet": {"path": "/health/readiness", "port": port, "host": "127.0.0.1",
                             "scheme": "HTTP"}, "successThreshold": 1}  # fmt: skip
        environment = {
            "CONTAINER_CONCURRENCY": "0", "QUEUE_SERVING_PORT": str(PORT),
            "QUEUE_SERVING_TLS_PORT": "8112", "USER_PORT": str(port),
            "REVISION_TIMEOUT_SECONDS": "20", "SERVING_LOGGING_CONFIG": json.dumps(LOGGING),
            "SERVING_LOGGING_LEVEL": "info", "SERVING_NAMESPACE": "default",
            "SERVING_CONFIGURATION": "f", "SERVING_REVISION": "f-00001", "SERVING_POD": "f-pod",
            "SERVING_POD_IP": "127.0.0.1", "SERVING_READINESS_PROBE": json.dumps(probe),
            **settings,
        }  # fmt: skip
        log = tmp_path / "queue-proxy.log"
        with log.open("w") as output:
            process = subprocess.Popen([program], env=environment, stdout=output, stderr=output)
        proxy = QueueProxy(process, log)
        try:
            eventually(lambda: accepts(PORT) or process.poll() is not None)
            assert process.poll() is None, proxy.log
            yield proxy
        finally:
            process.kill()
            process.wait(10)

    return queue_proxy


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def served(name, **settings):
    return running(FUNCTIONS / name, K_SERVICE="f", **{"WHERRY_LAME_DUCK": "0", **settings})


def in_parallel(count, what):
    """What `count` calls of `what` at once gave, in no order."""
    results = []
    threads = [threading.Thread(target=lambda: results.append(what())) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return results


def test_it_is_ready_when_the_function_is(queue_proxy):
    with served("sync.py") as function, queue_proxy(function.port) as proxy:
        assert proxy.is_ready()
        assert function.terminate() == 0
        assert not proxy.is_ready()


def test_what_it_says_of_the_caller_is_believed(queue_proxy):
    with served("reporting.py") as function, queue_proxy(function.port) as proxy:
        status, headers, body = proxy.ask(
            "/a?b=c", X_Forwarded_For="198.51.100.7", X_Forwarded_Proto="https", X_Call_Id="c-1"
        )
        report = json.loads(body)
        assert (status, headers["x-call-id"]) == (200, "c-1")
        assert report["url"] == "https://f.example/a?b=c"
        assert report["secure"] is True
        assert "for=198.51.100.7" in report["headers"]["forwarded"]
        assert "proto=https" in report["headers"]["forwarded"]
        assert report["headers"]["x-forwarded-for"].split(", ")[0] == "198.51.100.7"
        # The queue-proxy adds its own caller, who is this test on loopback.
        assert report["address"] == "198.51.100.7"


def test_one_call_at_a_time_and_a_queue_that_overflows(queue_proxy):
    with (
        served("sync.py") as function,
        queue_proxy(function.port, CONTAINER_CONCURRENCY="1") as proxy,
    ):
        answers = in_parallel(14, lambda: proxy.ask("/sleep?s=0.3"))
        statuses = sorted(status for status, _, _ in answers)
        assert statuses == [200] * 11 + [503] * 3  # one runs, ten wait
        overflow = next(body for status, _, body in answers if status == 503)
        assert b"pending request queue full" in overflow
        eventually(lambda: function.log.count("GET /sleep 200") == 11)


def test_its_timeout_is_its_own(queue_proxy):
    with (
        served("sync.py") as function,
        queue_proxy(function.port, REVISION_TIMEOUT_SECONDS="2") as proxy,
    ):
        status, _, body = proxy.ask("/sleep?s=5")
        assert (status, body.strip()) == (504, b"request timeout")
        assert proxy.ask("/after")[0] == 200
        status, _, body = proxy.ask("/sleep?s=1.5", X_Timeout="200ms")
        assert (status, json.loads(body)["status"]) == (504, 504)


def test_bodies_of_unknown_length_pass_both_ways(queue_proxy):
    with (
        served("sync.py", WHERRY_LIMIT_BODY="9000000") as function,
        queue_proxy(function.port) as proxy,
    ):
        parts = [os.urandom(1000) * 100 for _ in range(30)]
        status, _, body = proxy.ask("/echo", method="POST", body=iter(parts))
        assert (status, body) == (200, b"".join(parts))
        status, headers, body = proxy.ask("/stream?n=3000")
        assert (status, len(body)) == (200, 3000 * 1024)
        assert headers["transfer-encoding"] == "chunked"
        status, headers, body = proxy.ask("/big?n=5000000")
        assert headers["content-length"] == "5000000"
        with pytest.raises(http.client.IncompleteRead):
            proxy.ask("/broken-stream")


def curl(path, *options):
    """Version of HTTP, status and body, as curl has them over HTTP/2."""
    done = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "-w", "\n%{http_version} %{http_code}", *options,
         f"http://127.0.0.1:{PORT}{path}"],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    body, _, told = done.stdout.rpartition(b"\n")
    version, status = told.decode().split()
    return version, int(status), body


def test_http_2_reaches_the_function_in_the_callers_protocol(queue_proxy, tmp_path):
    with served("reporting.py", WHERRY_H2C="on") as function, queue_proxy(function.port) as proxy:
        assert proxy.is_ready()
        version, status, body = curl("/a", "-H", "X-Forwarded-Proto: https")
        report = json.loads(body)
        assert (version, status, report["protocol"]) == ("2", 200, "HTTP/2")
        assert report["url"].startswith("https://127.0.0.1")
        assert json.loads(proxy.ask()[2])["protocol"] == "HTTP/1.1"
        (tmp_path / "body").write_text("x" * 700_000)
        _, status, body = curl("/", "--data-binary", f"@{tmp_path / 'body'}")
        assert (status, len(json.loads(body)["body"])) == (200, 700_000)
        answers = in_parallel(8, lambda: curl("/big"))
        assert {(version, status) for version, status, _ in answers} == {("2", 200)}


def test_http_2_to_a_function_that_does_not_speak_it_is_502(queue_proxy):
    with served("sync.py") as function, queue_proxy(function.port) as proxy:
        assert curl("/")[1] == 502
        assert proxy.ask()[0] == 200


@pytest.mark.parametrize("spoken", ["on", "off"])
def test_its_search_for_http_2_finds_what_there_is(queue_proxy, spoken):
    with (
        served("sync.py", WHERRY_H2C=spoken) as function,
        queue_proxy(function.port, ENABLE_HTTP2_AUTO_DETECTION="true") as proxy,
    ):
        assert proxy.is_ready()


def test_the_drain_loses_nothing(queue_proxy):
    """As the kubelet does it: the function's preStop hook waits at the queue-proxy."""
    with served("sync.py") as function, queue_proxy(function.port) as proxy:
        assert proxy.is_ready()
        results = []
        slow = threading.Thread(target=lambda: results.append(proxy.ask("/sleep?s=4")))
        slow.start()
        eventually(lambda: re.search(rb"in_flight.* 1\.0", scrape(function)))
        proxy.process.send_signal(signal.SIGTERM)
        with closing(http.client.HTTPConnection("127.0.0.1", 8022, timeout=90)) as hook:
            hook.request("GET", "/wait-for-drain")
            eventually(lambda: not proxy.is_ready())
            assert proxy.ask("/late")[0] == 200
            slow.join(30)
            assert results[0][0] == 200
            with hook.getresponse() as drained:
                assert drained.status == 200
        assert function.terminate() == 0
        assert proxy.process.wait(60) == 0


def scrape(function):
    where = function.metrics_url.removeprefix("http://").removesuffix("/metrics")
    with closing(http.client.HTTPConnection(where, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        return connection.getresponse().read()
