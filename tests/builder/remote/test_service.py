"""The server in a process of its own, asked by a client that is written as Go's SDK is."""

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.builder.remote.client import get, post, signed, tar

from wherry_build.errors import InvalidName
from wherry_build.remote.service import Address

ROOT = Path(__file__).resolve().parents[3]


class Served:
    def __init__(self, folder, body_timeout_s):
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.errors = (folder / "stderr").open("wb")
        paths = [str(ROOT / wing) for wing in ("", "runtime", "build", "local", "cli")]
        self.process = subprocess.Popen(
            [
                sys.executable,
                Path(__file__).with_name("serving.py"),
                folder,
                str(body_timeout_s),
            ],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE,
            stderr=self.errors,
            cwd=folder,
        )
        self.url = self.process.stdout.readline().decode().strip()
        assert self.url, self.log

    @property
    def log(self):
        return (self.folder / "stderr").read_text()

    @property
    def builds(self):
        """The folders of builds that there are."""
        return [path for top in self.temporary.iterdir() for path in top.iterdir()]

    def go(self):
        (self.folder / "go").touch()

    def orders(self, count):
        until(lambda: len(list(self.folder.glob("order-*"))) >= count)

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def until(condition, within_s=20.0):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


@contextlib.contextmanager
def server(folder, *, body_timeout_s=60):
    folder.mkdir()
    served = Served(folder, body_timeout_s)
    try:
        yield served
        served.go()
        if served.process.poll() is None:
            assert served.stop() == 0, served.log
        assert list(served.temporary.iterdir()) == []
    finally:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()
        served.process.stdout.close()
        served.errors.close()


@pytest.fixture
def served(tmp_path):
    """A server of the test's own."""
    with server(tmp_path / "served") as served:
        yield served


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """One server for the tests that build nothing."""
    with server(tmp_path_factory.mktemp("refusing") / "served") as served:
        yield served


def test_a_build_with_its_log_as_it_goes(served, body):
    host = served.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    content = body("localhost:5000/hello:1")
    connection.request(
        "POST", "/build", content, {**signed(content), "Accept": "application/x-ndjson"}
    )
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "application/x-ndjson")
    first = json.loads(answer.readline())  # it comes while the build goes on
    assert first == {"log": ["building localhost:5000/hello:1"], "status": "in_progress"}
    served.go()
    rest = [json.loads(line) for line in answer]
    connection.close()
    assert rest[-1]["status"] == "success"
    assert rest[-1]["image"] == "localhost:5000/hello:1"
    assert served.builds == []
    assert '"path":"/build","status":200' in until_logged(served, "/build")


def until_logged(served, text):
    until(lambda: text in served.log)
    return served.log


def test_one_document_for_who_asks_for_one(served, body):
    served.go()
    answer = post(served.url, body(), stream=False)
    assert answer.status == 200
    (result,) = answer.results
    assert (result["status"], len(result["log"])) == ("success", 2)
    answer = post(served.url, body("localhost:5000/failing:1"), stream=False)
    assert answer.status == 422
    assert answer.last["status"] == "failed"
    assert answer.last["error"] == "a step failed (hint: mend it)"


def test_a_build_that_fails_is_told_in_the_stream(served, body):
    served.go()
    answer = post(served.url, body("localhost:5000/failing:1"))
    assert answer.status == 200
    assert answer.last == {"status": "failed", "error": "a step failed (hint: mend it)"}


def test_a_hostile_tar_is_refused_with_the_reason(refusing):
    answer = post(refusing.url, tar())
    assert answer.last["status"] == "failed"
    assert answer.last["error"].startswith("the body: got ")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Build-Signature": "sha256=" + "0" * 64},
        {"X-Build-Signature": "sha256=0"},
        signed(b"another body"),
        signed(b"", b"another secret of a length"),
    ],
)
def test_what_is_not_signed_builds_nothing(refusing, body, headers):
    answer = post(refusing.url, body(), headers=headers)
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "X-Build-Signature" in json.loads(answer.body)["detail"]
    assert refusing.builds == []
    assert not list(refusing.folder.glob("order-*"))


def test_a_body_too_large_is_refused(refusing):
    content = b"x" * 2_000_001
    answer = post(refusing.url, content)
    assert answer.status == 413
    assert refusing.builds == []


def half_sent(served, content, headers):
    """A connection by which the first half of a body has come."""
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/build")
    for name, value in {**headers, "Content-Length": str(len(content))}.items():
        connection.putheader(name, value)
    connection.endheaders(content[: len(content) // 2])
    return connection


UNKNOWN = {"X-Build-Signature": "sha256=" + "0" * 64}


def test_bodies_of_strangers_take_no_place_of_a_build(served, body):
    strangers = [half_sent(served, body(), UNKNOWN) for _ in range(2)]
    until(lambda: len(served.builds) == 2)
    served.go()
    assert post(served.url, body()).last["status"] == "success"
    for stranger in strangers:
        stranger.close()


def test_bodies_on_their_way_are_bounded(served, body):
    strangers = [half_sent(served, body(), UNKNOWN) for _ in range(3)]
    until(lambda: len(served.builds) == 3)
    refused = post(served.url, body())
    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    for stranger in strangers:
        stranger.close()
    until(lambda: not served.builds)
    served.go()
    assert post(served.url, body()).last["status"] == "success"


def test_a_body_has_its_time(tmp_path, body):
    with server(tmp_path / "served", body_timeout_s=0.5) as served:
        stranger = half_sent(served, body(), UNKNOWN)
        assert stranger.getresponse().status == 408
        stranger.close()
        until(lambda: not served.builds)


def test_a_body_that_breaks_off_leaves_nothing(served, body):
    content = body()
    connection = half_sent(served, content, signed(content))
    until(lambda: served.builds)
    connection.close()
    until(lambda: not served.builds)
    served.go()
    assert post(served.url, content).last["status"] == "success"  # and its place is free again
    assert post(served.url, content).last["status"] == "success"


def test_who_goes_in_the_middle_ends_the_build(served, body):
    content = body()
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=30)
    connection.request(
        "POST", "/build", content, {**signed(content), "Accept": "application/x-ndjson"}
    )
    answer = connection.getresponse()
    answer.readline()
    assert len(served.builds) == 1
    answer.close()
    connection.close()
    until(lambda: not served.builds)
    served.go()
    assert post(served.url, content).last["status"] == "success"


def test_many_at_once_are_bounded(served, body):
    content = body()
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(post, served.url, content) for _ in range(2)]
        served.orders(1)
        until(lambda: [(each / "context").is_dir() for each in served.builds] == [True] * 2)
        refused = post(served.url, content)
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
        assert get(served.url, "/publickey").status == 200
        assert get(served.url, "/_/health").status == 200
        served.go()
        results = [answer.result() for answer in answers]
    assert [each.last["status"] for each in results] == ["success"] * 2
    assert ["waiting for other builds to end" in each.log for each in results].count(True) == 1


def test_sigterm_lets_builds_end(served, body):
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post, served.url, body())
        served.orders(1)
        served.process.send_signal(signal.SIGTERM)
        until(lambda: "draining" in served.log)
        assert served.process.poll() is None
        served.go()
        assert answer.result().last["status"] == "success"
    assert served.process.wait(30) == 0


def test_the_public_key(refusing):
    answer = get(refusing.url, "/publickey")
    said = json.loads(answer.body)
    assert said["algorithm"] == "nacl/box"
    assert len(base64.b64decode(said["public_key"])) == 32
    assert said["key_id"] == said["public_key"][:8]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/build", 405), ("POST", "/publickey", 405), ("GET", "/", 404), ("PUT", "/x", 404)],
)
def test_other_requests(refusing, method, path, status):
    connection = http.client.HTTPConnection(refusing.url.removeprefix("http://"), timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    assert answer.status == status
    assert answer.getheader("content-type") == "application/problem+json"
    answer.read()
    connection.close()


@pytest.mark.parametrize(
    ("text", "host", "port", "is_loopback"),
    [
        ("127.0.0.1:8090", "127.0.0.1", 8090, True),
        ("localhost:0", "127.0.0.1", 0, True),
        ("[::1]:1", "::1", 1, True),
        ("0.0.0.0:8090", "0.0.0.0", 8090, False),
        ("[::]:8090", "::", 8090, False),
    ],
)
def test_addresses(text, host, port, is_loopback):
    found = Address.parse(text)
    assert (found.host, found.port, found.is_loopback) == (host, port, is_loopback)


@pytest.mark.parametrize("text", ["", "8090", ":8090", "host:8090", "127.0.0.1:", "127.0.0.1:x",
                                  "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:٣"])  # fmt: skip
def test_what_is_no_address(text):
    with pytest.raises(InvalidName, match="address"):
        Address.parse(text)
